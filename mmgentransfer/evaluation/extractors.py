"""Feature extractors: the networks that metrics look through."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from mmgentransfer.checkpoints import load_state_dict, resolve_checkpoint
from mmgentransfer.registry import EXTRACTORS, MODELS

from .feature_cache import file_hash

_INCEPTION_FILE = 'pt_inception-2015-12-05-6726825d.pth'
_INCEPTION_SHA256_PREFIX = '6726825d'  # the published file's name ends with the start of its own hash


@EXTRACTORS.register_module()
class InceptionFeatures(nn.Module):
    """The 2048 pool features of the Inception network of 2015-12-05 that published FIDs use.

    The network is the port of the package ``pytorch-fid``; torchvision's own Inception weights give other numbers.
    The weights are read at the first use. They are never downloaded.

    Args:
        weights: The weights' file; by default the file of the published name in the ``checkpoints`` folder of
            ``torch.hub.get_dir()``, where ``pytorch-fid`` itself keeps it.
    """

    def __init__(self, weights: str | None = None) -> None:
        super().__init__()
        self.weights = weights
        self.net: nn.Module | None = None
        self._fingerprint: str | None = None

    @property
    def path(self) -> Path:
        """The file that holds, or should hold, the weights."""
        if self.weights is not None:
            return Path(self.weights).expanduser()
        return Path(torch.hub.get_dir()) / 'checkpoints' / _INCEPTION_FILE

    def missing(self) -> str | None:
        """Returns None if the weights' file is there, else one line that says which file to put where."""
        if self.path.is_file():
            return None
        return (
            f'{self.path.name} is not in {self.path.parent}: put the Inception weights there ({_INCEPTION_FILE} of the '
            "release 'fid_weights' of pytorch-fid), or set the extractor's weights to where they are"
        )

    def fingerprint(self) -> str:
        """Returns a hash of the weights' file and the preprocessing, for cache keys."""
        if self._fingerprint is None:
            self._fingerprint = f'inception-pool3/bilinear-299/{file_hash(self.path)}'
        return self._fingerprint

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Returns the pool features of uint8 images.

        Args:
            images: uint8 tensor (N, C, H, W) with C = 3 or 1; one channel is repeated to three.

        Returns:
            ``features``, a float32 tensor (N, 2048).

        Raises:
            FileNotFoundError: The weights are missing.
        """
        if self.net is None:
            self.net = self._load()
        if self.net.Conv2d_1a_3x3.conv.weight.device != images.device:
            self.net.to(images.device)
        x = images.float().div_(255.0)
        # No antialiasing here, and [0, 1] to [-1, 1] after it, in this order: published FIDs depend on it.
        x = nn.functional.interpolate(x, size=(299, 299), mode='bilinear', align_corners=False)
        x = x.mul_(2.0).sub_(1.0)
        if x.shape[1] == 1:
            x = x.expand(-1, 3, -1, -1)
        return {'features': self.net(x)}

    def _load(self) -> nn.Module:
        if reason := self.missing():
            raise FileNotFoundError(reason)
        net = _fid_inception()
        state = torch.load(self.path, map_location='cpu', weights_only=True)
        try:
            net.load_state_dict(state)
        except RuntimeError as error:
            raise ValueError(f"{self.path} (the extractor's weights) does not hold pytorch-fid's network") from error
        if not self.fingerprint().rsplit('/', 1)[1].startswith(_INCEPTION_SHA256_PREFIX):
            warnings.warn(
                f'{self.path} is not the published file (its sha256 does not start with {_INCEPTION_SHA256_PREFIX}): '
                'scores through it can not be compared with published ones',
                RuntimeWarning,
                stacklevel=2,
            )
        net.fc = nn.Identity()  # the features before the class scores are wanted
        return net.eval().requires_grad_(False)


def _fid_inception() -> nn.Module:
    """Builds the architecture of ``pytorch-fid``'s network with whatever weights PyTorch leaves in it.

    ``pytorch-fid`` can build it only together with a download, so its blocks are put together here.
    """
    from pytorch_fid import inception as fid
    from torchvision.models import inception_v3

    with torch.random.fork_rng(devices=[]):  # the random weights are replaced, and must not cost random numbers
        net = inception_v3(weights=None, num_classes=1008, aux_logits=False, init_weights=False)
        net.Mixed_5b = fid.FIDInceptionA(192, pool_features=32)
        net.Mixed_5c = fid.FIDInceptionA(256, pool_features=64)
        net.Mixed_5d = fid.FIDInceptionA(288, pool_features=64)
        net.Mixed_6b = fid.FIDInceptionC(768, channels_7x7=128)
        net.Mixed_6c = fid.FIDInceptionC(768, channels_7x7=160)
        net.Mixed_6d = fid.FIDInceptionC(768, channels_7x7=160)
        net.Mixed_6e = fid.FIDInceptionC(768, channels_7x7=192)
        net.Mixed_7b = fid.FIDInceptionE_1(1280)
        net.Mixed_7c = fid.FIDInceptionE_2(2048)
    return net


@EXTRACTORS.register_module()
class ClassifierFeatures(nn.Module):
    """Features and class scores of a classifier that was trained in this framework.

    Args:
        classifier: Config of the network; it has ``features(x) -> (N, F)`` and ``head(features) -> (N, K)``.
        checkpoint: Its weights: a file, or the folder of the run that trained it.
        value_range: What the darkest and the brightest pixel are to the network.
        prefix: Name of the network inside the checkpoint.
        hint: How to get the checkpoint, such as the command that trains it; shown when it is missing.
    """

    def __init__(
        self,
        classifier: dict,
        checkpoint: str,
        value_range: tuple[float, float] = (0.0, 1.0),
        prefix: str = 'classifier',
        hint: str = '',
    ) -> None:
        super().__init__()
        if not value_range[0] < value_range[1]:
            raise ValueError(f"the extractor's value_range must be (low, high) with low < high; got {value_range}")
        self.checkpoint = checkpoint
        self.value_range = (float(value_range[0]), float(value_range[1]))
        self.prefix = prefix
        self.hint = hint
        self._config = json.dumps(classifier, sort_keys=True, default=str)
        self._loaded = False
        with torch.random.fork_rng(devices=[]):  # the random weights are replaced, and must not cost random numbers
            self.classifier = MODELS.build(classifier)
        self.classifier.eval().requires_grad_(False)

    def missing(self) -> str | None:
        """Returns None if the checkpoint is there, else one line that says how to get it."""
        try:
            resolve_checkpoint(self.checkpoint)
        except FileNotFoundError:
            advice = self.hint or f'put the weights of the {type(self.classifier).__name__} there'
            return f'no checkpoint at {self.checkpoint}: {advice}'
        return None

    def fingerprint(self) -> str:
        """Returns a hash of the weights, the network's config and the preprocessing, for cache keys."""
        self._load()
        digest = hashlib.sha256(f'{self._config}|{self.value_range}'.encode())
        for name, tensor in self.classifier.state_dict().items():
            digest.update(f'{name}|{tensor.dtype}|{tuple(tensor.shape)}'.encode())
            digest.update(tensor.detach().cpu().flatten().contiguous().view(torch.uint8).numpy())
        return f'classifier/{digest.hexdigest()}'

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Returns features and class scores of uint8 images.

        Args:
            images: uint8 tensor (N, C, H, W).

        Returns:
            ``features``, a float32 tensor (N, F), and ``logits``, (N, K).

        Raises:
            FileNotFoundError: The checkpoint is missing.
            ValueError: The checkpoint does not fit the network.
        """
        self._load()
        self.classifier.to(images.device)
        low, high = self.value_range
        features = self.classifier.features(images.float().mul_((high - low) / 255.0).add_(low))
        return {'features': features, 'logits': self.classifier.head(features)}

    def _load(self) -> None:
        if self._loaded:
            return
        path = resolve_checkpoint(self.checkpoint)
        try:
            self.classifier.load_state_dict(load_state_dict(path, self.prefix))
        except RuntimeError as error:
            raise ValueError(
                f"{path} (the extractor's checkpoint, prefix {self.prefix!r}) does not fit the classifier: {error}"
            ) from error
        self._loaded = True
