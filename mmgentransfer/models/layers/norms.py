"""Normalisation layers."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgentransfer.registry import MODELS


@MODELS.register_module()
class ChannelLayerNorm(nn.GroupNorm):
    """Layer normalisation of feature maps with one scale and one offset per channel (thesis section 2.3.3).

    The mean and the biased variance are those of each sample over (c, h, w), so that a sample's output does not depend
    on its batch, as the gradient penalty needs. It differs from ``nn.LayerNorm([c, h, w])``, which has c*h*w scales.

    Args:
        num_features: Number of channels c.
        eps: Added to the variance.

    Shapes: (N, c, h, w) to the same.
    """

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__(num_groups=1, num_channels=num_features, eps=eps)


@MODELS.register_module()
class ConditionalBatchNorm(nn.BatchNorm2d):
    """Batch normalisation whose scale and offset are looked up by class: 'Cond BNorm' of thesis section 2.4.1.

    The batch and running statistics are shared by all classes. Parameters and buffers have the names of
    ``nn.BatchNorm2d``; ``weight`` and ``bias`` have the shape (K, c).

    Args:
        num_features: Number of channels c.
        num_classes: Number of classes K.
        eps: Added to the variance.
        momentum: Weight of a new batch in the running statistics; ``None`` for their cumulative mean.
    """

    def __init__(self, num_features: int, num_classes: int, eps: float = 1e-5, momentum: float | None = 0.1) -> None:
        super().__init__(num_features, eps=eps, momentum=momentum, affine=False)
        self.num_classes = num_classes
        self.affine = True
        self.weight = nn.Parameter(torch.ones(num_classes, num_features))
        self.bias = nn.Parameter(torch.zeros(num_classes, num_features))

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Normalises ``x`` (N, c, h, w) and applies the affine map of each sample's class ``labels`` (N,) int64."""
        self._check_input_dim(x)
        momentum = 0.0 if self.momentum is None else self.momentum
        update = self.training and self.track_running_stats
        if update:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                momentum = 1.0 / float(self.num_batches_tracked)
        use_running = update or not self.training
        normalised = F.batch_norm(
            x,
            self.running_mean if use_running else None,
            self.running_var if use_running else None,
            training=self.training or self.running_mean is None,
            momentum=momentum,
            eps=self.eps,
        )
        scale = self.weight[labels][:, :, None, None]
        offset = self.bias[labels][:, :, None, None]
        # Under autocast the normalised maps can be of a lower precision than the tables.
        return torch.addcmul(offset.to(normalised.dtype), normalised, scale.to(normalised.dtype))

    def extra_repr(self) -> str:
        return f'{super().extra_repr()}, num_classes={self.num_classes}'


class ConditionalInstanceNorm(nn.Module):
    r"""Instance normalisation whose scale and shift are given (thesis eq. 6.10).

    .. math:: \gamma \frac{x - \mu}{\sigma} + \beta

    The mean and the biased variance are those of each sample and channel over the positions. Nothing is kept between
    calls: scales and shifts are arguments.

    Args:
        num_features: Number of channels c.
        eps: Added to the variance.
        gamma_offset: Added to the given scales.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, gamma_offset: float = 0.0) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.gamma_offset = gamma_offset

    def forward(self, x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None) -> Tensor:
        """Normalises ``x`` (N, c, h, w); ``gamma`` and ``beta`` (N, c) are 1 and 0 where they are not given."""
        normalised = F.instance_norm(x, eps=self.eps)
        # Under autocast the normalised maps can be of a lower precision than what a linear layer gave, or a higher one.
        if beta is not None:
            beta = beta[:, :, None, None].to(normalised.dtype)
        if gamma is None:
            return normalised if beta is None else normalised + beta
        gamma = (gamma + self.gamma_offset if self.gamma_offset else gamma)[:, :, None, None].to(normalised.dtype)
        return normalised * gamma if beta is None else torch.addcmul(beta, normalised, gamma)

    def extra_repr(self) -> str:
        return f'{self.num_features}, eps={self.eps}, gamma_offset={self.gamma_offset}'


@MODELS.register_module()
class MUNITLayerNorm(nn.Module):
    r"""Layer norm of MUNIT's code: :math:`\gamma_c (x - m) / (s + \epsilon) + \beta_c`.

    m and s are the mean and the *unbiased* standard deviation of a sample over (c, h, w), and eps is added to s, unlike
    in :class:`ChannelLayerNorm`. Scales start uniform in [0, 1), shifts at 0.

    Args:
        num_features: Number of channels c.
        eps: Added to the standard deviation.

    Shapes: (N, c, h, w) to the same.
    """

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.empty(num_features))
        self.bias = nn.Parameter(torch.empty(num_features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the scales and sets the shifts to 0."""
        nn.init.uniform_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        variance, mean = torch.var_mean(x.float(), dim=(1, 2, 3), keepdim=True)
        inverse = 1 / (variance.sqrt() + self.eps)
        # one scale and one shift for each sample and channel: a single pass over the maps
        scale = inverse * self.weight[:, None, None]
        shift = self.bias[:, None, None] - mean * scale
        return torch.addcmul(shift.to(x.dtype), x, scale.to(x.dtype))

    def extra_repr(self) -> str:
        return f'{self.weight.numel()}, eps={self.eps}'


@MODELS.register_module()
class PixelNorm(nn.Module):
    r"""Divides every feature vector by its root mean square: :math:`h / \sqrt{\frac1n \sum_j h_j^2 + \epsilon}`.

    Args:
        eps: Added to the mean square.

    Shapes: (N, n) or (N, n, ...) to the same; the n features of dimension 1 are normalised together.
    """

    def __init__(self, eps: float = 1e-8) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + self.eps)

    def extra_repr(self) -> str:
        return f'eps={self.eps}'
