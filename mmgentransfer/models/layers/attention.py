"""Self-attention over feature maps."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgentransfer.registry import MODELS

from .spectral import spectral


@MODELS.register_module()
class SelfAttention(nn.Module):
    """Self-attention of the BigGAN networks (thesis appendix A.2.1).

    Every position asks those of the maps pooled 2x2: with queries and keys of c/8 channels and values of c/2, the
    weights are a softmax of their inner products, not scaled. The weighted values are brought back to c channels and
    added with the learned factor ``gamma``, which starts at 0. All four 1x1 convolutions are spectrally normalised and
    have no bias.

    Args:
        channels: Channels c of the maps, at least 8.
        spectral_eps: Of the spectral norm.

    Shapes: (N, c, h, w) to the same; h and w are even.

    Raises:
        ValueError: There are fewer than 8 channels.
    """

    def __init__(self, channels: int, spectral_eps: float = 1e-6) -> None:
        super().__init__()
        if channels < 8:
            raise ValueError(
                f'SelfAttention: channels={channels} leaves none for the keys, which have an eighth of them; it must '
                f'be 8 or more (a larger base_channels, or no attention_resolutions).'
            )
        self.query = spectral(nn.Conv2d(channels, channels // 8, 1, bias=False), spectral_eps)
        self.key = spectral(nn.Conv2d(channels, channels // 8, 1, bias=False), spectral_eps)
        self.value = spectral(nn.Conv2d(channels, channels // 2, 1, bias=False), spectral_eps)
        self.output = spectral(nn.Conv2d(channels // 2, channels, 1, bias=False), spectral_eps)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        # Written out, since the fused kernels can't be differentiated twice, as a gradient penalty needs.
        query = self.query(x).flatten(2)
        key = F.max_pool2d(self.key(x), 2).flatten(2)
        value = F.max_pool2d(self.value(x), 2).flatten(2)
        weights = torch.softmax(query.mT @ key, dim=-1)
        attended = (value @ weights.mT).unflatten(2, x.shape[2:])
        return torch.addcmul(x, self.gamma, self.output(attended))
