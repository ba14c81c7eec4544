"""Features of faces, for the distance between identities."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmgentransfer.checkpoints import load_state_dict
from mmgentransfer.registry import EXTRACTORS

from .feature_cache import file_hash

_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # convolutions and channels between poolings
_SIDE = 224
_WIDTH = 4096
_RGB_MEAN = (129.1863, 104.7624, 93.5940)


@EXTRACTORS.register_module()
class VGGFaceFeatures(nn.Module):
    """The 4096 activations of VGG-Face's layer fc7, after its ReLU (Parkhi et al., 2015).

    Images are resized to 224x224 (bilinear, antialiased), in [0, 255], less the mean colour. The weights are read at
    the first use. They are never downloaded.

    Args:
        weights: A state dict with the names of the original layers, ``conv1_1.weight`` to ``fc7.bias`` and more, such
            as the PyTorch conversion ``vgg_face_dag.pth`` of the Oxford release.
        channel_order: 'rgb' for that conversion; 'bgr' for weights that expect the channels of the Caffe release.

    Raises:
        ValueError: The channel order is neither.
    """

    mean: Tensor

    def __init__(self, weights: str, channel_order: str = 'rgb') -> None:
        super().__init__()
        if channel_order not in ('rgb', 'bgr'):
            raise ValueError(f"VGGFaceFeatures.channel_order={channel_order!r} must be 'rgb' or 'bgr'")
        self.path = Path(weights).expanduser()
        self.channel_order = channel_order
        self.layers: nn.ModuleDict | None = None
        self._fingerprint: str | None = None
        self.register_buffer('mean', torch.tensor(_RGB_MEAN)[:, None, None], persistent=False)

    def missing(self) -> str | None:
        """Returns None if the weights' file is there, else one line that says which file to put where."""
        if self.path.is_file():
            return None
        return (
            f'{self.path} does not exist: put the PyTorch conversion of VGG-Face (vgg_face_dag.pth) there, or set the '
            "extractor's weights to where it is"
        )

    def fingerprint(self) -> str:
        """Returns a hash of the weights' file and the preprocessing, for cache keys."""
        if self._fingerprint is None:
            self._fingerprint = f'vgg-face-fc7/{self.channel_order}/{file_hash(self.path)}'
        return self._fingerprint

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Returns the features of uint8 images.

        Args:
            images: uint8 tensor (N, C, H, W) with C = 3 or 1; one channel is repeated to three.

        Returns:
            ``features``, a float32 tensor (N, 4096).

        Raises:
            FileNotFoundError: The weights are missing.
            ValueError: The file does not hold the network.
        """
        if self.layers is None:
            self.layers = self._load()
        if self.layers['fc7'].weight.device != images.device:
            self.to(images.device)
        x = images.float().expand(-1, 3, -1, -1)
        x = F.interpolate(x, size=(_SIDE, _SIDE), mode='bilinear', align_corners=False, antialias=True) - self.mean
        if self.channel_order == 'bgr':
            x = x.flip(1)
        for block, (num, _) in enumerate(_BLOCKS, start=1):
            for index in range(1, num + 1):
                x = F.relu(self.layers[f'conv{block}_{index}'](x))
            x = F.max_pool2d(x, 2)
        x = F.relu(self.layers['fc6'](x.flatten(1)))
        return {'features': F.relu(self.layers['fc7'](x))}

    def _load(self) -> nn.ModuleDict:
        if reason := self.missing():
            raise FileNotFoundError(reason)
        layers, channels = nn.ModuleDict(), 3
        with torch.random.fork_rng(devices=[]):  # the random weights are replaced, and must not cost random numbers
            for block, (num, width) in enumerate(_BLOCKS, start=1):
                for index in range(1, num + 1):
                    layers[f'conv{block}_{index}'] = nn.Conv2d(channels, width, 3, padding=1)
                    channels = width
            layers['fc6'] = nn.Linear(channels * (_SIDE // 2 ** len(_BLOCKS)) ** 2, _WIDTH)
            layers['fc7'] = nn.Linear(_WIDTH, _WIDTH)
        state = load_state_dict(str(self.path), '')
        try:
            layers.load_state_dict({name: state[name] for name in layers.state_dict()}, assign=True)
        except (KeyError, RuntimeError) as error:
            raise ValueError(
                f"{self.path} (VGGFaceFeatures.weights) does not hold VGG-Face's layers: {error}"
            ) from error
        return layers.eval().requires_grad_(False)
