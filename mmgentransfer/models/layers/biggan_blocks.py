"""Norm, residual blocks, class embedding and initialisation of the BigGAN networks (thesis appendix A.2.1)."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .attention import SelfAttention
from .inputs import check_labels
from .spectral import raw_weight, reset_spectral, spectral

__all__ = ['DiscriminatorBlock', 'EmbeddingBatchNorm', 'GeneratorBlock', 'class_embedding', 'init_orthogonal']


class EmbeddingBatchNorm(nn.Module):
    """Batch norm whose scale and offset are linear in a vector: class embedding and a part of the noise.

    Args:
        num_features: Channels c.
        condition_size: Length k of the vector.
        eps: Added to the variance.
        momentum: Of the running statistics.
        spectral_eps: Of the spectral norm of both linear maps, which have no bias; the scale is 1 plus its map.
    """

    def __init__(
        self, num_features: int, condition_size: int, eps: float, momentum: float, spectral_eps: float
    ) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(num_features, eps=eps, momentum=momentum, affine=False)
        self.scale = spectral(nn.Linear(condition_size, num_features, bias=False), spectral_eps)
        self.offset = spectral(nn.Linear(condition_size, num_features, bias=False), spectral_eps)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Normalises ``x`` (N, c, h, w) and applies the affine map of each sample's ``condition`` (N, k)."""
        x = self.norm(x)
        scale = (1 + self.scale(condition))[:, :, None, None]
        offset = self.offset(condition)[:, :, None, None]
        return torch.addcmul(offset.to(x.dtype), x, scale.to(x.dtype))


class GeneratorBlock(nn.Module):
    """Residual block that doubles the side: norm, ReLU, up-sampling, 3x3 convolution, norm, ReLU, 3x3 convolution.

    The shortcut is a 1x1 convolution and nearest up-sampling; the two commute, and this order is a quarter of the work.

    Args:
        in_channels: Channels i of the input.
        out_channels: Channels o of the output.
        norm: Makes a conditional norm from a number of channels.
        spectral_eps: Of the spectral norm of the convolutions.
    """

    def __init__(
        self, in_channels: int, out_channels: int, norm: Callable[[int], nn.Module], spectral_eps: float
    ) -> None:
        super().__init__()
        self.norm1 = norm(in_channels)
        self.conv1 = spectral(nn.Conv2d(in_channels, out_channels, 3, padding=1), spectral_eps)
        self.norm2 = norm(out_channels)
        self.conv2 = spectral(nn.Conv2d(out_channels, out_channels, 3, padding=1), spectral_eps)
        self.shortcut = spectral(nn.Conv2d(in_channels, out_channels, 1), spectral_eps)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Maps (N, i, s, s) to (N, o, 2s, 2s)."""
        h = F.interpolate(F.relu(self.norm1(x, condition)), scale_factor=2, mode='nearest')
        h = self.conv2(F.relu(self.norm2(self.conv1(h), condition)))
        return h + F.interpolate(self.shortcut(x), scale_factor=2, mode='nearest')


class DiscriminatorBlock(nn.Module):
    """Residual block: [ReLU,] 3x3 convolution, ReLU, 3x3 convolution [, 2x2 mean pooling].

    The shortcut is [2x2 mean pooling and] a 1x1 convolution, or the identity where nothing changes.

    Args:
        in_channels: Channels i of the input.
        out_channels: Channels o of the output.
        hidden_channels: Channels between the convolutions.
        first: Whether the input is images, which no ReLU precedes.
        down: Whether to halve the side.
        spectral_eps: Of the spectral norm of the convolutions.
    """

    def __init__(
        self, in_channels: int, out_channels: int, hidden_channels: int, first: bool, down: bool, spectral_eps: float
    ) -> None:
        super().__init__()
        self.first = first
        self.down = down
        self.conv1 = spectral(nn.Conv2d(in_channels, hidden_channels, 3, padding=1), spectral_eps)
        self.conv2 = spectral(nn.Conv2d(hidden_channels, out_channels, 3, padding=1), spectral_eps)
        changes = down or in_channels != out_channels
        self.shortcut = spectral(nn.Conv2d(in_channels, out_channels, 1), spectral_eps) if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, i, s, s) to (N, o, s/2, s/2), or (N, o, s, s)."""
        # Not in place: the ReLU would overwrite the shortcut's input.
        h = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
        if self.down:
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        return h + self.shortcut(x)


def init_orthogonal(network: nn.Module) -> None:
    """Draws orthogonal weights; biases and attention factors become 0, norms the identity."""
    for layer in network.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.Embedding)):
            nn.init.orthogonal_(raw_weight(layer))
            if getattr(layer, 'bias', None) is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, _BatchNorm):
            layer.reset_parameters()
        elif isinstance(layer, SelfAttention):
            nn.init.zeros_(layer.gamma)
    reset_spectral(network)


def class_embedding(network: nn.Module, labels: Tensor | None, embedding: Tensor | None, batch_size: int) -> Tensor:
    """Returns the class embedding (N, ``network.embedding_size``): ``embedding`` itself or that of the ``labels``.

    Raises:
        ValueError: Both or neither were given, or one of the wrong shape or type.
    """
    name, size = type(network).__name__, network.embedding_size
    if (labels is None) == (embedding is None):
        raise ValueError(
            f'{name} (num_classes={network.num_classes}, embedding_size={size}) takes either labels or an embedding, '
            f'got {"neither" if labels is None else "both"}.'
        )
    if embedding is None:
        check_labels(network, labels, batch_size)
        return network.embed(labels)
    if embedding.shape != (batch_size, size):
        raise ValueError(
            f'{name} was built with embedding_size={size} and takes an embedding of the shape ({batch_size}, {size}), '
            f'got {tuple(embedding.shape)}.'
        )
    return embedding
