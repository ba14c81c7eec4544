"""Classifiers trained on translations and scored on real images, and the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from torch import nn
from torch.utils.data import Dataset

from mmgentransfer.models.backbones.torchvision_classifier import weights_path
from mmgentransfer.registry import DATASETS, METRICS

from ..classifier_training import predicted_classes, train_classifier
from ..functional import class_recalls
from ..translations import ClassifierData, Translations

_RESNET = dict(type='TorchvisionClassifier', arch='resnet18', new_head=True)


class _TrainedClassifier:
    """A metric that trains a classifier."""

    extractor: str | None = None
    needs_train = False
    needs_training_images = True

    def __init__(
        self,
        classifier: dict[str, Any] | None = None,
        lr: float = 1e-4,
        batch_size: int = 64,
        epochs: int = 10,
        iters: int | None = None,
        max_per_class: int | None = None,
        seed: int = 0,
    ) -> None:
        numbers = dict(lr=lr, batch_size=batch_size, epochs=epochs, iters=iters, max_per_class=max_per_class)
        for key, value in numbers.items():
            if value is not None and not value > 0:
                raise ValueError(f'{type(self).__name__}.{key}={value} must be above 0')
        self.classifier = dict(classifier or _RESNET)
        self.max_per_class, self.seed = max_per_class, seed
        self._training = dict(lr=lr, batch_size=batch_size, epochs=epochs, iters=iters, seed=seed)

    def missing(self, extractors: Any) -> str | None:
        """Returns what to put where if the classifier starts from weights that are missing, else None."""
        path = None
        if self.classifier.get('type') == 'TorchvisionClassifier' and 'init_cfg' not in self.classifier:
            named = {key: self.classifier[key] for key in ('arch', 'weights') if key in self.classifier}
            path = weights_path(**dict(arch='resnet50', weights='IMAGENET1K_V1') | named)
        if path is None or path.is_file():
            return None
        return (
            f"{path.name} is not in {path.parent}: put torchvision's weights there, or set the metric's classifier to "
            "a network that starts from random weights, such as dict(type='DigitClassifier', in_channels=3, ...)"
        )

    def _train(self, images: Sequence[np.ndarray], data: ClassifierData) -> nn.Module:
        """Trains on images of each class, balanced already."""
        labels = np.repeat(np.arange(len(images)), [len(part) for part in images])
        return train_classifier(
            self.classifier, np.concatenate(images), labels, len(images), device=data.device, **self._training
        )

    def _balanced(self, groups: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Returns as many rows of each group, chosen at random."""
        num = min([len(group) for group in groups] + [self.max_per_class or np.inf])
        if num < 1:
            raise ValueError(f'{type(self).__name__}: train_dataloader.dataset has no images of some class')
        rng = np.random.default_rng(self.seed)
        return [np.sort(rng.choice(group, int(num), replace=False)) for group in groups]

    def _reals(self, data: ClassifierData, target: str | None, others: Sequence[Dataset] = ()) -> list[np.ndarray]:
        """Returns real training images of each domain, or without and with the attribute ``target``, and others."""
        columns = data.own.T if target is None else _with_and_without(data.own[:, data.domains.index(target)])
        groups = [*map(np.flatnonzero, columns), *(np.arange(len(dataset)) for dataset in others)]
        chosen = self._balanced(groups)
        beside = [
            dataset.__getitems__(rows.tolist()) for dataset, rows in zip(others, chosen[len(columns) :], strict=True)
        ]
        return [*map(data.images, chosen[: len(columns)]), *(batch['images'].numpy() for batch in beside)]


@METRICS.register_module()
class ReverseClassification(_TrainedClassifier):
    """Accuracy on real images of a classifier that was trained on translations alone, labelled with their targets.

    It falls where translations are no good, and where they lack the variety of real images. The training images of the
    other domains are translated to each one, with a fresh code each; as many of each class train the classifier, no
    real image does. The results are ``reverse_classification``, in percent, for each target its recall on the real
    images of ``val_dataloader`` and their mean; ``reverse_classification_real`` is the same for a classifier trained on
    real training images. For attributes there is a classifier of each, which tells whether an image has it, and scores
    are means of the two recalls. It is what other papers call GAN-train, or FC.

    Args:
        classifier: Config of the network, less its ``num_classes``; by default torchvision's ResNet-18, for which the
            ImageNet weights must be in the usual cache.
        lr: Adam's learning rate.
        batch_size: Images of a step.
        epochs: How often each training image is seen.
        iters: In place of ``epochs``, the number of steps.
        max_per_class: At most this many training images of each class.
        seed: Of weights, order and choice of images.
    """

    needs_images = False
    _real: dict[str, float] | None = None

    def check(self, model: Any, targets: Sequence[str], **_: Any) -> None:
        """Raises a ``ValueError`` if some domain isn't translated to: the classifier would never see it."""
        missing = [name for name in model.domains if name not in targets]
        if model.exclusive and missing:
            raise ValueError(
                f'ReverseClassification trains a classifier of all domains on translations to them, but {missing} '
                'are no targets: add them to val_cfg.targets, or take ForwardClassification'
            )

    def fit(self, data: ClassifierData) -> dict[str, dict[str, float]]:
        """Translates, trains and tests; returns the scores by target, in the main process."""
        translated = self._scores(data, [self._translated(data, target) for target in self._classifiers(data)])
        if not is_main_process():
            return {}
        if self._real is None:  # real images don't change
            self._real = self._scores(data, [self._reals(data, target) for target in self._classifiers(data)])
        return {
            name: dict(reverse_classification=score, reverse_classification_real=self._real[name])
            for name, score in translated.items()
        }

    @staticmethod
    def _classifiers(data: ClassifierData) -> list[str | None]:
        """Returns what there is a classifier for: all domains together, or each attribute."""
        return [None] if data.exclusive else list(data.targets)

    def _translated(self, data: ClassifierData, target: str | None) -> list[np.ndarray]:
        """Returns training images translated to each domain, or to images without and with an attribute."""
        if target is None:
            groups = self._balanced([np.flatnonzero(column == 0) for column in data.own.T])
            return [data.translate(rows, name, self.seed) for rows, name in zip(groups, data.domains, strict=True)]
        place = data.domains.index(target)
        without, with_it = _with_and_without(data.own[:, place])
        losing, gaining = self._balanced([np.flatnonzero(with_it), np.flatnonzero(without)])
        # an attribute that the model only sets goes as another of its group is set; the others share the images
        names = [name for name in data.domains if not data.edited(losing, name)[:, place].any()]
        parts = zip(np.array_split(losing, len(names)), names, strict=True)
        lost = np.concatenate([data.translate(rows, name, self.seed) for rows, name in parts if len(rows)])
        return [lost, data.translate(gaining, target, self.seed)]

    def _scores(self, data: ClassifierData, images: list[list[np.ndarray]]) -> dict[str, float]:
        """Returns the score of each target, given the training images of each classifier's classes."""
        if not is_main_process():
            return {}
        scores = {}
        for target, classes in zip(self._classifiers(data), images, strict=True):
            pred = predicted_classes(self._train(classes, data), data.test_images, data.device)
            if target is None:
                recalls = 100 * class_recalls(pred, data.test_own.argmax(1), len(classes))
                scores.update(zip(data.domains, recalls.tolist(), strict=True))
            else:
                labels = data.test_own[:, data.domains.index(target)].astype(np.int64)
                scores[target] = 100 * float(np.nanmean(class_recalls(pred, labels, 2)))
        return scores


@METRICS.register_module()
class ForwardClassification(_TrainedClassifier):
    """Percentage of translations that a classifier of real images takes for their target; higher is better.

    It says whether translations are recognised, not whether they vary: one good image for all inputs scores 100. The
    results are ``forward_classification`` and ``forward_classification_real``, the same of the target's real images in
    ``val_dataloader``. For attributes there is a classifier of each, which tells whether an image has it, and the real
    score is the mean of the two recalls. It is what other papers call GAN-test, or RC. With an extractor nothing is
    trained, and the results are ``forward_classification_<extractor>`` and ``..._real_<extractor>``.

    Args:
        extractor: Name of an extractor that gives class scores in the order of the model's domains, which exclude each
            other; None trains a classifier on the images of ``train_dataloader``.
        others: Configs of data sets, each of which is one more class that a translation could be taken for.
        **options: As for :class:`ReverseClassification`.
    """

    def __init__(self, extractor: str | None = None, others: Sequence[dict[str, Any]] = (), **options: Any) -> None:
        if extractor is not None and (others or options):
            raise ValueError(
                f'ForwardClassification.extractor={extractor!r} is trained already: leave out '
                f'{[*(["others"] if others else []), *options]}'
            )
        super().__init__(**options)
        self.extractor = extractor
        self.needs_training_images = extractor is None
        self.others = list(others)
        self._nets: dict[str | None, nn.Module] = {}
        self._data: ClassifierData | None = None

    def missing(self, extractors: Any) -> str | None:
        """Returns what the classifier lacks."""
        return super().missing(extractors) if self.extractor is None else None

    def check(self, model: Any, **_: Any) -> None:
        """Raises a ``ValueError`` for options that are not for attributes."""
        if not model.exclusive and (self.extractor is not None or self.others):
            key = 'extractor' if self.extractor is not None else 'others'
            raise ValueError(f'ForwardClassification.{key} is for domains that exclude each other, not for attributes')

    def fit(self, data: ClassifierData) -> None:
        """Trains the classifiers, once: real images don't change."""
        if self.extractor is not None or not is_main_process():
            return
        self._data = data
        others = [DATASETS.build(dict(config)) for config in self.others]
        for target in [None] if data.exclusive else data.targets:
            if target not in self._nets:
                self._nets[target] = self._train(self._reals(data, target, others), data)

    def score(self, translations: Translations) -> dict[str, float]:
        """Returns the scores of one target."""
        if self.extractor is not None:
            _, after = translations.logits(self.extractor, 'ForwardClassification')
            reals = translations.through(self.extractor)[2].logits
            pred, real = after.argmax(-1), float((reals.argmax(1) == translations.place).mean())
            hits = pred == translations.place
            suffix = f'_{self.extractor}'
        else:
            net = self._nets[None if translations.exclusive else translations.target]
            data, images = self._data, translations.outputs.reshape(-1, *translations.outputs.shape[2:])
            pred = predicted_classes(net, images, data.device).reshape(len(translations.sources), -1)
            place, suffix = translations.place, ''
            found = predicted_classes(net, data.test_images, data.device)
            if translations.exclusive:
                hits = pred == place
                real = float((found == place)[data.test_own[:, place] == 1].mean())
            else:
                hits = pred == translations.wanted[:, None]
                real = float(np.nanmean(class_recalls(found, data.test_own[:, place].astype(np.int64), 2)))
        return {
            f'forward_classification{suffix}': 100 * float(hits.mean()),
            f'forward_classification_real{suffix}': 100 * real,
        }


def _with_and_without(column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns which images lack an attribute and which have it: the classes 0 and 1."""
    return column == 0, column == 1
