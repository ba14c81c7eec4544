"""What translators between domains are given: image files, and what a table says of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmgentransfer.datasets.attribute_table import AttributeTable
from mmgentransfer.datasets.image_files import EXTENSIONS, shorten
from mmgentransfer.datasets.modality_readers import CROPS, resize_crop
from mmgentransfer.datasets.transforms import decode_image

__all__ = ['read_inputs', 'read_labels', 'trained_size']


def trained_size(config: Mapping[str, Any]) -> int | None:
    """Returns the side of what a config's model is trained on, or None if it names none.

    It is ``random_crop`` of ``model.data_preprocessor`` or, without one, ``image_size`` of the training images.
    """

    def find(node: Any) -> int | None:
        if not isinstance(node, Mapping):
            return None
        if isinstance(node.get('image_size'), int):
            return node['image_size']
        return next((size for part in node.values() if (size := find(part)) is not None), None)

    crop = ((config.get('model') or {}).get('data_preprocessor') or {}).get('random_crop')
    return crop or find((config.get('train_dataloader') or {}).get('dataset'))


def read_inputs(
    inputs: Sequence[str | os.PathLike[str]], size: int | tuple[int, int] | None = None, crop: str = 'center'
) -> dict[str, np.ndarray]:
    """Reads image files, RGB, and those in folders.

    Args:
        inputs: Files and folders.
        size: What they are brought to: a side or (height, width); None: as they are.
        crop: What is taken of an image that is not in proportion: 'center', 'left', or 'stretch' for all of it.

    Returns:
        uint8 (H, W, 3) by the file's name without its ending, relative to the folder that was given.

    Raises:
        FileNotFoundError: An input doesn't exist.
        ValueError: A folder has no image, two files have one name, a file can't be read, or sizes differ.
    """
    if crop not in CROPS:
        raise ValueError(f'crop={crop!r} is not one of {CROPS}')
    size = (size, size) if isinstance(size, int) else size
    found: dict[str, Path] = {}
    for given in inputs:
        path = Path(given).expanduser()
        files = [path]
        if path.is_dir():
            files = [file for file in sorted(path.rglob('*')) if _is_image(file.relative_to(path))]
            if not files:
                raise ValueError(f'{given} has no image, that is no file that ends with {", ".join(EXTENSIONS)}')
        elif not path.is_file():
            raise FileNotFoundError(f'the input {str(given)!r} does not exist')
        for file in files:
            name = (file.relative_to(path) if path.is_dir() else Path(file.name)).with_suffix('').as_posix()
            if name in found:
                raise ValueError(f'{found[name]} and {file} would both be {name!r} in the results: do one at a time')
            found[name] = file
    images = {}
    for name, file in found.items():
        try:
            image = decode_image(file, 3)
        except (ValueError, OSError) as error:
            raise ValueError(f'{file} can not be used: {error}') from error
        images[name] = image if size is None else resize_crop(image, size, crop, True)
    if len({image.shape for image in images.values()}) > 1:
        shapes = {str(found[name]): image.shape[:2] for name, image in images.items()}
        raise ValueError(f'images of one grid have one size; give one to resize to (--resize). They have {shapes}')
    return images


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in EXTENSIONS and not any(part.startswith('.') for part in path.parts)


def read_labels(
    table: str | os.PathLike[str], names: Sequence[str], attributes: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Reads which attributes images have.

    Args:
        table: A CSV file with the header ``path,<attribute>...``, or a list in the format of CelebA.
        names: The images' names as :func:`read_inputs` gives them: an image's row has its path, with any ending.
        attributes: The attributes that are asked for.

    Returns:
        By image, 0 or 1 by attribute.

    Raises:
        FileNotFoundError: There is no such table.
        ValueError: It lacks an image or an attribute, or is no such table.
    """
    rows = AttributeTable.read(table)
    places = {Path(path).with_suffix('').as_posix(): row for row, path in enumerate(rows.paths.tolist())}
    if missing := [name for name in names if name not in places]:
        raise ValueError(f'{table} has no row for {len(missing)} of {len(names)} images:{shorten(missing)}')
    rows = rows.take(np.array([places[name] for name in names]))
    flags = {attribute: rows.flags(attribute, 'model.domains') for attribute in attributes}
    return {name: {key: int(on[row]) for key, on in flags.items()} for row, name in enumerate(names)}
