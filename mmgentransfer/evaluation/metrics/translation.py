"""Metrics of translations between aligned modalities (thesis section 4.6.1).

Each keeps ``sums``, one tensor on the device of the predictions, whose sum over processes is that of the whole test
set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmgentransfer.registry import EXTRACTORS, METRICS, suggest

from ..functional import class_iou, confusion_counts, depth_sums, errors_from_sums, global_accuracy, miou

__all__ = ['AlignmentFactor', 'DepthError', 'MIoU', 'MapError', 'TranslatedClassifierAccuracy']


class _Sums:
    """What the metrics have in common: sums that are made where the first batch is."""

    modality: str | None = None
    tasks: list[str] | None = None
    """Names of the tasks that are scored; None: all whose target is the modality."""

    def __init__(self) -> None:
        self.sums: Tensor | None = None

    def bind(self, model: nn.Module) -> None:
        """Looks at the model that is scored, before any work.

        Raises:
            ValueError: It has no such modality.
        """
        known = list(model.modalities)
        if self.modality is not None and self.modality not in known:
            raise ValueError(
                f'{type(self).__name__}.modality is {self.modality!r}; the modalities are {known}.'
                f'{suggest(self.modality, known)}'
            )

    def reset(self) -> None:
        """Forgets what was scored."""
        self.sums = None

    def _add(self, values: Tensor) -> None:
        values = values.to(torch.float64)
        self.sums = values if self.sums is None else self.sums + values


@METRICS.register_module()
class MIoU(_Sums):
    """Intersection over union of each class, their mean, and the share of correct pixels, all in percent.

    One confusion matrix is made of the whole test set, on the device. Pixels whose true label is ignored or void are
    left out; a void prediction on another pixel is a miss of its class. The mean is over the classes that occur in the
    labels or the predictions.

    Args:
        modality: The segmentation that is scored.
        per_class: Whether to report every class's score, as ``iou_<name>``.
    """

    def __init__(self, modality: str = 'segmentation', per_class: bool = True) -> None:
        super().__init__()
        self.modality = modality
        self.per_class = per_class

    def bind(self, model: nn.Module) -> None:
        """Takes the classes from the model's modality.

        Raises:
            ValueError: The modality has no classes.
        """
        super().bind(model)
        modality = model.modalities[self.modality]
        if not hasattr(modality, 'num_classes'):
            raise ValueError(f'MIoU.modality={self.modality!r} must be one of the model that has classes')
        self.num_classes, self.void = modality.num_classes, modality.void
        self.ignore_index, self.class_names = modality.ignore_index, modality.class_names

    def process(self, prediction: Tensor, target: Tensor) -> None:
        """Takes in logits (N, K, H, W) and labels (N, H, W)."""
        self._add(confusion_counts(prediction.argmax(1), target, self.num_classes, self.ignore_index))

    def compute(self) -> dict[str, float]:
        """Returns ``miou``, ``global`` and, on request, ``iou_<class>``."""
        confusion = self.sums.cpu().numpy()
        scores = {'miou': 100 * miou(confusion, self.void), 'global': 100 * global_accuracy(confusion, self.void)}
        if self.per_class:
            iou = class_iou(confusion, self.void)
            scores |= {
                f'iou_{name}': 100 * float(value)
                for i, (name, value) in enumerate(zip(self.class_names, iou, strict=True))
                if i != self.void
            }
        return scores


@METRICS.register_module()
class DepthError(_Sums):
    """Accuracy under thresholds and root mean squared errors of depth (thesis eq. 4.15).

    Pixels without a measurement (0) are left out.

    Args:
        modality: The depth that is scored.
        min_depth: Metres that predictions are raised to.
        max_depth: Metres beyond which a true depth is not scored; None for no limit.
        pool: 'pixel' takes all pixels of the test set together, 'image' averages the images' scores.
    """

    def __init__(
        self,
        modality: str = 'depth',
        min_depth: float = 1e-3,
        max_depth: float | None = None,
        pool: Literal['pixel', 'image'] = 'pixel',
    ) -> None:
        super().__init__()
        self.modality = modality
        self.min_depth = min_depth
        self.max_depth = max_depth
        self.pool = pool

    def process(self, prediction: Tensor, target: Tensor) -> None:
        """Takes in metres (N, 1, H, W), predicted and true."""
        self._add(depth_sums(prediction, target, self.min_depth, self.max_depth, self.pool))

    def compute(self) -> dict[str, float]:
        """Returns ``delta1``, ``delta2``, ``delta3``, ``rmse`` (metres) and ``rmse_log``."""
        return errors_from_sums(self.sums.cpu().numpy(), self.pool)


@METRICS.register_module()
class MapError(_Sums):
    """Root mean squared error of images and maps, over all pixels and channels, in the units of the modality.

    Args:
        modality: What is scored.
        tasks: Names of the tasks of ``val_cfg`` that are scored; None: all whose target is the modality. Domains
            without pairs have nothing to compare a translation with, except an image that came back to its own domain.
    """

    def __init__(self, modality: str, tasks: Sequence[str] | None = None) -> None:
        super().__init__()
        self.modality = modality
        self.tasks = None if tasks is None else list(tasks)

    def bind(self, model: nn.Module) -> None:
        """Takes the range of values from the model's modality."""
        super().bind(model)
        self._to_values = model.modalities[self.modality].to_values

    def process(self, prediction: Tensor, target: Tensor) -> None:
        """Takes in float maps (N, C, H, W); predictions are clamped to the modality's range."""
        squared = (self._to_values(prediction).double() - target.double()) ** 2
        self._add(torch.stack([squared.sum(), squared.new_tensor(float(squared.numel()))]))

    def compute(self) -> dict[str, float]:
        """Returns ``rmse``."""
        total, count = self.sums.tolist()
        return dict(rmse=(total / count) ** 0.5)


@METRICS.register_module()
class TranslatedClassifierAccuracy(_Sums):
    """Percentage of translated images that a classifier of real ones takes for their sample's class (thesis Table 4.1).

    Beside it stands the same for the real images of these samples, which bounds what it means. The classifier sees both
    as files would hold them: clamped, and rounded to 8 bits.

    Args:
        modality: The images that are scored.
        extractor: Config of the classifier, an extractor that gives class scores such as ``ClassifierFeatures``. If its
            weights are missing, the metric is left out.
        label: The class that every image of the modality has, for a domain of images; None: that of its sample.
    """

    def __init__(self, modality: str, extractor: dict[str, Any], label: int | None = None) -> None:
        super().__init__()
        self.modality = modality
        self.label = label
        self.needs_labels = label is None
        self.extractor = EXTRACTORS.build(dict(extractor))
        # the copies for a target's several tasks share it: a batch's real images pass the classifier once
        self._real: list[Tensor] = []

    def bind(self, model: nn.Module) -> None:
        """Takes the conversion to pixels from the model's modality.

        Raises:
            ValueError: The modality is not one of images.
        """
        super().bind(model)
        self._images_of = model.modalities[self.modality]
        from mmgentransfer.models.methods.mmnets.modalities import ImageModality  # the models' hooks import metrics

        if not isinstance(self._images_of, ImageModality):
            raise ValueError(
                f'TranslatedClassifierAccuracy.modality={self.modality!r} is a {type(self._images_of).__name__}; a '
                'classifier looks at images: name an ImageModality'
            )

    def check_samples(self, samples: Mapping[str, Tensor], highest: int) -> None:
        """Shows the classifier some samples.

        Args:
            samples: A batch.
            highest: Highest label of the test set, or the domain's.

        Raises:
            ValueError: The classifier gives no class scores, does not take these images, or does not know a label.
        """
        logits = self._logits(samples[self.modality])
        if not 0 <= highest < logits.shape[1]:
            where = 'val_dataloader.dataset' if self.needs_labels else 'TranslatedClassifierAccuracy.label'
            raise ValueError(
                f'{where} has the label {highest}, but TranslatedClassifierAccuracy.extractor knows the classes 0 to '
                f'{logits.shape[1] - 1}'
            )

    def reset(self) -> None:
        """Forgets what was scored."""
        super().reset()
        self._real.clear()

    def process(self, prediction: Tensor, target: Tensor, labels: Tensor | None = None) -> None:
        """Takes in images (N, C, H, W), translated and real, and the samples' labels (N,)."""
        if self.label is not None:
            labels = torch.full((len(target),), self.label, device=target.device)
        if not (self._real and self._real[0] is target):
            self._real[:] = target, (self._logits(target).argmax(1) == labels).sum()
        right = (self._logits(prediction).argmax(1) == labels).sum()
        self._add(torch.stack([right, self._real[1], right.new_tensor(len(labels))]))

    def compute(self) -> dict[str, float]:
        """Returns ``accuracy`` and ``accuracy_real``, in percent."""
        right, right_real, count = self.sums.tolist()
        return dict(accuracy=100 * right / count, accuracy_real=100 * right_real / count)

    def _logits(self, images: Tensor) -> Tensor:
        pixels = self._images_of.to_pixels(images)
        outputs = self.extractor(pixels[:, None] if pixels.ndim == 3 else pixels.movedim(-1, 1))
        if 'logits' not in outputs:
            raise ValueError(
                'TranslatedClassifierAccuracy.extractor must give class scores, as a ClassifierFeatures does; a '
                f'{type(self.extractor).__name__} gives {sorted(outputs)}'
            )
        return outputs['logits']


@METRICS.register_module()
class AlignmentFactor(_Sums):
    """Mean cosine between the latents of a sample's modalities (thesis eq. 4.16).

    Latents after a ReLU are not negative: their cosine is well above 0 also where nothing is aligned.

    Args:
        pairs: Pairs of modalities; None: all that the samples have, in the order of their names.
    """

    def __init__(self, pairs: Sequence[Sequence[str]] | None = None) -> None:
        super().__init__()
        self.pairs = None if pairs is None else [tuple(pair) for pair in pairs]

    def bind(self, model: nn.Module) -> None:
        """Checks the pairs.

        Raises:
            ValueError: A pair names an unknown modality.
        """
        known = list(model.modalities)
        for name in (name for pair in self.pairs or [] for name in pair):
            if name not in known:
                raise ValueError(f'AlignmentFactor.pairs names {name!r}; the modalities are {known}')

    def observe(self, model: nn.Module, samples: Mapping[str, Tensor]) -> None:
        """Encodes a batch and adds up the cosines."""
        self._names = self.pairs or list(combinations(sorted(m for m in model.modalities if m in samples), 2))
        wanted = dict.fromkeys(name for pair in self._names for name in pair)
        latents = {name: model.encode(samples[name], name).h.flatten(1).double() for name in wanted}
        cosines = [F.cosine_similarity(latents[a], latents[b]).sum() for a, b in self._names]
        self._add(torch.stack([*cosines, cosines[0].new_tensor(float(len(next(iter(latents.values())))))]))

    def compute(self) -> dict[str, float]:
        """Returns ``alignment_<a>_<b>``."""
        *sums, count = self.sums.tolist()
        return {f'alignment_{a}_{b}': value / count for (a, b), value in zip(self._names, sums, strict=True)}
