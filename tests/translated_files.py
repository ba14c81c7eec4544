"""Files that translators are given, and the images in the grids that come of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from PIL import Image

from mmgentransfer.visualization import read_grid

SIDE = 16


def three_images() -> dict[str, np.ndarray]:
    """uint8 (16, 16, 3) by name, one of them in a folder."""
    pixels = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    return {'a': pixels[0], 'in/b': pixels[1], 'c': pixels[2]}


def save_folder(folder: Path, images: dict[str, np.ndarray]) -> Path:
    """Writes images to PNG files in a folder."""
    for name, pixels in images.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f'{name}.png')
    return folder


def save_run(folder: Path, model: torch.nn.Module, config: dict[str, Any]) -> list[str]:
    """Writes a config, of which the data set names the size of images, and a checkpoint."""
    Config(dict(model=config, train_dataloader=dict(dataset=dict(type='ToyObjects', image_size=SIDE)))).dump(
        folder / 'config.py'
    )
    torch.save(dict(state_dict=model.state_dict()), folder / 'model.pth')
    return [str(folder / 'config.py'), str(folder / 'model.pth')]


def cells(grid: np.ndarray | Path, rows: int, columns: int, size: int = 64) -> np.ndarray:
    """The images of a grid with texts above and beside it: (rows, columns, size, size, 3)."""
    grid = grid if isinstance(grid, np.ndarray) else read_grid(grid)
    grid = grid[-(rows * (size + 2) + 2) :, -(columns * (size + 2) + 2) :]
    parts = [
        [grid[r * (size + 2) + 2 :][:size, c * (size + 2) + 2 :][:, :size] for c in range(columns)] for r in range(rows)
    ]
    return np.array(parts)


def small(cell: np.ndarray) -> np.ndarray:
    """Images of 64 pixels, which were blown up, at 16."""
    return cell[..., ::4, ::4, :]
