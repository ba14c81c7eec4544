"""Frozen networks that say what a translation must keep, and the classifiers that they are trained as."""

from __future__ import annotations

import copy
from collections import OrderedDict
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.checkpoints import load_state_dict
from mmgentransfer.registry import MODELS, suggest

__all__ = ['ReducedSemanticExtractor', 'SmallConvBackbone', 'TorchvisionBackbone', 'VGGFaceBackbone']

_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of images in [0, 1]
_VGG_FACE_MEAN = (129.1863, 104.7624, 93.5940)  # of pixels of 0 to 255, RGB
_VGG16_WIDTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class _Backbone(nn.Module):
    """The layers of a network up to one of them, on images (N, 3, H, W) in [0, 1].

    Attributes:
        out_of: Gives the layer's output for a normalised image.
    """

    mean: Tensor
    std: Tensor
    in_channels = 3
    weights: str | None = None

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.register_buffer('mean', torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer('std', torch.tensor(std)[:, None, None], persistent=False)
        self.net: nn.Module

    @property
    def random_parts(self) -> list[str]:
        """The parts that keep random weights, by name."""
        return [] if self.weights else ['backbone']

    def missing(self) -> str | None:
        """Returns None if the weights' file is there or none is wanted, else one line that says what to put where."""
        return None

    def load_weights(self) -> None:
        """Reads the weights' file, if there is to be one.

        Raises:
            FileNotFoundError: It is missing.
            ValueError: It does not hold this network.
        """

    def _load(self, path: Path, names: dict[str, str] | None = None) -> None:
        if reason := self.missing():
            raise FileNotFoundError(reason)
        state = load_state_dict(str(path))
        wanted = {key: (names or {}).get(key, key) for key in self.net.state_dict()}
        if lacking := [name for name in wanted.values() if name not in state]:
            raise ValueError(f'{path} ({type(self).__name__}.weights) lacks {lacking[:4]}, {len(lacking)} tensors')
        try:
            self.net.load_state_dict({key: state[name] for key, name in wanted.items()})
        except RuntimeError as error:
            raise ValueError(f'{path} ({type(self).__name__}.weights) does not fit: {error}') from error

    def forward(self, images: Tensor) -> Tensor:
        """Maps images (N, 3, H, W) in [0, 1] to the layer's output, (N, C, h, w) or (N, F)."""
        return self.net((images - self.mean) / self.std)

    def maps(self, images: Tensor) -> Tensor:
        """Returns the layer's output as what an image shows, for a :class:`SemanticConstraintLoss`."""
        return self(images)


def _up_to(layers: list[tuple[str, nn.Module]], layer: str, network: str) -> nn.Sequential:
    """Returns the layers up to the one of this name."""
    names = [name for name, _ in layers]
    _check_layer(layer, names, network)
    return nn.Sequential(OrderedDict(layers[: names.index(layer) + 1]))


def _check_layer(layer: str, names: list[str], network: str) -> None:
    if layer not in names:
        raise ValueError(f'{network}.layer={layer!r} is unknown.{suggest(layer, names)} Its layers: {", ".join(names)}')


@MODELS.register_module()
class SmallConvBackbone(_Backbone):
    """3x3 convolutions with ReLUs and 2x2 max pooling between them, for small images; 6,032 parameters by default.

    Args:
        widths: Channels of the convolutions.
        layer: 'conv1', 'relu1', 'pool1', 'conv2', ...; None: the last ReLU.

    Raises:
        ValueError: There is no such layer.
    """

    def __init__(self, widths: tuple[int, ...] = (8, 16, 32), layer: str | None = None) -> None:
        super().__init__(mean=(0.5,) * 3, std=(0.5,) * 3)
        layers: list[tuple[str, nn.Module]] = []
        channels = 3
        for number, width in enumerate(widths, start=1):
            if number > 1:
                layers.append((f'pool{number - 1}', nn.MaxPool2d(2)))
            convolution = nn.Conv2d(channels, width, 3, padding=1)
            layers += [(f'conv{number}', convolution), (f'relu{number}', nn.ReLU())]
            channels = width
        self.net = _up_to(layers, layer or layers[-1][0], 'SmallConvBackbone')


@MODELS.register_module()
class VGGFaceBackbone(_Backbone):
    """VGG-Face (Parkhi et al., 2015), a VGG-16 that was trained to tell 2,622 people apart, up to a layer.

    Args:
        layer: 'conv1_1', 'relu1_1', ..., 'pool1', ..., 'relu5_3', 'pool5'; and, on images of 224x224, 'fc6', 'relu6',
            'fc7', 'relu7'.
        weights: File of the weights, a state dict with the names 'conv1_1.weight', ..., as the PyTorch conversion
            ``vgg_face_dag`` of Oxford's release has them; None for none.

    Raises:
        ValueError: There is no such layer.
    """

    def __init__(self, layer: str = 'relu5_3', weights: str | None = None) -> None:
        super().__init__(tuple(m / 255 for m in _VGG_FACE_MEAN), (1 / 255,) * 3)
        self.weights = weights
        layers: list[tuple[str, nn.Module]] = []
        channels = 3
        names = [
            *((f'{kind}{b}_{i}', width) for b, block in enumerate(_VGG16_WIDTHS, 1) for i, width in enumerate(block, 1)
              for kind in ('conv', 'relu')),
        ]  # fmt: skip
        for name, width in names:
            layers.append((name, _skipped(nn.Conv2d, channels, width, 3, padding=1) if 'conv' in name else nn.ReLU()))
            channels = width
            if name in ('relu1_2', 'relu2_2', 'relu3_3', 'relu4_3', 'relu5_3'):
                layers.append((f'pool{name[4]}', nn.MaxPool2d(2)))
        if layer.startswith('fc') or layer in ('relu6', 'relu7'):
            layers += [('flatten', nn.Flatten())]
            layers += [('fc6', _skipped(nn.Linear, 512 * 7 * 7, 4096)), ('relu6', nn.ReLU())]
            layers += [('fc7', _skipped(nn.Linear, 4096, 4096)), ('relu7', nn.ReLU())]
        self.net = _up_to(layers, layer, 'VGGFaceBackbone')

    def missing(self) -> str | None:
        """See the base."""
        if self.weights is None or Path(self.weights).expanduser().is_file():
            return None
        return (
            f'there is no {self.weights}, the weights of VGG-Face (VGGFaceBackbone.weights): put the PyTorch '
            "conversion 'vgg_face_dag' of Oxford's release there"
        )

    def load_weights(self) -> None:
        """See the base."""
        if self.weights is not None:
            self._load(Path(self.weights).expanduser())


def _skipped(kind: type[nn.Module], *args: Any, **kwargs: Any) -> nn.Module:
    """Returns a layer whose random start, which takes long in large ones, is cheap: it is to be replaced."""
    layer = nn.utils.skip_init(kind, *args, device=torch.get_default_device(), **kwargs)
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)
    return layer


@MODELS.register_module()
class TorchvisionBackbone(_Backbone):
    """A classifier of torchvision up to a layer.

    The weights are read when they are needed, and never downloaded.

    Args:
        arch: Name of torchvision's model.
        layer: A part or node of its graph, e.g. 'layer4' of a ResNet; those of a VGG may be called 'conv5_3',
            'relu5_3', 'pool5', ... as well.
        weights: Name of torchvision's weights, whose file is looked for in the folder ``checkpoints`` of
            ``torch.hub.get_dir()``, or the path of a file with a state dict of the model; None for a random start.

    Raises:
        ValueError: torchvision has no such model, or the model no such layer.
    """

    def __init__(self, arch: str = 'vgg16', layer: str = 'relu5_3', weights: str | None = 'IMAGENET1K_V1') -> None:
        super().__init__(_IMAGENET_MEAN, _IMAGENET_STD)
        from torchvision import models
        from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

        if arch not in models.list_models(module=models):
            raise ValueError(f'torchvision has no classifier {arch!r}.{suggest(arch, models.list_models(models))}')
        self.arch = arch
        self.weights = weights
        with torch.device('meta'):  # the classifier's largest layers are never needed
            net = models.get_model(arch, weights=None)
        nodes = get_graph_node_names(net)[1]
        short = _vgg_names(net) if arch.startswith('vgg') else {}
        blocks = [name for name, _ in net.named_children()]
        _check_layer(layer, list(dict.fromkeys([*short, *blocks, *nodes])), f'TorchvisionBackbone(arch={arch!r})')
        # only the nodes that the layer needs are kept
        self.net = create_feature_extractor(net, {short.get(layer, layer): 'output'})
        self.net.to_empty(device=torch.get_default_device())
        for module in self.net.modules():
            for parameter in module.parameters(recurse=False):
                nn.init.zeros_(parameter)
            if hasattr(module, 'reset_parameters'):
                module.reset_parameters()

    @property
    def path(self) -> Path | None:
        """The file that holds, or should hold, the weights."""
        from torchvision import models

        if self.weights is None:
            return None
        named = models.get_model_weights(self.arch).__members__
        if self.weights in named:
            return Path(torch.hub.get_dir()) / 'checkpoints' / Path(named[self.weights].url).name
        return Path(self.weights).expanduser()

    def missing(self) -> str | None:
        """See the base."""
        if self.path is None or self.path.is_file():
            return None
        return (
            f"there is no {self.path}, the weights of {self.arch}: put torchvision's file there, or set "
            'TorchvisionBackbone.weights to the path of another'
        )

    def load_weights(self) -> None:
        """See the base."""
        if self.path is not None:
            self._load(self.path)

    def forward(self, images: Tensor) -> Tensor:
        """See the base."""
        return super().forward(images)['output']


def _vgg_names(net: nn.Module) -> dict[str, str]:
    """Returns the nodes of a VGG by the usual names of its layers."""
    names, block, number = {}, 1, 0
    for index, layer in enumerate(net.features):
        if isinstance(layer, nn.MaxPool2d):
            names[f'pool{block}'] = f'features.{index}'
            block, number = block + 1, 0
            continue
        number += isinstance(layer, nn.Conv2d)
        kind = {'Conv2d': 'conv', 'BatchNorm2d': 'norm', 'ReLU': 'relu'}[type(layer).__name__]
        names[f'{kind}{block}_{number}'] = f'features.{index}'
    return names


@MODELS.register_module()
class ReducedSemanticExtractor(BaseModule):
    """What an image shows of a property, as a map of D channels: a layer of a classifier, reduced (thesis 5.4.2).

    A 1x1 convolution without activation squeezes the layer's maps to D channels. With a head it is a classifier of the
    property, as which :class:`ImageClassifier` trains it, the reduction included; with the smallest D that still
    classifies well, the maps hold the property and little else. :class:`SemanticConstraintLoss` uses it frozen.

    Args:
        backbone: Config of :class:`SmallConvBackbone`, :class:`TorchvisionBackbone` or :class:`VGGFaceBackbone`, which
            have the layer.
        reduce_dim: D; None takes the layer as it is.
        num_classes: Classes K of the head; None for no head.
        image_size: Side S of the images, which the head 'flatten' depends on.
        head: 'flatten': a linear layer on all positions; 'pool': on their mean.
        input_size: Side that images are resized to before the backbone; None leaves them.
        init_cfg: MMEngine's initialisation config, such as the weights of a trained one; without one the backbone's
            own ``weights`` are read.

    Attributes:
        out_shape: Shape of the maps, (D, h, w).

    Raises:
        ValueError: ``head`` is unknown, or ``reduce_dim`` is given for a layer without maps.
    """

    in_channels = 3

    def __init__(
        self,
        backbone: dict[str, Any],
        reduce_dim: int | None = None,
        num_classes: int | None = None,
        image_size: int = 128,
        head: Literal['flatten', 'pool'] = 'flatten',
        input_size: int | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if head not in ('flatten', 'pool'):
            raise ValueError(f"ReducedSemanticExtractor.head={head!r} is unknown: use 'flatten' or 'pool'.")
        if reduce_dim is not None and reduce_dim < 1:
            raise ValueError(f'ReducedSemanticExtractor.reduce_dim={reduce_dim} must be at least 1, or None.')
        self.image_size = image_size
        self.input_size = input_size
        self.reduce_dim = reduce_dim
        self.num_classes = num_classes
        self.pooled = head == 'pool'
        self.backbone = MODELS.build(backbone)
        side = input_size or image_size
        shape = copy.deepcopy(self.backbone).to('meta').eval()(torch.empty(1, 3, side, side, device='meta')).shape[1:]
        self.reduction: nn.Module = nn.Identity()
        if reduce_dim is not None:
            if len(shape) != 3:
                raise ValueError(
                    f'ReducedSemanticExtractor.reduce_dim={reduce_dim} needs a layer with maps; the backbone gives '
                    f'{tuple(shape)} for an image'
                )
            self.reduction = nn.Conv2d(shape[0], reduce_dim, 1)
            shape = (reduce_dim, *shape[1:])
        self.out_shape = tuple(shape)
        self.feature_size = self.out_shape[0] if self.pooled else torch.Size(self.out_shape).numel()
        self.head = None if num_classes is None else nn.Linear(self.feature_size, num_classes)

    @property
    def random_parts(self) -> list[str]:
        """The parts that keep random weights unless it is trained, by name."""
        if self.init_cfg:
            return []
        parts = self.backbone.random_parts
        return parts if self.reduce_dim is None else [*parts, 'reduction']

    def init_weights(self) -> None:
        """Reads the backbone's weights, or applies ``init_cfg``; without effect when called again.

        Raises:
            FileNotFoundError: A file is missing.
            ValueError: A file does not hold this network.
        """
        if not self.is_init and not self.init_cfg:
            self.backbone.load_weights()
        super().init_weights()

    def maps(self, images: Tensor) -> Tensor:
        """Maps images (N, 3, H, W) in [0, 1] to what they show of the property, (N, D, h, w).

        With ``input_size`` images of any other size are stretched to that square.
        """
        size = (self.input_size, self.input_size)
        if self.input_size is not None and images.shape[-2:] != size:
            images = F.interpolate(images, size=size, mode='bilinear', align_corners=False, antialias=True)
        return self.reduction(self.backbone(images))

    def features(self, images: Tensor) -> Tensor:
        """Maps images (N, 3, S, S) in [0, 1] to what the head takes, (N, F)."""
        maps = self.maps(images)
        if self.reduce_dim is None:
            maps = maps.clamp(min=0)  # no ReLU: distances look at those of the layers
        return maps.flatten(2).mean(2) if self.pooled and maps.ndim == 4 else maps.flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        """Maps images (N, 3, S, S) in [0, 1] to class logits (N, K).

        Raises:
            ValueError: It was built without a head.
        """
        if self.head is None:
            raise ValueError('ReducedSemanticExtractor.num_classes is None: without a head it does not classify')
        return self.head(self.features(images))
