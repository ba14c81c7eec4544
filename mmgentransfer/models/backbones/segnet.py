"""SegNet encoder and decoder, which pass pooling indices on (thesis tables A.3 and A.4)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from torch import Tensor, nn

from mmgentransfer.checkpoints.files import load_state_dict
from mmgentransfer.models.layers.convolutions import DrawnModule, check_maps, conv_norm_relu, draw_convolutions
from mmgentransfer.registry import MODELS

__all__ = ['Latent', 'SegNetDecoder', 'SegNetEncoder', 'check_latent']

_CHANNELS = (64, 128, 256, 512, 512)
_BLOCKS = (2, 2, 3, 3, 3)
_BN = {'type': 'BN'}
_TRUNC_NORMAL = {'type': 'trunc_normal', 'std': 0.02}
_VGG16 = 'torchvision://vgg16'
_VGG16_FILE = 'vgg16-397923af.pth'
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)


class Latent(NamedTuple):
    """What an encoder of P stages hands to a decoder; entry k of the tuples belongs to stage k + 1.

    Attributes:
        h: The latent (N, C_P, H / 2^P, W / 2^P).
        indices: Of each stage, the positions of its maxima, as :func:`torch.nn.functional.max_unpool2d` takes them:
            int64 (N, C_k, H / 2^k, W / 2^k).
        skips: Of each stage, the maps before pooling (N, C_k, H / 2^(k-1), W / 2^(k-1)).
    """

    h: Tensor
    indices: tuple[Tensor, ...]
    skips: tuple[Tensor, ...]

    @classmethod
    def cat(cls, latents: Sequence[Latent]) -> Latent:
        """Puts the samples of several latents together, along the batch."""
        return cls(
            torch.cat([latent.h for latent in latents]),
            *(tuple(map(torch.cat, zip(*parts, strict=True))) for parts in list(zip(*latents, strict=True))[1:]),
        )

    def split(self, sizes: Sequence[int]) -> list[Latent]:
        """Takes the samples apart again: ``sizes`` are the numbers of samples, which sum to N."""
        indices = [x.split(list(sizes)) for x in self.indices]
        skips = [x.split(list(sizes)) for x in self.skips]
        return [
            Latent(h, tuple(x[i] for x in indices), tuple(x[i] for x in skips))
            for i, h in enumerate(self.h.split(list(sizes)))
        ]

    def pooled(self, stage: int) -> Tensor:
        """Returns the output of stage 1 to P (N, C_k, H / 2^k, W / 2^k)."""
        return F.max_pool2d(self.skips[stage - 1], 2)


def check_latent(network: nn.Module, latent: Latent) -> None:
    """Raises a ``ValueError`` unless ``latent`` comes from an encoder with the ``stage_channels`` of ``network``."""
    channels = (*(x.shape[1] for x in latent.indices[:-1]), latent.h.shape[1])
    if channels != network.stage_channels:
        raise ValueError(
            f'{type(network).__name__} was built with stage_channels={network.stage_channels}, but the latent comes '
            f'from an encoder with {channels}.'
        )


def _check_stages(network: nn.Module, stage_channels: Sequence[int], stage_blocks: Sequence[int]) -> None:
    if not stage_channels or len(stage_channels) != len(stage_blocks) or min(*stage_channels, *stage_blocks) < 1:
        raise ValueError(
            f'{type(network).__name__}: stage_channels={tuple(stage_channels)} and stage_blocks={tuple(stage_blocks)} '
            'must hold one positive number for each stage.'
        )


@MODELS.register_module()
class SegNetEncoder(DrawnModule):
    """Encoder of a modality: stages of 3x3 convolutions, norms and ReLUs, each followed by 2x2 max pooling (table A.3).

    The latent is what the last pooling gives, hence not negative.

    Args:
        in_channels: Channels c of the modality; a segmentation's are its classes.
        stage_channels: Width C_k of each of the P stages.
        stage_blocks: Number of convolutions of each stage.
        norm_cfg: Config of the norm behind each convolution; None for none, as with VGG-16's weights.
        pretrained: ``'torchvision://vgg16'`` for torchvision's ImageNet weights (``VGG16_Weights.IMAGENET1K_V1``) from
            the cache of PyTorch Hub, or a file with such weights; None to start from random ones. The file is read by
            :meth:`init_weights`; it is never downloaded.
        if_missing: What happens without that file: ``'error'``, or ``'scratch'`` to warn and start from random weights,
            drawn as ``dict(type='kaiming')`` whatever ``init`` says: without norms, smaller ones would let the signal
            fade from layer to layer.
        input_norm: ``'imagenet'`` maps the input from [-1, 1] to what ImageNet networks take; None leaves it.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last, such as a transfer from a checkpoint.

    Attributes:
        num_stages: P.
        input_multiple: 2^P, of which the input's sides must be multiples.

    Raises:
        ValueError: The stages' tuples differ in length, an option is unknown, or ``pretrained`` does not go with the
            architecture.
    """

    def __init__(
        self,
        in_channels: int = 3,
        stage_channels: Sequence[int] = _CHANNELS,
        stage_blocks: Sequence[int] = _BLOCKS,
        norm_cfg: Mapping[str, Any] | None = _BN,
        pretrained: str | None = None,
        if_missing: Literal['error', 'scratch'] = 'error',
        input_norm: Literal['imagenet'] | None = None,
        init: Mapping[str, Any] = _TRUNC_NORMAL,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init, init_cfg)
        _check_stages(self, stage_channels, stage_blocks)
        if if_missing not in ('error', 'scratch'):
            raise ValueError(f"SegNetEncoder.if_missing={if_missing!r} is unknown: use 'error' or 'scratch'.")
        if input_norm not in (None, 'imagenet'):
            raise ValueError(f"SegNetEncoder.input_norm={input_norm!r} is unknown: use 'imagenet' or None.")
        if input_norm is not None and in_channels != 3:
            raise ValueError(f"SegNetEncoder.input_norm='imagenet' needs in_channels=3, got {in_channels}.")
        self.in_channels = in_channels
        self.stage_channels = tuple(stage_channels)
        self.stage_blocks = tuple(stage_blocks)
        self.num_stages = len(self.stage_channels)
        self.input_multiple = 2**self.num_stages
        self.pretrained = pretrained
        self.if_missing = if_missing
        self._check_pretrained(norm_cfg)

        self.stages = nn.ModuleList()
        channels = in_channels
        for width, blocks in zip(self.stage_channels, self.stage_blocks, strict=True):
            layers: list[nn.Module] = []
            for _ in range(blocks):
                layers += conv_norm_relu(nn.Conv2d(channels, width, 3, padding=1), norm_cfg)
                channels = width
            self.stages.append(nn.Sequential(*layers))
        self.input_norm = input_norm
        if input_norm is not None:
            mean, std = torch.tensor(_IMAGENET_MEAN), torch.tensor(_IMAGENET_STD)
            # ((x + 1) / 2 - mean) / std as one scale and one offset a channel; constants, not part of a checkpoint
            self.register_buffer('input_scale', (0.5 / std).view(1, 3, 1, 1), persistent=False)
            self.register_buffer('input_offset', ((0.5 - mean) / std).view(1, 3, 1, 1), persistent=False)

    def _check_pretrained(self, norm_cfg: Mapping[str, Any] | None) -> None:
        if self.pretrained is None:
            return
        if norm_cfg is not None:
            raise ValueError(f'SegNetEncoder.pretrained={self.pretrained!r} has no norms: set norm_cfg=None.')
        if '://' in self.pretrained and self.pretrained != _VGG16:
            raise ValueError(f'SegNetEncoder.pretrained={self.pretrained!r} is unknown: use {_VGG16!r} or a file.')
        found = (self.in_channels, self.stage_channels, self.stage_blocks)
        if self.pretrained == _VGG16 and found != (3, _CHANNELS, _BLOCKS):
            raise ValueError(
                f'SegNetEncoder.pretrained={_VGG16!r} needs in_channels=3, stage_channels={_CHANNELS} and '
                f'stage_blocks={_BLOCKS}; they are {found[0]}, {found[1]} and {found[2]}.'
            )

    def draw_weights(self) -> None:
        """Draws all weights, then reads the pretrained ones.

        Raises:
            FileNotFoundError: The pretrained weights are missing, and ``if_missing='error'``.
            ValueError: They don't fit.
        """
        super().draw_weights()
        if self.pretrained is not None:
            self._read_vgg(self.pretrained)

    @torch.no_grad()
    def _read_vgg(self, source: str) -> None:
        file = (
            Path(torch.hub.get_dir()) / 'checkpoints' / _VGG16_FILE if source == _VGG16 else Path(source).expanduser()
        )
        if not file.is_file():
            missing = (
                f'{file.name} is not in {file.parent}: put the VGG-16 weights there ({_VGG16_FILE} of torchvision, '
                "VGG16_Weights.IMAGENET1K_V1) or set the encoder's pretrained to where they are"
            )
            if self.if_missing == 'error':
                raise FileNotFoundError(
                    f"{missing}, or set it to None with norm_cfg=dict(type='BN') to start from random weights"
                )
            print_log(f'{missing}. This run starts from random weights.', logger='current', level=logging.WARNING)
            draw_convolutions(self, {'type': 'kaiming'})
            return
        state = load_state_dict(str(file))
        position, copies = 0, []
        for stage in self.stages:
            for convolution in (layer for layer in stage if isinstance(layer, nn.Conv2d)):
                for name, tensor in convolution.named_parameters():
                    key = f'features.{position}.{name}'
                    found = tuple(state[key].shape) if key in state else 'missing'
                    if found != tuple(tensor.shape):
                        raise ValueError(
                            f"{file} does not fit the encoder's pretrained, the layout of torchvision's VGG: "
                            f'{key} is {found}, not {tuple(tensor.shape)}'
                        )
                    copies.append((tensor, state[key]))
                position += 2  # the convolution and its ReLU
            position += 1  # the pooling
        for tensor, value in copies:
            tensor.copy_(value)

    def forward(self, x: Tensor) -> Latent:
        """Encodes a modality.

        Args:
            x: Float (N, c, H, W), H and W multiples of 2^P; colour images in [-1, 1].

        Raises:
            ValueError: ``x`` has the wrong shape.
        """
        check_maps(self, x)
        if self.input_norm is not None:
            x = x * self.input_scale + self.input_offset
        indices, skips = [], []
        for stage in self.stages:
            skips.append(stage(x))
            x, positions = F.max_pool2d(skips[-1], 2, return_indices=True)
            indices.append(positions)
        return Latent(x, tuple(indices), tuple(skips))


@MODELS.register_module()
class SegNetDecoder(DrawnModule):
    """Decoder of a modality: each stage doubles the side, then has 3x3 convolutions with norms and ReLUs (table A.4).

    The last convolution has neither norm nor ReLU.

    Args:
        out_channels: Channels of the modality.
        stage_channels: Widths of the encoder's stages.
        stage_blocks: Number of convolutions of each stage, in the encoder's order.
        side_info: What a stage gets besides its input (thesis table 4.2): ``'pooling_indices'`` put the values where
            the encoder's maxima were; with ``'skip'`` the encoder's maps before pooling are appended to the nearest
            up-sampled ones; ``'none'`` is nearest up-sampling.
        norm_cfg: Config of the norms; None for none.
        out_act: ``'tanh'`` for images in [-1, 1], or None.
        init: How weights are drawn, see :func:`draw_convolutions`.
        init_cfg: MMEngine's initialisation config, applied last, such as a transfer from a checkpoint.

    Attributes:
        num_stages: P.

    Raises:
        ValueError: The stages' tuples differ in length, or an option is unknown.
    """

    def __init__(
        self,
        out_channels: int,
        stage_channels: Sequence[int] = _CHANNELS,
        stage_blocks: Sequence[int] = _BLOCKS,
        side_info: Literal['pooling_indices', 'skip', 'none'] = 'pooling_indices',
        norm_cfg: Mapping[str, Any] | None = _BN,
        out_act: Literal['tanh'] | None = None,
        init: Mapping[str, Any] = _TRUNC_NORMAL,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init, init_cfg)
        _check_stages(self, stage_channels, stage_blocks)
        if side_info not in ('pooling_indices', 'skip', 'none'):
            raise ValueError(
                f"SegNetDecoder.side_info={side_info!r} is unknown: use 'pooling_indices', 'skip' or 'none'."
            )
        if out_act not in (None, 'tanh'):
            raise ValueError(f"SegNetDecoder.out_act={out_act!r} is unknown: use 'tanh' or None.")
        self.out_channels = out_channels
        self.stage_channels = tuple(stage_channels)
        self.stage_blocks = tuple(stage_blocks)
        self.num_stages = len(self.stage_channels)
        self.side_info = side_info
        self.out_act = out_act

        self.stages = nn.ModuleList()
        for k in reversed(range(self.num_stages)):
            width = self.stage_channels[k]
            widths = [width] * self.stage_blocks[k] + [self.stage_channels[k - 1] if k else out_channels]
            layers: list[nn.Module] = []
            for i, out_width in enumerate(widths[1:]):
                doubled = 2 if side_info == 'skip' and i == 0 else 1
                convolution = nn.Conv2d(doubled * width, out_width, 3, padding=1)
                is_output = k == 0 and i == self.stage_blocks[k] - 1
                layers += [convolution] if is_output else conv_norm_relu(convolution, norm_cfg)
            self.stages.append(nn.Sequential(*layers))

    def forward(self, latent: Latent) -> Tensor:
        """Decodes a latent of :class:`SegNetEncoder` to (N, out_channels, H, W).

        Raises:
            ValueError: The latent comes from an encoder of other widths.
        """
        check_latent(self, latent)
        x = latent.h
        for k, stage in zip(reversed(range(self.num_stages)), self.stages, strict=True):
            if self.side_info == 'pooling_indices':
                x = F.max_unpool2d(x, latent.indices[k], 2)
            else:
                x = F.interpolate(x, scale_factor=2, mode='nearest')
                if self.side_info == 'skip':
                    x = torch.cat([x, latent.skips[k]], dim=1)
            x = stage(x)
        return torch.tanh(x) if self.out_act else x
