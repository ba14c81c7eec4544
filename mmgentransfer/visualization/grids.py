"""Grids of images: making, saving, reading back, stacking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmgentransfer.checkpoints.files import atomic_write

__all__ = [
    'log_spaced',
    'make_grid',
    'named_grid',
    'read_grid',
    'save_image',
    'split_grid',
    'stack_strips',
    'translation_grid',
]

PADDING = 2
SMALLEST = 64


def log_spaced(max_iters: int, num: int) -> list[int]:
    """Returns ``num`` iterations from 0 to ``max_iters``, evenly spaced in log(iteration + 1), without repeats.

    ``log_spaced(4000, 10)`` gives the columns of thesis Fig. 2.4.
    """
    if num < 2 or max_iters < 1:
        raise ValueError(f'log_spaced needs max_iters >= 1 and num >= 2, got {max_iters} and {num}')
    return sorted({round((max_iters + 1) ** (k / (num - 1)) - 1) for k in range(num)})


def make_grid(images: np.ndarray, columns: int, padding: int = PADDING) -> np.ndarray:
    """Lays images out row by row on white.

    Args:
        images: uint8 (N, H, W, C), C = 1 or 3.
        columns: Images in a row.
        padding: Pixels around and between images.

    Returns:
        uint8 (height, width, 3).
    """
    num, height, width, channels = images.shape
    if channels == 1:
        images = images.repeat(3, axis=3)
    rows = -(-num // columns)
    grid = np.full((rows * (height + padding) + padding, columns * (width + padding) + padding, 3), 255, np.uint8)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = row * (height + padding) + padding, column * (width + padding) + padding
        grid[top : top + height, left : left + width] = image
    return grid


def split_grid(grid: np.ndarray, side: int, num: int, padding: int = PADDING) -> np.ndarray:
    """Cuts a grid of square images apart again: the inverse of :func:`make_grid`, uint8 (num, side, side, 3)."""
    columns = (grid.shape[1] - padding) // (side + padding)
    positions = [divmod(index, columns) for index in range(num)]
    step = side + padding
    return np.stack(
        [grid[r * step + padding : r * step + step, c * step + padding : c * step + step] for r, c in positions]
    )


def save_image(path: str | Path, image: np.ndarray) -> None:
    """Writes an RGB image (H, W, 3) uint8 as PNG, in one step."""
    encoded = cv2.imencode('.png', cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1]
    atomic_write(path, encoded.tobytes())


def read_grid(path: str | Path) -> np.ndarray:
    """Reads an image as RGB uint8 (H, W, 3).

    Raises:
        FileNotFoundError: There is no readable image at ``path``.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(f'there is no readable image {str(path)!r}')
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def stack_strips(strips: list[np.ndarray], row_labels: list[str]) -> np.ndarray:
    """Puts grids under each other, such as the adaptation strips of several runs, each with a label above it.

    Args:
        strips: uint8 (H, W, 3) images, each of its own size.
        row_labels: A label for each.

    Returns:
        uint8 (height, width, 3).
    """
    if len(strips) != len(row_labels):
        raise ValueError(f'{len(strips)} strips need as many labels, got {len(row_labels)}')
    width = max(strip.shape[1] for strip in strips)
    rows = []
    for strip, label in zip(strips, row_labels, strict=True):
        head = np.full((22, width, 3), 255, np.uint8)
        cv2.putText(head, label, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
        rows += [head, np.pad(strip, ((0, 0), (0, width - strip.shape[1]), (0, 0)), constant_values=255)]
    return np.concatenate(rows)


def translation_grid(
    images: np.ndarray, heads: Sequence[str], rows: Sequence[str] | None = None, smallest: int = SMALLEST
) -> np.ndarray:
    """Lays out translations, with a text over each column and beside each row.

    Args:
        images: uint8 (rows, columns, H, W, C).
        heads: A text for each column; '' for none.
        rows: A text for each row; None for none.
        smallest: Pixels that the shorter side of an image is blown up to, pixel by pixel.

    Returns:
        uint8 (height, width, 3).
    """
    from mmgentransfer.visualization.modalities import write_above, write_beside

    factor = max(1, -(-smallest // min(images.shape[2:4])))
    images = images.repeat(factor, axis=2).repeat(factor, axis=3)
    num, columns, _, width, _ = images.shape
    grid = make_grid(images.reshape(-1, *images.shape[2:]), columns)
    texts = [(head, PADDING + place * (width + PADDING)) for place, head in enumerate(heads) if head]
    left = np.full((len(grid), 0, 3), 255, np.uint8)
    if rows is not None:
        left = write_beside(rows, len(grid) // num, len(grid))
    picture = np.concatenate([left, grid], axis=1)
    return write_above(picture, [head for head, _ in texts], [left.shape[1] + start for _, start in texts])


def named_grid(images: np.ndarray, names: Sequence[str], columns: int, smallest: int = SMALLEST) -> np.ndarray:
    """Lays images out row by row, each with its name above it.

    Args:
        images: uint8 (N, H, W, C).
        names: N texts.
        columns: Images in a row.
        smallest: Pixels that the shorter side of an image is blown up to, pixel by pixel.

    Returns:
        uint8 (height, width, 3).
    """
    missing = -len(images) % columns
    cells = np.concatenate([images, np.full((missing, *images.shape[1:]), 255, np.uint8)])
    heads = [*names, *[''] * missing]
    rows = range(0, len(cells), columns)
    return np.concatenate(
        [translation_grid(cells[None, i : i + columns], heads[i : i + columns], None, smallest) for i in rows]
    )
