"""Many domains by translators of two domains each: a trained model for every pair."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor, nn

from mmgentransfer.models.domain_translator import DomainTranslator
from mmgentransfer.models.game import AdversarialModel
from mmgentransfer.models.methods.mmnets.translator import ModalityTranslator
from mmgentransfer.registry import MODELS, suggest

__all__ = ['PairwiseTranslators']

PAIR_KEYS = ('domains', 'model', 'config', 'checkpoint')


@MODELS.register_module()
class PairwiseTranslators(DomainTranslator):
    """N(N-1)/2 trained translators of two domains each, used as one translator of N domains.

    Nothing is trained here: a run has ``train_cfg.max_iters=0`` and scores the models together, which are trained one
    by one before. An image goes through the model of its own domain and the target's, so its own must be known; one
    that is in the target domain already stays as it is::

        model = dict(
            type='PairwiseTranslators',
            domains=['blue', 'green', 'orange'],
            pairs=[
                dict(domains=['blue', 'green'], config='configs/my_pair.py', checkpoint='work_dirs/blue_green'), ...
            ],
        )

    Args:
        domains: Names of the N domains.
        pairs: For each pair of them its ``domains``, its model as ``config``, a config file, or ``model``, its config
            itself, and the ``checkpoint``, a file or the folder of a run; None leaves initial weights. A checkpoint
            alone brings the config that it was trained with. The names of the model's own domains or modalities must be
            those of the pair; a ``model`` without any takes the pair's.
        losses: Config of each loss term; none here.
        moves: Moves of an iteration; none here.
        networks: Config of each network; none here.
        **kwargs: As :class:`DomainTranslator`.

    Raises:
        FileNotFoundError: A config or a checkpoint doesn't exist.
        ValueError: A pair is missing, twice or unknown, is no model of its two domains, or the models' codes differ.
    """

    needs_sources = True

    def __init__(
        self,
        domains: Sequence[str],
        pairs: Sequence[dict[str, Any]],
        losses: dict[str, dict] | None = None,
        moves: Sequence[dict] = (),
        networks: dict[str, dict] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(domains, networks=networks or {}, losses=losses or {}, moves=list(moves), **kwargs)
        self.pairs = nn.ModuleDict()
        for index, pair in enumerate(pairs):
            key = self._key(self._checked(index, pair))
            if key in self.pairs:
                raise ValueError(f'model.pairs[{index}].domains={list(pair["domains"])} is there already')
            self.pairs[key] = _load(pair, f'model.pairs[{index}]')
        numbers = itertools.combinations(range(len(self.domains)), 2)
        lacking = [tuple(self.domains[i] for i in pair) for pair in numbers if self._key(pair) not in self.pairs]
        if lacking:
            raise ValueError(f'model.pairs lacks {lacking}: every two of model.domains need a model')
        widths = {key: getattr(model, 'code_dim', None) for key, model in self.pairs.items()}
        if len(set(widths.values())) > 1:
            raise ValueError(f'model.pairs have codes of different widths, by numbers of their domains: {widths}')
        self._width = next(iter(widths.values()))

    def _checked(self, index: int, pair: dict[str, Any]) -> tuple[int, int]:
        """Returns the numbers of a pair's domains, in increasing order."""
        for key in pair:
            if key not in PAIR_KEYS:
                raise ValueError(
                    f'model.pairs[{index}] has {key!r}; known are {PAIR_KEYS}.{suggest(key, [*PAIR_KEYS])}'
                )
        if 'model' in pair and 'config' in pair:
            raise ValueError(f'model.pairs[{index}] has a config file as config, and the model as model: give one')
        if all(pair.get(key) is None for key in ('model', 'config', 'checkpoint')):
            raise ValueError(
                f'model.pairs[{index}] has no model: give it a checkpoint, a config file as config, or one as model'
            )
        names = list(pair.get('domains', ()))
        for name in names:
            if name not in self.domains:
                raise ValueError(
                    f'model.pairs[{index}].domains has {name!r}, which is none of {self.domains}.'
                    f'{suggest(name, self.domains)}'
                )
        if len(set(names)) != 2:
            raise ValueError(f'model.pairs[{index}].domains must be two different ones, got {names}')
        first, last = sorted(map(self.domains.index, names))
        return first, last

    @staticmethod
    def _key(numbers: tuple[int, int]) -> str:
        return f'{numbers[0]}_{numbers[1]}'

    # ------------------------------------------------------------------ inference

    @property
    def code_dim(self) -> int | None:
        """Width of the models' codes; None if they have none."""
        return self._width

    def translating_networks(self, which: str = 'ema') -> list[nn.Module]:
        """Returns the networks of all pairs that translate."""
        return [
            network
            for model in self.pairs.values()
            for network in (
                model.translating_networks(which)
                if isinstance(model, DomainTranslator)
                else model.translating_networks()
            )
        ]

    def translate_values(
        self,
        values: Tensor,
        targets: Tensor,
        codes: Tensor | None = None,
        which: str = 'ema',
        sources: str | Sequence[str] | Tensor | None = None,
    ) -> Tensor:
        """Translates each image by its pair's model, those of one pair at once.

        Args:
            values: As :meth:`DomainTranslator.translate_values`.
            targets: As there.
            codes: As there.
            which: As there.
            sources: What the images are: a domain's name, a name for each, or float (N, num_domains).

        Raises:
            ValueError: ``sources`` is missing, unknown or not for as many images.
        """
        own, wanted = self._numbers(sources, len(values)), targets.argmax(1).tolist()
        num_samples = 1 if codes is None else codes.shape[1]
        outputs = values[:, None].repeat(1, num_samples, 1, 1, 1)
        for first, last in sorted({pair for pair in zip(own, wanted, strict=True) if pair[0] != pair[1]}):
            rows = [row for row, pair in enumerate(zip(own, wanted, strict=True)) if pair == (first, last)]
            model = self.pairs[self._key((min(first, last), max(first, last)))]
            source, target = self.domains[first], self.domains[last]
            if isinstance(model, DomainTranslator):
                vectors = model.target_vectors(target, len(rows))
                made = model.translate_values(values[rows], vectors, None if codes is None else codes[rows], which)
            else:
                made = model.predict({source: values[rows]}, [target])[target][:, None]
            outputs[rows] = made.to(outputs.dtype)
        return outputs

    def _numbers(self, sources: str | Sequence[str] | Tensor | None, num: int) -> list[int]:
        if sources is None:
            raise ValueError(
                f'a {type(self).__name__} has a model for each pair of domains, so it needs to know which the images '
                f'have: sources, one of {self.domains} (--source)'
            )
        if isinstance(sources, Tensor):
            return sources.argmax(1).tolist()
        names = [sources] * num if isinstance(sources, str) else list(sources)
        for name in names:
            if name not in self.domains:
                raise ValueError(f'the source {name!r} is none of {self.domains}.{suggest(name, self.domains)}')
        if len(names) != num:
            raise ValueError(f'sources are {len(names)} names, and there are {num} images')
        return [self.domains.index(name) for name in names]


def _load(pair: dict[str, Any], key: str) -> AdversarialModel:
    """Builds a pair's model, loads its weights, and checks that its domains are the pair's."""
    from mmgentransfer.apis.inference import init_model

    if 'model' not in pair:
        config = pair.get('config')
    else:
        cfg = copy.deepcopy(dict(pair['model']))
        if not cfg.keys() & {'domains', 'modalities'}:
            cfg['domains'] = list(pair['domains'])
        config = Config(dict(model=cfg))
    with torch.random.fork_rng(devices=[]):
        model = init_model(config, pair.get('checkpoint'))
    if not isinstance(model, (DomainTranslator, ModalityTranslator)):
        raise ValueError(f'{key}: a {type(model).__name__} does not translate between two domains of images')
    names = model.domains if isinstance(model, DomainTranslator) else list(model.modalities)
    if sorted(names) != sorted(pair['domains']):
        raise ValueError(f'{key}.domains are {list(pair["domains"])}, but its model translates between {names}')
    return model.requires_grad_(False)
