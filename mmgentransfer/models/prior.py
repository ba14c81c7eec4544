"""The distribution of the noise that a GAN draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmgentransfer.registry import MODELS

__all__ = ['NormalPrior', 'build_prior']


@MODELS.register_module()
class NormalPrior(nn.Module):
    """A normal distribution with independent dimensions, :math:`p_z(u) = N(mean, std^2)` (thesis section 3.3.1).

    A source that was trained with truncated noise, as the published BigGAN-deep models, has
    ``dict(type='NormalPrior', truncation=2.0, std=0.4)``: normal between -2 and 2, then scaled.

    Args:
        mean: One number for all dimensions, or one for each.
        std: One positive number, or one for each dimension.
        truncation: If given, the standard normal noise is restricted to [-truncation, truncation] (it follows the
            truncated distribution) before it is scaled and shifted.

    Raises:
        ValueError: ``std`` or ``truncation`` is not positive.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, mean: float | Sequence[float] = 0.0, std: float | Sequence[float] = 1.0, truncation: float | None = None
    ) -> None:
        super().__init__()
        # Not persistent: they follow from the config.
        self.register_buffer('mean', torch.as_tensor(mean, dtype=torch.float32), persistent=False)
        self.register_buffer('std', torch.as_tensor(std, dtype=torch.float32), persistent=False)
        if not (self.std > 0).all():
            raise ValueError(f'model.prior.std must be positive, got {std}')
        if truncation is not None and not truncation > 0:
            raise ValueError(f'model.prior.truncation must be positive or None, got {truncation}')
        self.truncation = truncation

    def check_width(self, width: int) -> None:
        """Raises a ``ValueError`` unless mean and standard deviation go with ``width`` dimensions."""
        for name in ('mean', 'std'):
            shape = tuple(getattr(self, name).shape)
            if shape not in ((), (width,)):
                raise ValueError(
                    f'model.prior.{name} must be one number, or {width}, one for each number of the noise; it has the '
                    f'shape {shape}'
                )

    def forward(self, noise: Tensor) -> Tensor:
        """Maps standard normal ``noise`` (N, d) to noise of this distribution (N, d), number by number.

        The truncated distribution is reached through the distribution functions, so that nothing is drawn again.
        """
        if self.truncation is not None:
            below = torch.special.ndtr(noise.new_tensor(-self.truncation, dtype=torch.float64))
            inside = below + (1 - 2 * below) * torch.special.ndtr(noise.double())
            noise = torch.special.ndtri(inside).clamp(-self.truncation, self.truncation).to(noise.dtype)
        return self.mean + self.std * noise

    def extra_repr(self) -> str:
        return f'truncation={self.truncation}'


def build_prior(cfg: dict[str, Any] | None, width: int) -> nn.Module:
    """Returns the prior of noise of ``width`` numbers; without a config standard normal noise stays what it is.

    Raises:
        ValueError: The prior has another number of dimensions.
    """
    if cfg is None:
        return nn.Identity()
    prior = MODELS.build(cfg)
    prior.check_width(width)
    return prior
