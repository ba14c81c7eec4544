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
