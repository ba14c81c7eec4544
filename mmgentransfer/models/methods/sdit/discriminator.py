"""SDIT's discriminator (thesis section 6.3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.backbones.image_translation import InitCfg
from mmgentransfer.registry import MODELS

__all__ = ['Judgement', 'SDITDiscriminator']

_CODE_HEAD = {'code_dim': 8, 'num_fc': 1}


class Judgement(NamedTuple):
    """What the heads say about N images.

    Args:
        scores: (N, 1, k, k), of patches; higher is more real.
        domains: Logits (N, C).
        codes: (N, Z), the code that made a translation; None without that head.
    """

    scores: Tensor
    domains: Tensor
    codes: Tensor | None


@MODELS.register_module()
class SDITDiscriminator(BaseModule):
    """4x4 convolutions of stride 2, and heads for patches' scores, for the domain, and for the code F_rec.

    With the defaults it has 44,909,768 parameters; without a code head it is StarGAN's.

    Args:
        in_channels: Channels of the images.
        num_domains: Number C of logits.
        image_size: Side S of the images, a multiple of 2^num_layers.
        base_channels: Width of the first convolution; it doubles from one to the next.
        num_layers: Number of halvings; log2(S) - 1 leaves maps of side k = 2.
        code_head: ``dict(code_dim=8, num_fc=1)``: width Z of the code and number of linear layers behind the head's
            convolution; None for no such head.
        init_cfg: MMEngine's initialisation config; by default PyTorch's own initialisation of each layer stays.

    Raises:
        ValueError: ``image_size`` is no multiple of 2^num_layers, or ``code_head`` has an unknown key or a bad number.
    """

    def __init__(
        self,
        in_channels: int = 3,
        num_domains: int = 5,
        image_size: int = 128,
        base_channels: int = 64,
        num_layers: int = 6,
        code_head: Mapping[str, Any] | None = _CODE_HEAD,
        init_cfg: InitCfg = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_layers < 1 or image_size % 2**num_layers:
            raise ValueError(
                f'SDITDiscriminator.image_size={image_size} must be a multiple of 2^num_layers={2**num_layers}, '
                f'num_layers={num_layers}, which must be at least 1.'
            )
        self.in_channels = in_channels
        self.num_domains = num_domains
        self.image_size = image_size
        side = image_size // 2**num_layers
        layers: list[nn.Module] = []
        for i, o in pairwise([in_channels, *(base_channels * 2**k for k in range(num_layers))]):
            layers += [nn.Conv2d(i, o, 4, stride=2, padding=1), nn.LeakyReLU(0.01, inplace=True)]
        self.layers = nn.Sequential(*layers)
        width = base_channels * 2 ** (num_layers - 1)
        self.score_head = nn.Conv2d(width, 1, 3, padding=1, bias=False)
        self.domain_head = nn.Sequential(nn.Conv2d(width, num_domains, side, bias=False), nn.Flatten())
        self.code_dim: int | None = None
        self.code_head: nn.Module | None = None
        if code_head is not None:
            options = {**_CODE_HEAD, **code_head}
            if set(options) != set(_CODE_HEAD) or min(options.values()) < 1:
                raise ValueError(
                    f'SDITDiscriminator.code_head={dict(code_head)} must be dict(code_dim=NUMBER, num_fc=NUMBER), both '
                    'at least 1, or None.'
                )
            self.code_dim = z = options['code_dim']
            linear: list[nn.Module] = [nn.Linear(z * side**2, z)]
            for _ in range(options['num_fc'] - 1):
                linear += [nn.ReLU(inplace=True), nn.Linear(z, z)]
            self.code_head = nn.Sequential(nn.Conv2d(width, z, 3, padding=1, bias=False), nn.Flatten(), *linear)

    def features(self, images: Tensor) -> Tensor:
        """Returns what the heads read of images (N, C, S, S).

        Raises:
            ValueError: ``images`` have another side.
        """
        if images.shape[-2:] != (self.image_size, self.image_size):
            raise ValueError(
                f'SDITDiscriminator was built with image_size={self.image_size}, got images {tuple(images.shape)}.'
            )
        return self.layers(images)

    def score(self, images: Tensor) -> Tensor:
        """Returns the scores (N, 1, k, k) alone; what is differentiated twice is no more than this."""
        return self.score_head(self.features(images))

    def forward(self, images: Tensor) -> Judgement:
        """Judges images (N, C, S, S) with every head."""
        features = self.features(images)
        codes = None if self.code_head is None else self.code_head(features)
        return Judgement(self.score_head(features), self.domain_head(features), codes)
