"""Finding image files and turning them into tensors."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..registry import TRANSFORMS, suggest
from .transforms.resize import height_and_width

__all__ = ['EXTENSIONS', 'ImageFiles', 'find_folder', 'list_images', 'load_files', 'shorten']

EXTENSIONS = ('.png', '.jpg', '.jpeg', '.bmp', '.webp')
SHOWN = 10


def shorten(names: Sequence[str]) -> str:
    """Joins the first ten names, one a line, and counts the others."""
    lines = [f'\n  {name}' for name in names[:SHOWN]]
    if len(names) > SHOWN:
        lines.append(f'\n  ... and {len(names) - SHOWN} more')
    return ''.join(lines)


def find_folder(path: str | os.PathLike[str], key: str) -> Path:
    """Returns ``path`` if it is a folder that can be listed.

    Args:
        path: The folder; ``~`` stands for the user's own one.
        key: The config key that it comes from, for the error message.

    Raises:
        FileNotFoundError: There is no such folder; the message names similar ones beside it.
        NotADirectoryError: It is a file.
        PermissionError: It can't be listed.
    """
    folder = Path(path).expanduser()
    if not folder.exists():
        parent = folder.parent
        while not parent.is_dir() and parent != parent.parent:
            parent = parent.parent
        beside = (
            sorted(entry.name for entry in os.scandir(parent) if entry.is_dir()) if os.access(parent, os.R_OK) else []
        )
        missing = folder.relative_to(parent).parts[0]
        hint = suggest(missing, beside) or (f' It holds the folders {", ".join(beside[:SHOWN])}.' if beside else '')
        where = 'the current folder' if parent == Path() else parent
        raise FileNotFoundError(f'{key}={str(path)!r} does not exist: there is no {missing!r} in {where}.{hint}')
    if not folder.is_dir():
        raise NotADirectoryError(f'{key}={str(path)!r} is a file: name the folder that holds the images')
    if not os.access(folder, os.R_OK | os.X_OK):
        raise PermissionError(f'{key}={str(path)!r} can not be listed: its permissions do not allow it to be read')
    return folder


def list_images(folder: Path, extensions: str | Sequence[str], key: str) -> list[str]:
    """Lists the images in a folder and the folders inside it, links followed, hidden files and folders left out.

    Args:
        folder: Where to look.
        extensions: Endings of the files to take, with their dot; upper and lower case are the same.
        key: The config key that the folder comes from, for the error messages.

    Returns:
        Paths relative to ``folder``, with ``/`` between the parts, sorted: the same on every system.

    Raises:
        ValueError: There is no image; the message names the endings that are there.
        PermissionError: A folder inside can't be listed.
    """
    extensions = (extensions,) if isinstance(extensions, str) else tuple(extensions)
    endings = tuple(e.lower() for e in extensions)
    names, others, visited = [], Counter(), set()
    for root, subfolders, files in os.walk(folder, followlinks=True, onerror=_raise_unlistable):
        real = os.path.realpath(root)
        if real in visited:
            # a link that leads back to a folder above it would never end
            subfolders.clear()
            continue
        visited.add(real)
        subfolders[:] = sorted(s for s in subfolders if not s.startswith('.'))
        relative = os.path.relpath(root, folder)
        prefix = '' if relative == os.curdir else relative.replace(os.sep, '/') + '/'
        for name in files:
            if name.startswith('.'):
                continue
            if name.lower().endswith(endings):
                names.append(prefix + name)
            else:
                others[os.path.splitext(name)[1].lower() or 'no ending'] += 1
    if not names:
        found = ', '.join(f'{count} x {ending}' for ending, count in others.most_common(5)) or 'no file at all'
        raise ValueError(
            f'{key}: there is no image in {folder}, which holds {found}; '
            f'images are files that end with {", ".join(extensions)} (dataset.extensions)'
        )
    return sorted(names)


def _raise_unlistable(error: OSError) -> None:
    raise type(error)(f'{error.filename} can not be listed: {error.strerror}') from error


class ImageFiles:
    """Image files that are decoded when they are asked for.

    Args:
        root: The folder that ``names`` are relative to.
        names: The files.
        pipeline: Configs of the transforms from ``img_path`` to ``img``, uint8 BGR or grey as mmcv has it.
        image_size: Side, or (height, width), of the images that the pipeline must end with.
        channels: 1 or 3.
    """

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        pipeline: Sequence[dict[str, Any]],
        image_size: int | Sequence[int],
        channels: int,
    ) -> None:
        if channels not in (1, 3):
            raise ValueError(f'dataset.channels={channels} must be 1 or 3')
        self.root = str(root)
        # One array instead of a list of strings: worker processes then share it and do not copy it page by page.
        self.names = np.array([os.fsencode(name) for name in names])
        self.transforms = [TRANSFORMS.build(step) for step in pipeline]
        self.shape = (*height_and_width(image_size), channels)

    def __len__(self) -> int:
        return len(self.names)

    def path(self, index: int) -> str:
        """Returns the path of a file."""
        return os.path.join(self.root, os.fsdecode(self.names[index]))

    def read(self, path: str) -> np.ndarray:
        """Decodes one file.

        Returns:
            uint8 (C, H, W), RGB.

        Raises:
            ValueError: The pipeline dropped the image or returned one of another shape or type.
            Exception: What a transform raised.
        """
        results: dict[str, Any] | None = {'img_path': path}
        for transform in self.transforms:
            results = transform(results)
            if results is None:
                raise ValueError(f'{type(transform).__name__} of dataset.pipeline dropped the image')
        image = results['img']
        if image.ndim == 2:
            image = image[..., None]
        if image.shape != self.shape or image.dtype != np.uint8:
            raise ValueError(
                f'dataset.pipeline returned {image.dtype} {image.shape}, while dataset.image_size and dataset.channels '
                f'ask for uint8 {self.shape}'
            )
        return image[..., ::-1].transpose(2, 0, 1)

    def __getitem__(self, indices: Tensor) -> Tensor:
        """Decodes the files at ``indices``, int64 (N,), to uint8 (N, C, H, W).

        Raises:
            IndexError: An index is out of range.
            ValueError: A file can't be used; the message names it.
        """
        batch = self._empty(len(indices))
        rows = batch.numpy()
        for row, index in enumerate(indices.tolist()):
            path = self.path(index)
            try:
                rows[row] = self.read(path)
            except Exception as error:
                raise ValueError(f'{path} can not be used: {str(error) or type(error).__name__}') from error
        return batch

    def read_all(self) -> Tensor:
        """Decodes every file once, in threads, to uint8 (N, C, H, W).

        Raises:
            ValueError: Some files can't be used; the message names them all, or the first ten and the number of others.
        """
        images = self._empty(len(self))
        self._read_each(images.numpy())
        return images

    def check(self) -> None:
        """Decodes every file once, in threads, keeps nothing, and raises as :meth:`read_all` does."""
        self._read_each(None)

    def _empty(self, num: int) -> Tensor:
        height, width, channels = self.shape
        return torch.empty(num, channels, height, width, dtype=torch.uint8)

    def _read_each(self, out: np.ndarray | None) -> None:
        def read_some(indices: np.ndarray) -> dict[str, Exception]:
            errors = {}
            for index in indices.tolist():
                path = self.path(index)
                try:
                    image = self.read(path)
                except Exception as error:
                    errors[path] = error
                    continue
                if out is not None:
                    out[index] = image
            return errors

        threads = min(32, os.cpu_count() or 1)
        # a few jobs a thread, and not one a file: of a million files that would be a million waiting jobs
        jobs = np.array_split(np.arange(len(self)), min(len(self), 16 * threads))
        with ThreadPoolExecutor(threads) as pool:
            errors = {path: error for found in pool.map(read_some, jobs) for path, error in found.items()}
        if errors:
            bad = [f'{path}: {str(error) or type(error).__name__}' for path, error in errors.items()]
            raise ValueError(
                f'{len(bad)} of {len(self)} images can not be used; repair, replace or remove them:{shorten(bad)}'
            ) from next(iter(errors.values()))


def load_files(files: ImageFiles, cache: str, check: str) -> Tensor | ImageFiles:
    """Returns what a dataset keeps of its files, all of them decoded and checked if the options say so.

    Args:
        files: The files.
        cache: 'ram' decodes each once now and keeps uint8 pixels; 'none' decodes a file whenever it is asked for.
        check: With ``cache='none'``: 'decode' decodes each once now to find the damaged ones, 'none' does not.

    Raises:
        ValueError: An option is another word, or some files can't be used.
    """
    for key, value, words in (('cache', cache, ('ram', 'none')), ('check', check, ('decode', 'none'))):
        if value not in words:
            raise ValueError(f'dataset.{key}={value!r} is not one of {words}')
    if cache == 'ram':
        return files.read_all()
    if check == 'decode':
        files.check()
    return files
