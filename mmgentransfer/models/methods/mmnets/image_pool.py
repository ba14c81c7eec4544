"""A history of generated images for a critic."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmgentransfer.models.step_random import StepRandom

__all__ = ['ImagePool']


class ImagePool(nn.Module):
    """Keeps earlier fakes, half of which take the place of new ones, so that a critic does not forget them.

    The images are buffers: they are in checkpoints, and a resumed run goes on with them.

    Args:
        size: Number of images kept.
        channels: Their channels.
        image_size: Their side.
    """

    def __init__(self, size: int, channels: int, image_size: int) -> None:
        super().__init__()
        self.size = size
        self.register_buffer('images', torch.zeros(size, channels, image_size, image_size))
        self.register_buffer('filled', torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def exchange(self, images: Tensor, random: StepRandom) -> Tensor:
        """Returns what the critic is shown instead of new ``images`` (N, C, S, S).

        While there is room for the whole batch, its images are kept and shown. After that each is, with a probability
        of one half, swapped for a kept one. Nothing waits for the device.

        Raises:
            ValueError: The batch is larger than the pool, or the images are of another shape.
        """
        num = images.shape[0]
        if num > self.size or images.shape[1:] != self.images.shape[1:]:
            raise ValueError(
                f'model.pool_size={self.size}, model.image_size={self.images.shape[-1]}: the pool holds images '
                f'{tuple(self.images.shape[1:])} and takes at most its size of them, got {tuple(images.shape)}'
            )
        has_room = self.filled + num <= self.size
        places = torch.arange(self.size, device=images.device)
        # different places for the images of a batch, all of them filled
        drawn = torch.where(places < self.filled, random.uniform(self.size), 2.0).argsort()[:num]
        place = torch.where(has_room, self.filled + places[:num], drawn)
        swaps = ~has_room & (random.uniform(num) < 0.5)
        kept = self.images[place]
        shown = torch.where(swaps.view(-1, 1, 1, 1), kept, images)
        self.images[place] = torch.where((swaps | has_room).view(-1, 1, 1, 1), images.to(kept.dtype), kept)
        self.filled += num * has_room
        return shown
