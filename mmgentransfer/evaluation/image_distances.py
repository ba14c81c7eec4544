"""Distances between two images, for diversity."""

from __future__ import annotations

import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from .classifier_training import train_classifier
from .translations import ClassifierData

__all__ = ['ExtractorDistance', 'LPIPSDistance', 'PixelDistance', 'TrainedDistance', 'pair_distances']

_CHUNK = 64  # images whose features are held at a time
_SMALLEST_SIDES = dict(alex=31, vgg=16, squeeze=17)  # below, a pooling layer has nothing left


class PixelDistance:
    """Mean absolute difference of pixels in [-1, 1]."""

    name = 'pixel'
    smallest_side = 1

    def missing(self) -> str | None:
        """Returns None: there are no weights."""

    def describe(self, images: Tensor) -> list[Tensor]:
        """Returns uint8 images (N, C, H, W) in [-1, 1]."""
        return [images.float().div_(127.5).sub_(1.0)]

    def between(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """Returns the distances (N,) of described images."""
        return (a[0] - b[0]).abs().flatten(1).mean(1)


class LPIPSDistance:
    """LPIPS, version 0.1, of the package ``lpips``.

    Args:
        net: 'alex', 'vgg' or 'squeeze'.
        weights: torchvision's ImageNet weights of this network; by default the file of the published name in the
            folder ``checkpoints`` of ``torch.hub.get_dir()``. They are never downloaded.

    Raises:
        ValueError: The network is unknown.
    """

    def __init__(self, net: str = 'alex', weights: str | None = None) -> None:
        if net not in _SMALLEST_SIDES:
            raise ValueError(f'LPIPSDiversity.net={net!r} must be one of {list(_SMALLEST_SIDES)}')
        self.net, self.weights = net, weights
        self.name = f'lpips_{net}'
        self.smallest_side = _SMALLEST_SIDES[net]

    @cached_property
    def path(self) -> Path:
        """The file that holds, or should hold, the network's weights."""
        if self.weights is not None:
            return Path(self.weights).expanduser()
        from torchvision import models

        named = dict(alex=models.AlexNet_Weights, vgg=models.VGG16_Weights, squeeze=models.SqueezeNet1_1_Weights)
        return Path(torch.hub.get_dir()) / 'checkpoints' / Path(named[self.net].IMAGENET1K_V1.url).name

    def missing(self) -> str | None:
        """Returns None if the weights' file is there, else one line that says which file to put where."""
        if self.path.is_file():
            return None
        return (
            f"{self.path.name} is not in {self.path.parent}: put torchvision's ImageNet weights of LPIPS's network "
            "there, set the metric's weights to where they are, or take distance='pixel' or an extractor"
        )

    @cached_property
    def _network(self) -> nn.Module:
        import lpips

        if reason := self.missing():
            raise FileNotFoundError(reason)
        # the random weights are replaced, and must not cost random numbers
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter('ignore', UserWarning)  # the package calls torchvision in a deprecated way
            network = lpips.LPIPS(net=self.net, version='0.1', pnet_rand=True, verbose=False)
        state = torch.load(self.path, map_location='cpu', weights_only=True)
        names = {name: 'features.' + name.split('.', 1)[1] for name in network.net.state_dict()}  # less 'slice1.'
        try:
            network.net.load_state_dict({name: state[source] for name, source in names.items()})
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"{self.path} (LPIPSDiversity.weights) does not hold torchvision's {self.net}") from error
        return network.eval().requires_grad_(False)

    def describe(self, images: Tensor) -> list[Tensor]:
        """Returns each layer's features of uint8 images (N, C, H, W), scaled to unit length over the channels."""
        network = self._network.to(images.device)
        x = images.float().div_(127.5).sub_(1.0)
        layers = network.net(network.scaling_layer(x if x.shape[1] == 3 else x.expand(-1, 3, -1, -1)))
        return [_unit(layer) for layer in layers]

    def between(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """Returns the distances (N,) of described images."""
        terms = [lin((x - y).square()).mean((1, 2, 3)) for x, y, lin in zip(a, b, self._network.lins, strict=True)]
        return torch.stack(terms).sum(0)


class ExtractorDistance:
    """Squared difference of the outputs of an extractor's ReLU layers, unit length over channels.

    It is averaged over space and summed over layers, without LPIPS's learnt weights: not to be compared with it.

    Args:
        name: The extractor's name.
        extractor: Maps uint8 images to a dict, as evaluators' extractors do.
    """

    smallest_side = 1

    def __init__(self, name: str, extractor: nn.Module) -> None:
        self.name, self._extractor = name, extractor

    def missing(self) -> str | None:
        """Returns what the extractor lacks."""
        return self._extractor.missing()

    def describe(self, images: Tensor) -> list[Tensor]:
        """Returns each layer's features of uint8 images (N, C, H, W), scaled to unit length over the channels."""
        with _ReLUOutputs() as layers, torch.autocast(images.device.type, enabled=False):
            self._extractor(images)
        if not layers.taken:
            raise ValueError(f'LPIPSDiversity.distance={self.name!r}: the extractor has no ReLU layers')
        return [_unit(layer if layer.ndim == 4 else layer.flatten(1)[:, :, None, None]) for layer in layers.taken]

    def between(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """Returns the distances (N,) of described images."""
        return torch.stack([(x - y).square().sum(1).mean((1, 2)) for x, y in zip(a, b, strict=True)]).sum(0)


class TrainedDistance(ExtractorDistance):
    """:class:`ExtractorDistance` of a classifier that is trained here to tell the domains of the training images.

    Args:
        network: Config of a network of images in [0, 1] with ReLU layers, less its ``num_classes``; by default a
            ResNet18Classifier of width 32 for sides from 64 on, a DigitClassifier of width 16 below.
        max_images: At most so many training images, chosen at random.
        iters: Steps of the training.
        lr: Adam's learning rate.
        batch_size: Images of a step.
        seed: Of weights, order and choice of images.
    """

    def __init__(
        self,
        network: dict[str, Any] | None = None,
        max_images: int = 5000,
        iters: int = 1000,
        lr: float = 1e-3,
        batch_size: int = 64,
        seed: int = 0,
    ) -> None:
        self.name, self._network, self.max_images = 'classifier', network, max_images
        self._training = dict(iters=iters, lr=lr, batch_size=batch_size, seed=seed)
        self._classifier: nn.Module | None = None

    def missing(self) -> str | None:
        """Returns None: there are no weights."""

    def fit(self, data: ClassifierData) -> None:
        """Trains the classifier, once; another distance of the same settings has trained it already."""
        if self._classifier is not None:
            return
        key = repr((self._network, self.max_images, self._training))
        if key not in data.networks:
            rows = np.arange(len(data.own))
            if len(rows) > self.max_images:
                rng = np.random.default_rng(self._training['seed'])
                rows = np.sort(rng.choice(rows, self.max_images, replace=False))
            labels = data.own[rows].argmax(1) if data.exclusive else data.own[rows]
            network = self._network or _network_for(data.test_images.shape)
            data.networks[key] = train_classifier(
                network, data.images(rows), labels, data.own.shape[1], device=data.device, **self._training
            )
        self._classifier = data.networks[key]

    def _extractor(self, images: Tensor) -> Tensor:
        return self._classifier(images.float().div_(255))


def _network_for(shape: tuple[int, ...]) -> dict[str, Any]:
    """Returns the config of a classifier of images (N, C, H, W)."""
    channels, side = shape[1], shape[-1]
    if side < 64:
        return dict(type='DigitClassifier', image_size=side, in_channels=channels, width=16)
    return dict(type='ResNet18Classifier', image_size=side, in_channels=channels, width=32)


_RELUS = (F.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_)


class _ReLUOutputs(TorchFunctionMode):
    """Keeps what every ReLU gives, be it a module or a function."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Tensor] = []

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        output = func(*args, **(kwargs or {}))
        if func in _RELUS:
            self.taken.append(output.clone())
        return output


def _unit(features: Tensor) -> Tensor:
    return features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)


@torch.no_grad()
def pair_distances(distance: Any, images: np.ndarray, pairs: np.ndarray, device: Any = 'cpu') -> np.ndarray:
    """Returns the distances of pairs of images; each image is described once for all neighbouring pairs it is in.

    Args:
        distance: One of the distances of this module.
        images: uint8 (M, C, H, W).
        pairs: Places in ``images``, int (P, 2); pairs that share images stand together.
        device: Where networks run.

    Returns:
        float64 (P,).
    """
    step = max(1, _CHUNK * len(pairs) // max(1, len(np.unique(pairs))))
    parts = []
    for start in range(0, len(pairs), step):
        places, index = np.unique(pairs[start : start + step], return_inverse=True)
        index = torch.from_numpy(index.reshape(-1, 2)).to(device)
        described = distance.describe(torch.from_numpy(images[places]).to(device))
        first, second = ([layer[index[:, side]] for layer in described] for side in (0, 1))
        parts.append(distance.between(first, second).double().cpu().numpy())
    return np.concatenate(parts) if parts else np.zeros(0)
