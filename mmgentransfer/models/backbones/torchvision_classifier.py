"""Pre-trained classifiers of natural images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.checkpoints import load_state_dict
from mmgentransfer.registry import MODELS, suggest

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's images in [0, 1]


def weights_path(arch: str, weights: str) -> Path:
    """Returns the file of torchvision's weights of this name for a model, or ``weights`` as a path."""
    from torchvision import models

    named = models.get_model_weights(arch).__members__
    if weights in named:
        return Path(torch.hub.get_dir()) / 'checkpoints' / Path(named[weights].url).name
    return Path(weights).expanduser()


@MODELS.register_module()
class TorchvisionClassifier(BaseModule):
    """A classifier of torchvision with trained weights, such as ImageNet's, on images of any size.

    Images are resized and normalised as the weights expect. The weights are read by ``init_weights`` and never
    downloaded; a checkpoint of a model that this network is part of holds them too.

    Args:
        arch: Name of torchvision's model, e.g. ``'resnet50'``.
        weights: Name of torchvision's weights, whose file is looked for in the folder ``checkpoints`` of
            ``torch.hub.get_dir()``, or the path of a file with a state dict of this model.
        prefix: What precedes the names of the tensors in that file, e.g. ``'module'``.
        num_classes: Number of classes K, those of the weights unless the head is new.
        input_size: Side that images are resized to.
        new_head: Whether the last linear layer keeps its random start: for ``num_classes`` that are not the weights'.
        init_cfg: MMEngine's initialisation config; with one, ``weights`` are not read.

    Raises:
        ValueError: torchvision has no such model, or one without the linear layer that ``new_head`` is for.
    """

    mean: Tensor
    std: Tensor
    in_channels = 3

    def __init__(
        self,
        arch: str = 'resnet50',
        weights: str = 'IMAGENET1K_V1',
        prefix: str = '',
        num_classes: int = 1000,
        input_size: int = 224,
        new_head: bool = False,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        from torchvision import models

        if arch not in models.list_models(module=models):
            raise ValueError(f'torchvision has no classifier {arch!r}.{suggest(arch, models.list_models(models))}')
        self.arch = arch
        self.weights = weights
        self.prefix = prefix
        self.num_classes = num_classes
        self.input_size = input_size
        self.new_head = new_head
        self.net = models.get_model(arch, weights=None, num_classes=num_classes)
        if new_head:
            self._head_name()
        self.register_buffer('mean', torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer('std', torch.tensor(_STD)[:, None, None], persistent=False)

    def _head_name(self) -> str:
        """Returns the name of the last linear layer.

        Raises:
            ValueError: The model has none.
        """
        names = [name for name, module in self.net.named_modules() if isinstance(module, nn.Linear)]
        if not names:
            raise ValueError(f'{self.arch} does not end in a linear layer: it has no head to replace, and no features')
        return names[-1]

    @property
    def head(self) -> nn.Module:
        """The last linear layer, which maps features to class logits."""
        return self.net.get_submodule(self._head_name())

    @property
    def path(self) -> Path:
        """The file that holds, or should hold, the weights."""
        return weights_path(self.arch, self.weights)

    def init_weights(self) -> None:
        """Reads the weights, or applies ``init_cfg``; without effect when called again.

        Raises:
            FileNotFoundError: The weights' file is missing.
            ValueError: It does not hold this model.
        """
        if not self.is_init and not self.init_cfg:
            if not self.path.is_file():
                raise FileNotFoundError(
                    f"there is no {self.path}, the weights of {self.arch}: put torchvision's file there, or set the "
                    "network's weights to the path of another"
                )
            state = load_state_dict(str(self.path), self.prefix)
            if self.new_head:
                head = self._head_name()
                state |= {f'{head}.{key}': value for key, value in self.head.state_dict().items()}
            try:
                self.net.load_state_dict(state)
            except RuntimeError as error:
                raise ValueError(
                    f"{self.path} (the network's weights, prefix {self.prefix!r}) does not hold a {self.arch} of "
                    f'{self.num_classes} classes: {error}'
                ) from error
        super().init_weights()

    def features(self, images: Tensor) -> Tensor:
        """Maps images (N, 3, S, S) in [0, 1] to what the last linear layer takes (N, F)."""
        taken: list[Tensor] = []
        handle = self.head.register_forward_pre_hook(lambda _, inputs: taken.append(inputs[0]))
        try:
            self(images)
        finally:
            handle.remove()
        return taken[0]

    def forward(self, images: Tensor) -> Tensor:
        """Maps images (N, 3, S, S) in [0, 1] to class logits (N, K)."""
        size = (self.input_size, self.input_size)
        images = F.interpolate(images, size=size, mode='bilinear', align_corners=False, antialias=True)
        return self.net((images - self.mean) / self.std)
