"""What a modality's values are: how a network sees them, how they are compared, what a prediction becomes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from mmgentransfer.registry import MODELS

__all__ = ['DepthModality', 'ImageModality', 'MapModality', 'Modality', 'SegmentationModality']

FARTHEST_MEDIAN = 100.0  # metres; a larger median of a depth map is taken for millimetres


class Modality:
    """Base of the modalities.

    Attributes:
        channels: Channels that an encoder takes and a decoder gives.
        value_range: What the bytes 0 and 255 of a batch stand for; None if a batch holds no such images.
    """

    channels: int
    value_range: tuple[float, float] | None = None

    @property
    def pixel_shape(self) -> tuple[int, ...]:
        """What follows (H, W) in the shape of an array of this modality: () or (channels,)."""
        return ()

    def check(self, values: Tensor) -> None:
        """Checks a batch's values, (N, channels, H, W) unless a modality says otherwise.

        Raises:
            ValueError: The shape or a value is wrong.
        """
        if values.ndim != 4 or values.shape[1] != self.channels or not values.is_floating_point():
            raise ValueError(
                f'expected float maps (N, {self.channels}, H, W), got {values.dtype} of the shape {tuple(values.shape)}'
            )
        if not torch.isfinite(values).all():
            raise ValueError('some values are not finite')

    def to_input(self, values: Tensor) -> Tensor:
        """Maps a batch's values to what the encoder takes: float (N, channels, H, W)."""
        return values

    def compare(
        self, loss: Callable[..., Tensor], prediction: Tensor, target: Tensor, synthesised: bool = False
    ) -> Tensor:
        """Returns the modality's loss of a decoder's output against values of a batch, or against a pseudo target."""
        return loss(prediction, target)

    def pseudo_target(self, prediction: Tensor, label: str, min_confidence: float) -> Tensor:
        """Turns a decoder's output into what another translation may learn from: the output itself."""
        return prediction

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

    value_range = (-1.0, 1.0)

    def __init__(self, channels: int = 3) -> None:
        self.channels = channels

    @property
    def pixel_shape(self) -> tuple[int, ...]:
        """(channels,), or () for grey images."""
        return () if self.channels == 1 else (self.channels,)

    def to_values(self, prediction: Tensor) -> Tensor:
        """Clamps to [-1, 1]."""
        return prediction.clamp(-1, 1)

    def from_pixels(self, values: Tensor) -> Tensor:
        """Maps uint8 (N, H, W, C), or (N, H, W) for one channel, to [-1, 1].

        Raises:
            ValueError: The values are not uint8.
        """
        if values.dtype != torch.uint8:
            raise ValueError(f'images are uint8, got {values.dtype}')
        values = values[..., None] if values.ndim == 3 else values
        return values.movedim(-1, 1).to(torch.float32) / 127.5 - 1

    def to_pixels(self, values: Tensor) -> Tensor:
        """Maps [-1, 1] to uint8 (N, H, W, C), or (N, H, W) for one channel."""
        pixels = ((values + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        return pixels[:, 0] if self.channels == 1 else pixels.movedim(1, -1)


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

    @property
    def pixel_shape(self) -> tuple[int, ...]:
        """(channels,), or () for a single channel."""
        return () if self.channels == 1 else (self.channels,)

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

    def compare(
        self, loss: Callable[..., Tensor], prediction: Tensor, target: Tensor, synthesised: bool = False
    ) -> Tensor:
        """Returns the loss over valid pixels; a synthesised target has no others."""
        return loss(prediction, target, None if synthesised else self.valid(target))

    def check(self, values: Tensor) -> None:
        """Checks shape and values, and warns of what looks like millimetres.

        Raises:
            ValueError: They are not finite floats (N, 1, H, W).
        """
        super().check(values)
        valid = self.valid(values)
        measured = values if valid is None else values[valid]
        if measured.numel() and measured.median() > FARTHEST_MEDIAN:
            warnings.warn(
                f'depth has a median of {measured.median():.0f} and goes from {measured.min():.4g} to '
                f'{measured.max():.4g}; it should be in metres, and these look like millimetres: set scale=0.001 '
                'of the DepthReader (translate: --depth-scale 0.001)',
                stacklevel=2,
            )

    def valid(self, target: Tensor) -> Tensor | None:
        """Returns which pixels were measured, or None for all."""
        return None if self.invalid_value is None else target != self.invalid_value

    def to_values(self, prediction: Tensor) -> Tensor:
        """Clamps to [0, max_depth]."""
        return prediction.clamp(0, self.max_depth)

    def from_pixels(self, values: Tensor) -> Tensor:
        """Maps metres (N, H, W) to (N, 1, H, W).

        Raises:
            ValueError: The values are whole numbers, as depth in millimetres is stored.
        """
        if not values.is_floating_point():
            raise ValueError(f'depth is in metres, as floats; got {values.dtype}: divide millimetres by 1000')
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
            ValueError: They are no whole numbers, or one is neither a class nor ``ignore_index``.
        """
        if values.is_floating_point():
            raise ValueError(f'labels are whole numbers, got {values.dtype}')
        values = values.to(torch.int64)
        self._check_labels(values)
        return values

    def check(self, values: Tensor) -> None:
        """Checks labels, int64 (N, H, W).

        Raises:
            ValueError: The shape is another, or a label is neither a class nor ``ignore_index``.
        """
        if values.ndim != 3 or values.is_floating_point():
            raise ValueError(f'expected labels (N, H, W), got {values.dtype} of the shape {tuple(values.shape)}')
        self._check_labels(values)

    def _check_labels(self, values: Tensor) -> None:
        wrong = values[((values < 0) | (values >= self.num_classes)) & (values != self.ignore_index)]
        if wrong.numel():
            raise ValueError(
                f'the segmentation has labels {sorted(set(wrong.tolist()))[:5]}; classes are 0 to '
                f'{self.num_classes - 1}, and {self.ignore_index} is ignored'
            )

    def to_pixels(self, values: Tensor) -> Tensor:
        """Labels as uint8 (N, H, W)."""
        return values.to(torch.uint8)
