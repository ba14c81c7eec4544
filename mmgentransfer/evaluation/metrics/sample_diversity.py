"""How much the translations of one input, or to one domain, differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from torch import nn

from mmgentransfer.registry import METRICS, suggest

from ..functional import (
    consecutive_pairs,
    different_input_pairs,
    diversity_localization,
    independent_pairs,
    region_mean,
    within_input_pairs,
)
from ..image_distances import ExtractorDistance, LPIPSDistance, PixelDistance, TrainedDistance, pair_distances
from ..translations import ClassifierData, Translations

_STAND_IN = ('network', 'max_images', 'iters', 'lr', 'batch_size', 'seed')
_PAIRINGS = ('within_input', 'within_domain', 'independent_pairs', 'consecutive')


@METRICS.register_module()
class LPIPSDiversity:
    """Mean distance between translations; higher is more diverse, which is not better in itself.

    The result is ``diversity_<pairing>_<distance>``, with ``lpips_alex`` (``_vgg``, ``_squeeze``), ``pixel``,
    ``classifier`` or an extractor's name for the distance. Only LPIPS compares with published values. Where its weights
    are missing, a classifier takes its place that is trained on the images of ``train_dataloader`` to tell their
    domains or attributes, once for all metrics of the same ``stand_in``, and the result is named so.

    - 'within_input': all pairs of the K translations of an input, 45 of 10. 0 for a model without codes.
    - 'within_domain': random pairs among all translations to a target, of different inputs and different codes; the
      same of the real images of the target is ``diversity_real_<distance>``. A model without codes scores too: what
      papers print for such models is of this kind.
    - 'independent_pairs': for each of ``num_inputs`` inputs, pairs of two fresh codes each; 19 pairs of 100 inputs
      make 1,900 distances. ``..._distances`` is how many there were.
    - 'consecutive': as before, but neighbours among ``num_pairs + 1`` translations.

    Args:
        pairing: See above.
        distance: 'lpips'; 'pixel', the mean absolute difference in [-1, 1]; or the name of an extractor, or
            'classifier' for one that is trained here, for the features of their ReLU layers.
        num_pairs: Pairs of a target ('within_domain', 2000 by default) or of an input ('independent_pairs' and
            'consecutive', 19).
        num_inputs: Inputs of the last two, spread evenly over all; fewer if there are fewer.
        net: LPIPS's network, 'alex', 'vgg' or 'squeeze'.
        weights: torchvision's weights of LPIPS's network, a path; by default looked for in the usual cache.
        seed: Of the pairs of 'within_domain'.
        stand_in: How the classifier is trained: its config ``network`` less ``num_classes`` (by default a
            ResNet18Classifier of width 32 for sides from 64 on, else a DigitClassifier of width 16), ``max_images``
            (5000), ``iters`` (1000), ``lr`` (1e-3), ``batch_size`` (64) and ``seed`` (0).

    Raises:
        ValueError: An argument is unknown, out of range, or has no meaning for the pairing.
    """

    extractor = None
    needs_train = False
    needs_training_images = False

    def __init__(
        self,
        pairing: str = 'within_input',
        distance: str = 'lpips',
        num_pairs: int | None = None,
        num_inputs: int = 100,
        net: str = 'alex',
        weights: str | None = None,
        seed: int = 0,
        stand_in: dict[str, Any] | None = None,
    ) -> None:
        self._stand_in = dict(stand_in or {})
        for key in self._stand_in:
            if key not in _STAND_IN:
                raise ValueError(
                    f'unknown key {key!r} in LPIPSDiversity.stand_in.{suggest(key, _STAND_IN)} '
                    f'Known: {", ".join(_STAND_IN)}'
                )
        if pairing not in _PAIRINGS:
            raise ValueError(f'LPIPSDiversity.pairing={pairing!r} is none of {_PAIRINGS}.{suggest(pairing, _PAIRINGS)}')
        if pairing == 'within_input' and num_pairs is not None:
            raise ValueError(
                "LPIPSDiversity.num_pairs has no meaning for pairing='within_input', which takes all pairs"
            )
        default = 2000 if pairing == 'within_domain' else 19
        self.num_pairs = default if num_pairs is None else num_pairs
        for key, value in dict(num_pairs=self.num_pairs, num_inputs=num_inputs).items():
            if value < 1:
                raise ValueError(f'LPIPSDiversity.{key}={value} must be at least 1')
        self.pairing, self.num_inputs, self.seed = pairing, num_inputs, seed
        self._distance_name = distance
        self.distance: Any = None
        if distance == 'lpips':
            self.distance = LPIPSDistance(net, weights)
        elif distance == 'pixel':
            self.distance = PixelDistance()
        self.variant = (pairing, distance, net if distance == 'lpips' else None)
        outputs = dict(independent_pairs=2 * self.num_pairs, consecutive=self.num_pairs + 1)
        self.pairs = (num_inputs, outputs[pairing]) if pairing in outputs else None
        self.needs_images = self.pairs is None
        self._real: dict[str, float] = {}
        self.notice: str | None = None

    def _find(self, extractors: Mapping[str, nn.Module]) -> Any:
        if self.distance is None:
            if self._distance_name == 'classifier' and 'classifier' not in extractors:
                self.distance = TrainedDistance(**self._stand_in)
                return self.distance
            if self._distance_name not in extractors:
                known = ['lpips', 'pixel', 'classifier', *extractors]
                raise ValueError(
                    f'LPIPSDiversity.distance={self._distance_name!r} is none of {known}, the last of which are '
                    f'val_evaluator.extractors.{suggest(self._distance_name, known)}'
                )
            self.distance = ExtractorDistance(self._distance_name, extractors[self._distance_name])
        return self.distance

    def missing(self, extractors: Mapping[str, nn.Module]) -> str | None:
        """Returns what to put where if an extractor's weights are missing, else None; LPIPS's are stood in for."""
        reason = self._find(extractors).missing()
        if self._distance_name == 'lpips' and reason is not None:
            self.distance = TrainedDistance(**self._stand_in)
            self.notice = (
                f'a classifier that is trained here stands in for LPIPS, and the score is diversity_{self.pairing}_'
                f'{self.distance.name}, not to be compared with LPIPS. {reason}'
            )
            reason = None
        self.needs_training_images = isinstance(self.distance, TrainedDistance)
        return reason

    def fit(self, data: ClassifierData) -> None:
        """Trains the classifier, if there is to be one, unless a metric of the same has."""
        if self.needs_training_images and is_main_process():
            self.distance.fit(data)

    def check(self, model: Any, num_samples: int, image_size: tuple[int, int], **_: Any) -> None:
        """Raises a ``ValueError`` for fewer than two samples, or images too small for the network."""
        if self.pairing == 'within_input' and model.code_dim is not None and num_samples < 2:
            raise ValueError(
                f"val_cfg.num_samples={num_samples}: LPIPSDiversity(pairing='within_input') compares the translations "
                'of an input, and needs 2 or more'
            )
        if min(image_size) < self.distance.smallest_side:
            raise ValueError(
                f'LPIPSDiversity: images of {image_size[0]}x{image_size[1]} are too small for {self.distance.name}, '
                f"which needs {self.distance.smallest_side}; take distance='pixel' or an extractor"
            )

    def score(self, translations: Translations) -> dict[str, float]:
        """Returns the mean distance.

        Raises:
            ValueError: There are fewer than two images to compare.
        """
        name = f'diversity_{self.pairing}_{self.distance.name}'
        if self.pairing == 'within_domain':
            return {name: self._within_domain(translations), **self._of_reals(translations)}
        counted = {} if self.pairs is None else {f'{name}_distances': 0.0}
        if translations.deterministic:
            return {name: 0.0, **counted}
        if self.pairs is None:
            outputs, pairs = translations.outputs, within_input_pairs(translations.num_samples)
        else:
            outputs, num = translations.pairs, self.pairs[1]
            pairs = (independent_pairs if self.pairing == 'independent_pairs' else consecutive_pairs)(num)
        first = np.arange(len(outputs))[:, None, None] * outputs.shape[1]
        distances = self._distances(translations, outputs, (first + pairs).reshape(-1, 2))
        if counted:
            counted = {f'{name}_distances': float(len(distances))}
        return {name: float(distances.mean()), **counted}

    def _within_domain(self, translations: Translations) -> float:
        outputs = translations.outputs[translations.wanted == 1]
        if len(outputs) < 2:
            raise ValueError(
                f"LPIPSDiversity(pairing='within_domain') needs translations of 2 inputs or more to "
                f'{translations.target!r}, got {len(outputs)}'
            )
        pairs = different_input_pairs(*outputs.shape[:2], self.num_pairs, self.seed)
        return float(self._distances(translations, outputs, pairs).mean())

    def _of_reals(self, translations: Translations) -> dict[str, float]:
        """Returns the distance of real images; it is computed once, they don't change."""
        name, target, reals = f'diversity_real_{self.distance.name}', translations.target, translations.reals
        if target not in self._real and len(reals) > 1:
            pairs = different_input_pairs(len(reals), 1, self.num_pairs, self.seed)
            self._real[target] = float(self._distances(translations, reals[:, None], pairs).mean())
        return {name: self._real.get(target, float('nan'))}

    def _distances(self, translations: Translations, outputs: np.ndarray, pairs: np.ndarray) -> np.ndarray:
        images = outputs.reshape(-1, *outputs.shape[2:])
        return pair_distances(self.distance, images, pairs, translations.device)


@METRICS.register_module()
class DiversityLocalization:
    """Where the translations of an input differ: inside the object of its mask, or elsewhere too.

    The results are the mean deviation over codes, in [-1, 1] units, inside the object (``diversity_fg``), outside
    (``diversity_bg``) and outside the object grown by ``margin`` (``diversity_far``); the ratios ``diversity_fg_bg``
    and ``diversity_fg_far``, infinite where nothing differs outside; ``change_inside`` and ``change_outside``, the mean
    absolute change of the input; and of a model with attention, ``attention_inside`` and ``attention_outside``. A model
    without codes has the last four alone.

    Args:
        margin: Pixels that the object is grown by; a fifth of the side by default.
        threshold: Share of a pixel above which it belongs to the object.
    """

    extractor = None
    needs_train = False
    needs_attention = True

    def __init__(self, margin: int | None = None, threshold: float = 0.5) -> None:
        if margin is not None and margin < 0:
            raise ValueError(f'DiversityLocalization.margin={margin} must not be negative')
        self.margin, self.threshold = margin, threshold

    def check(self, has_masks: bool, model: Any, num_samples: int, **_: Any) -> None:
        """Raises a ``ValueError`` if the images have no masks, or there is one sample of an input."""
        if not has_masks:
            raise ValueError(
                'DiversityLocalization needs the masks of the objects: a val_dataloader.dataset whose items have '
                'masks, such as ToyObjects(with_masks=True)'
            )
        if model.code_dim is not None and num_samples < 2:
            raise ValueError(
                f'val_cfg.num_samples={num_samples}: DiversityLocalization compares the translations of an input, and '
                'needs 2 or more'
            )

    def score(self, translations: Translations) -> dict[str, float]:
        """Returns the scores."""
        masks, outputs = translations.masks > self.threshold, translations.outputs
        scores = {}
        if not translations.deterministic:
            found = diversity_localization(outputs, masks, self.margin)
            scores = {f'diversity_{k}': v if '_' in k else v / 127.5 for k, v in found.items()}
        change = np.stack(
            [
                np.abs(after.astype(np.float32) - before).mean(axis=(0, 1))[None] / 127.5
                for after, before in zip(outputs, translations.inputs.astype(np.float32), strict=True)
            ]
        )
        maps = dict(change=change)
        if translations.attention is not None:
            maps['attention'] = translations.attention
        for name, values in maps.items():
            scores[f'{name}_inside'] = region_mean(values, masks)
            scores[f'{name}_outside'] = region_mean(values, ~masks)
        return scores
