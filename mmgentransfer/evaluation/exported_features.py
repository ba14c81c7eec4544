"""Features through a network that somebody else has trained, from a file of ``torch.export``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmgentransfer.registry import EXTRACTORS

from .feature_cache import file_hash


@EXTRACTORS.register_module()
class ExportedFeatures(nn.Module):
    """What a network of ``torch.export`` gives for images, such as an embedder of faces for :class:`IDDistance`.

    Any network in eval mode becomes such a file, without its code, if its batch may vary::

        batch = {0: torch.export.Dim('batch')}
        program = torch.export.export(network, (torch.zeros(2, 3, 160, 160),), dynamic_shapes=(batch,))
        torch.export.save(program, 'checkpoints/faces.pt2')

    It is read at the first use.

    Args:
        program: The file.
        image_size: Side S that images are resized to (bilinear, antialiased).
        mean: What is subtracted from values in [0, 255], one number or one for each of the three channels.
        std: What they are divided by after that, likewise.

    Raises:
        ValueError: ``image_size`` or ``std`` is not positive.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        program: str,
        image_size: int,
        mean: float | Sequence[float] = 127.5,
        std: float | Sequence[float] = 127.5,
    ) -> None:
        super().__init__()
        for key, value in dict(image_size=image_size, std=std).items():
            if not (torch.as_tensor(value) > 0).all():
                raise ValueError(f'ExportedFeatures.{key}={value} must be above 0')
        self.path = Path(program).expanduser()
        self.image_size = image_size
        for name, value in dict(mean=mean, std=std).items():
            self.register_buffer(name, torch.as_tensor(value).float().view(-1, 1, 1), persistent=False)
        self._net: Any = None
        self._fingerprint: str | None = None

    def missing(self) -> str | None:
        """Returns None if the file is there, else one line that says what to put where."""
        if self.path.is_file():
            return None
        return f"{self.path} does not exist: write a network there with torch.export, or set the extractor's program"

    def fingerprint(self) -> str:
        """Returns a hash of the file and the preprocessing, for cache keys."""
        if self._fingerprint is None:
            settings = f'{self.image_size}/{self.mean.flatten().tolist()}/{self.std.flatten().tolist()}'
            self._fingerprint = f'exported/{settings}/{file_hash(self.path)}'
        return self._fingerprint

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Returns the features of uint8 images.

        Args:
            images: uint8 tensor (N, C, H, W) with C = 3 or 1; one channel is repeated to three.

        Returns:
            ``features``, a float32 tensor (N, F).

        Raises:
            FileNotFoundError: The file is missing.
            ValueError: It holds no exported program, or one that does not take the images or gives no features of each.
        """
        if self._net is None:
            self._net = self._load().to(images.device)
            self.to(images.device)
        x = images.float().expand(-1, 3, -1, -1)
        side = self.image_size
        x = F.interpolate(x, size=(side, side), mode='bilinear', align_corners=False, antialias=True)
        try:
            features = self._net((x - self.mean) / self.std)
        except (AssertionError, RuntimeError) as error:
            raise ValueError(
                f'{self.path} (ExportedFeatures.program) does not take float images of the shape {tuple(x.shape)}; was '
                f'it exported for image_size={side} and batches of any size? {error}'
            ) from error
        if not isinstance(features, Tensor) or len(features) != len(x):
            raise ValueError(f'{self.path} (ExportedFeatures.program) must give one tensor (N, F) for (N, 3, S, S)')
        return {'features': features.flatten(1).float()}

    def _load(self) -> Any:
        if reason := self.missing():
            raise FileNotFoundError(reason)
        try:
            return torch.export.load(self.path).module()
        except Exception as error:  # a zip, a pickle, a version: torch raises all kinds
            raise ValueError(f'{self.path} (ExportedFeatures.program) is no file of torch.export: {error}') from error
