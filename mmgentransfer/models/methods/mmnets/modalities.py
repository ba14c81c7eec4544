"""What a modality's values are: how a network sees them, how they are compared, what a prediction becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmgentransfer.registry import MODELS

__all__ = ['DepthModality', 'ImageModality', 'MapModality', 'Modality', 'SegmentationModality']


class Modality:
    """Base of the modalities.

    Attributes:
        channels: Channels that an encoder takes and a decoder gives.
    """

    channels: int

    def to_input(self, values: Tensor) -> Tensor:
        """Maps a batch's values to what the encoder takes: float (N, channels, H, W)."""
        return values

    def compare(self, loss: Callable[..., Tensor], prediction: Tensor, target: Tensor) -> Tensor:
        """Returns the modality's loss of a decoder's output against values of a batch."""
        return loss(prediction, target)

    def pseudo_target(self, prediction: Tensor, label: str, min_confidence: float) -> Tensor:
        """Turns a decoder's output into what another translation may learn from."""
        return self.to_values(prediction)

    def to_values(self, prediction: Tensor) -> Tensor:
        """Maps a decoder's output to values of the modality, as a batch has them."""
        return prediction

    def from_pixels(self, values: Tensor) -> Tensor:
        """Maps what a file holds, channels last, (N, H, W[, C]), to values of a batch."""
        raise NotImplementedError

    def to_pixels(self, values: Tensor) -> Tensor:
        """Maps values of a batch to what a file holds, channels last."""
        raise NotImplementedError


@MODELS.register_module()
class ImageModality(Modality):
    """Colour or grey images: float (N, channels, H, W) in [-1, 1], uint8 (H, W, 3) in files.

    Args:
        channels: Number of channels.
    """

    def __init__(self, channels: int = 3) -> None:
        self.channels = channels

    def to_values(self, prediction: Tensor) -> Tensor:
        """Clamps to [-1, 1]."""
        return prediction.clamp(-1, 1)

    def from_pixels(self, values: Tensor) -> Tensor:
        """Maps uint8 (N, H, W, C), or (N, H, W) for one channel, to [-1, 1]."""
        values = values[..., None] if values.ndim == 3 else values
        return values.movedim(-1, 1).to(torch.float32) / 127.5 - 1

    def to_pixels(self, values: Tensor) -> Tensor:
        """Maps [-1, 1] to uint8 (N, H, W, C)."""
        return ((values + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).movedim(1, -1)


@MODELS.register_module()
class MapModality(Modality):
    """Maps of real numbers, such as near-infrared or opponent colours: float (N, channels, H, W).

    Args:
        channels: Number of channels.
        value_range: Smallest and largest value, to which predictions are clamped.
    """

    def __init__(self, channels: int = 1, value_range: tuple[float, float] = (0.0, 1.0)) -> None:
        self.channels = channels
        self.value_range = tuple(value_range)

    def to_values(self, prediction: Tensor) -> Tensor:
        """Clamps to the range."""
        return prediction.clamp(*self.value_range)

    def from_pixels(self, values: Tensor) -> Tensor:
        """Maps (N, H, W[, C]) to float (N, C, H, W); 8-bit numbers from 0..255 to the range."""
        low, high = self.value_range
        scale = (high - low) / 255 if values.dtype == torch.uint8 else 1.0
        offset = low if values.dtype == torch.uint8 else 0.0
        values = values[..., None] if values.ndim == 3 else values
        return values.movedim(-1, 1).to(torch.float32) * scale + offset

    def to_pixels(self, values: Tensor) -> Tensor:
        """Maps (N, C, H, W) to float32 (N, H, W) with one channel, else (N, H, W, C)."""
        return values[:, 0] if self.channels == 1 else values.movedim(1, -1)


@MODELS.register_module()
class DepthModality(Modality):
    """Depth in metres: float (N, 1, H, W).

    Args:
        invalid_value: The value that stands for a missing measurement; such pixels are in no loss and no score.
        max_depth: Metres that predictions are clamped to; None for no limit.
    """

    channels = 1

    def __init__(self, invalid_value: float | None = 0.0, max_depth: float | None = None) -> None:
        self.invalid_value = invalid_value
        self.max_depth = max_depth

    def compare(self, loss: Callable[..., Tensor], prediction: Tensor, target: Tensor) -> Tensor:
        """Returns the loss over valid pixels."""
        return loss(prediction, target, self.valid(target))

    def valid(self, target: Tensor) -> Tensor | None:
        """Returns which pixels were measured, or None for all."""
        return None if self.invalid_value is None else target != self.invalid_value

    def to_values(self, prediction: Tensor) -> Tensor:
        """Clamps to [0, max_depth]."""
        return prediction.clamp(0, self.max_depth)

    def pseudo_target(self, prediction: Tensor, label: str, min_confidence: float) -> Tensor:
        """Returns the prediction itself, which may lie a little below 0."""
        return prediction

    def from_pixels(self, values: Tensor) -> Tensor:
        """Maps metres (N, H, W) to (N, 1, H, W)."""
        return values[:, None].to(torch.float32)

    def to_pixels(self, values: Tensor) -> Tensor:
        """Maps (N, 1, H, W) to metres (N, H, W)."""
        return values[:, 0]


@MODELS.register_module()
class SegmentationModality(Modality):
    """Class labels: int64 (N, H, W); encoders take one-hot maps, in which an ignored pixel is the zero vector.

    Args:
        num_classes: Number of classes K.
        ignore_index: The label of pixels that are in no loss and no score.
        void: A class that is trained, but not scored; None if there is none.
        class_names: K names, for tables and legends.
        palette: K colours of 0 to 255, for pictures.

    Raises:
        ValueError: ``class_names`` or ``palette`` are not K.
    """

    def __init__(
        self,
        num_classes: int,
        ignore_index: int = 255,
        void: int | None = None,
        class_names: Sequence[str] | None = None,
        palette: Sequence[Sequence[int]] | None = None,
    ) -> None:
        for key, value in (('class_names', class_names), ('palette', palette)):
            if value is not None and len(value) != num_classes:
                raise ValueError(f'SegmentationModality.{key} has {len(value)} entries for num_classes={num_classes}')
        self.channels = self.num_classes = num_classes
        self.ignore_index = ignore_index
        self.void = void
        self.class_names = list(class_names or map(str, range(num_classes)))
        self.palette = None if palette is None else [tuple(colour) for colour in palette]

    def to_input(self, values: Tensor) -> Tensor:
        """Maps labels (N, H, W), or soft ones (N, K, H, W) as they are, to one-hot maps (N, K, H, W)."""
        if values.is_floating_point():
            return values
        # one more class takes the ignored pixels and is cut off
        classes = torch.where(values == self.ignore_index, self.num_classes, values)
        return F.one_hot(classes, self.num_classes + 1)[..., :-1].movedim(-1, 1).to(torch.float32)

    def pseudo_target(self, prediction: Tensor, label: str, min_confidence: float) -> Tensor:
        """Returns labels, ignored where the top class has less than ``min_confidence``; 'soft': probabilities."""
        probabilities = prediction.softmax(1)
        if label == 'soft':
            return probabilities
        top, labels = probabilities.max(1)
        return torch.where(top < min_confidence, self.ignore_index, labels)

    def to_values(self, prediction: Tensor) -> Tensor:
        """Takes the class with the highest logit: int64 (N, H, W)."""
        return prediction.argmax(1)

    def from_pixels(self, values: Tensor) -> Tensor:
        """Takes labels (N, H, W) as they are.

        Raises:
            ValueError: A label is neither a class nor ``ignore_index``.
        """
        values = values.to(torch.int64)
        wrong = values[((values < 0) | (values >= self.num_classes)) & (values != self.ignore_index)]
        if wrong.numel():
            raise ValueError(
                f'the segmentation has labels {sorted(set(wrong.tolist()))[:5]}; classes are 0 to '
                f'{self.num_classes - 1}, and {self.ignore_index} is ignored'
            )
        return values

    def to_pixels(self, values: Tensor) -> Tensor:
        """Labels as uint8 (N, H, W)."""
        return values.to(torch.uint8)


def build_modalities(configs: dict[str, dict]) -> dict[str, Modality]:
    """Builds each modality of a model from its config."""
    return {name: MODELS.build(cfg) for name, cfg in configs.items()}


def check_networks(modalities: dict[str, Modality], encoders: nn.ModuleDict, decoders: nn.ModuleDict) -> None:
    """Checks that every modality has an encoder and a decoder, and that any decoder fits behind any encoder.

    Raises:
        ValueError: They are not as many, or their channels or stages differ.
    """
    for key, networks in (('encoders', encoders), ('decoders', decoders)):
        if set(networks) != set(modalities):
            raise ValueError(f'model.networks.{key} are {sorted(networks)}, the modalities {sorted(modalities)}')
    for name, modality in modalities.items():
        for key, attribute, network in (
            ('encoders', 'in_channels', encoders[name]),
            ('decoders', 'out_channels', decoders[name]),
        ):
            found = getattr(network, attribute)
            if found != modality.channels:
                raise ValueError(
                    f'model.networks.{key}.{name}.{attribute} is {found}, but the modality {name!r} has '
                    f'{modality.channels} channels'
                )
    first_name, first = next(iter(encoders.items()))
    for key, networks in (('encoders', encoders), ('decoders', decoders)):
        for name, network in networks.items():
            found, wanted = getattr(network, 'stage_channels', None), getattr(first, 'stage_channels', None)
            if found is not None and wanted is not None and tuple(found) != tuple(wanted):
                raise ValueError(
                    f'model.networks.{key}.{name}.stage_channels is {tuple(found)}, that of '
                    f'model.networks.encoders.{first_name} {tuple(wanted)}: every decoder must fit behind every encoder'
                )
