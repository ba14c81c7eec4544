"""Random parts of images, brought to one size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ['cut_boxes', 'fitting_boxes']

TRIES = 10
"""Number of boxes that are drawn for an image, of which the first one that fits is taken."""


def fitting_boxes(
    numbers: Tensor, size: tuple[int, int], scale: Sequence[float], ratio: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """Returns the height and width (N, 2) of a box for each image, as shares of its own, and whether one fits (N,).

    The area is uniform, the proportion uniform in its logarithm.

    Args:
        numbers: Uniform numbers (N, TRIES, 2) in [0, 1).
        size: Height and width of the images.
        scale: Least and largest share of the image's area.
        ratio: Least and largest width over height, in pixels.
    """
    height, width = size
    area = scale[0] + (scale[1] - scale[0]) * numbers[..., 0]
    low, high = math.log(ratio[0]), math.log(ratio[1])
    shape = (low + (high - low) * numbers[..., 1]).exp() * height / width
    shares = torch.stack([(area / shape).sqrt(), (area * shape).sqrt()], dim=-1)
    fits = (shares <= 1).all(-1)
    first = fits.int().argmax(1)
    return shares[torch.arange(len(shares), device=shares.device), first], fits.any(1)


def cut_boxes(value: Tensor, starts: Tensor, shares: Tensor, side: int) -> Tensor:
    """Cuts boxes out of ``value`` (N, C, H, W) and resizes them, bilinearly, to (N, C, side, side).

    Args:
        value: Images, of bytes or floats.
        starts: Upper left corners (N, 2), rows and columns, as shares of height and width.
        shares: Heights and widths (N, 2), alike.
        side: Side of the result.
    """
    theta = value.new_zeros((len(value), 2, 3), dtype=torch.float32)
    for axis in (0, 1):  # grids have columns first
        theta[:, axis, axis] = shares[:, 1 - axis]
        theta[:, axis, 2] = 2 * starts[:, 1 - axis] + shares[:, 1 - axis] - 1
    grid = F.affine_grid(theta, (len(value), value.shape[1], side, side), align_corners=False)
    found = F.grid_sample(value.float(), grid, mode='bilinear', padding_mode='border', align_corners=False)
    return found if value.is_floating_point() else found.round_().clamp_(0, 255).to(value.dtype)
