"""Which modalities are seen together, and what follows from it (thesis figs. 4.3, 4.6 and 4.17)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import combinations, permutations
from typing import NamedTuple

from mmgentransfer.registry import MODELS, suggest

__all__ = ['PseudoPair', 'Translation', 'TranslationGraph', 'pairwise_networks']


class Translation(NamedTuple):
    """A translation that a set of aligned samples trains."""

    source: str
    target: str
    set: str


class PseudoPair(NamedTuple):
    """An unseen translation that learns from a translation of the anchor's (thesis eqs. 4.12 and 4.13)."""

    source: str
    target: str
    set: str
    via: str


@MODELS.register_module()
class TranslationGraph:
    """The modalities, the sets of aligned samples in which they occur, and the pairs that are trained.

    Any number of modalities and any connected graph will do: ``sets=dict(RS=['rgb', 'segmentation'], RD=['rgb',
    'depth'])`` has four seen translations and two unseen ones, depth to segmentation and back.

    Args:
        sets: The modalities of each set of aligned samples, by the set's name.
        anchor: The modality that pseudo-pairs and fusion go by; by default the first that is in every set, if any.
        seen: 'auto': every ordered pair within a set; or a list of (source, target, set).
        autoencoders: 'auto': every modality; or a list of modalities.
        latent_pairs: 'auto': every unordered pair within a set; or a list of (a, b, set).
        pseudo_pairs: 'auto': for every unseen pair (m, u), each set that holds m and the anchor but not u, if anchor to
            u is seen; [] for none; or a list of (source, target, set, via).

    Raises:
        ValueError: A modality can't be reached or is never a source, the graph is not connected, a pair names a
            modality that its set lacks, the anchor is unknown, or a pseudo-pair is seen.
    """

    def __init__(
        self,
        sets: Mapping[str, Sequence[str]],
        anchor: str | None = None,
        seen: str | Sequence[Sequence[str]] = 'auto',
        autoencoders: str | Sequence[str] = 'auto',
        latent_pairs: str | Sequence[Sequence[str]] = 'auto',
        pseudo_pairs: str | Sequence[Sequence[str]] = 'auto',
    ) -> None:
        if not sets:
            raise ValueError('model.graph.sets is empty; it needs the modalities of at least one set')
        # by name: the order of a dict does not survive MMEngine's dump of a config
        self.sets = {name: list(sets[name]) for name in sorted(sets)}
        for name, modalities in self.sets.items():
            if len(set(modalities)) < len(modalities) or len(modalities) < 2:
                raise ValueError(f'model.graph.sets.{name} must be two or more different modalities, got {modalities}')
        self.modalities = list(dict.fromkeys(m for modalities in self.sets.values() for m in modalities))
        everywhere = [m for m in self.modalities if all(m in held for held in self.sets.values())]
        self.anchor = anchor if anchor is not None or not everywhere else everywhere[0]
        if self.anchor is not None:
            self._check_modality('anchor', self.anchor)
        self.seen = self._seen(seen)
        self.autoencoders = self._autoencoders(autoencoders)
        self.latent_pairs = self._latent_pairs(latent_pairs)
        self._check_reachable()
        self.pseudo_pairs = self._pseudo_pairs(pseudo_pairs)

    # ------------------------------------------------------------------ queries

    @property
    def unseen(self) -> list[tuple[str, str]]:
        """The ordered pairs of different modalities that no set trains."""
        seen = {(t.source, t.target) for t in self.seen}
        return [pair for pair in permutations(self.modalities, 2) if pair not in seen]

    def path(self, source: str, target: str) -> list[str]:
        """Returns the shortest chain of seen translations, both ends included: what a cascade goes through."""
        self._check_modality('path', source)
        self._check_modality('path', target)
        came_from, queue = {source: source}, deque([source])
        while queue:
            here = queue.popleft()
            for step in self.seen:
                if step.source == here and step.target not in came_from:
                    came_from[step.target] = here
                    queue.append(step.target)
        if target not in came_from:
            raise ValueError(f'model.graph: no chain of seen translations leads from {source!r} to {target!r}')
        chain = [target]
        while chain[-1] != source:
            chain.append(came_from[chain[-1]])
        return chain[::-1]

    def num_networks(self) -> tuple[int, int]:
        """Returns how many encoders and decoders there are: one of each for every modality."""
        return len(self.modalities), len(self.modalities)

    # ------------------------------------------------------------------ building

    def _seen(self, given: str | Sequence[Sequence[str]]) -> list[Translation]:
        if given == 'auto':
            return [Translation(a, b, name) for name, held in self.sets.items() for a, b in permutations(held, 2)]
        return [Translation(*self._member('seen', i, item, 3)) for i, item in enumerate(given)]

    def _autoencoders(self, given: str | Sequence[str]) -> list[str]:
        names = self.modalities if given == 'auto' else list(given)
        for name in names:
            self._check_modality('autoencoders', name)
        return names

    def _latent_pairs(self, given: str | Sequence[Sequence[str]]) -> list[Translation]:
        if given == 'auto':
            return [Translation(a, b, name) for name, held in self.sets.items() for a, b in combinations(held, 2)]
        return [Translation(*self._member('latent_pairs', i, item, 3)) for i, item in enumerate(given)]

    def _pseudo_pairs(self, given: str | Sequence[Sequence[str]]) -> list[PseudoPair]:
        seen = {(t.source, t.target) for t in self.seen}
        if given != 'auto':
            pairs = [PseudoPair(*self._member('pseudo_pairs', i, item, 4)) for i, item in enumerate(given)]
            for i, pair in enumerate(pairs):
                if (pair.source, pair.target) in seen:
                    raise ValueError(f'model.graph.pseudo_pairs[{i}]: {pair.source} to {pair.target} is seen')
                if (pair.via, pair.target) not in seen:
                    raise ValueError(
                        f'model.graph.pseudo_pairs[{i}]: {pair.via} to {pair.target} is not seen and can not give the '
                        'target'
                    )
            return pairs
        a = self.anchor
        return [
            PseudoPair(m, u, name, a)
            for name, held in self.sets.items()
            for m, u in self.unseen
            if a is not None and a not in (m, u) and m in held and a in held and u not in held and (a, u) in seen
        ]

    def _member(self, key: str, index: int, item: Sequence[str], length: int) -> Sequence[str]:
        """Checks (source, target, set) or (source, target, set, via): modalities, and that the set has what it must."""
        if len(item) != length:
            parts = '(source, target, set)' if length == 3 else '(source, target, set, via)'
            raise ValueError(f'model.graph.{key}[{index}] must be {parts}, got {tuple(item)}')
        source, target, name, *via = item
        if source == target:
            raise ValueError(f'model.graph.{key}[{index}] = {tuple(item)} leads from a modality to itself')
        for modality in (source, target, *via):
            self._check_modality(f'{key}[{index}]', modality)
        if name not in self.sets:
            raise ValueError(
                f'model.graph.{key}[{index}] names the set {name!r}; the sets are {list(self.sets)}.'
                f'{suggest(name, list(self.sets))}'
            )
        for modality in (source, *(via or [target])):  # a pseudo-pair's target is what the set lacks
            if modality not in self.sets[name]:
                raise ValueError(
                    f'model.graph.{key}[{index}]: the set {name!r} holds {self.sets[name]}, and no {modality!r}'
                )
        return item

    def _check_modality(self, key: str, name: str) -> None:
        if name not in self.modalities:
            raise ValueError(
                f'model.graph.{key} names the modality {name!r}; the sets have {self.modalities}.'
                f'{suggest(name, self.modalities)}'
            )

    def _check_reachable(self) -> None:
        for modality in self.modalities:
            if not any(t.source == modality for t in self.seen):
                raise ValueError(f'model.graph: {modality!r} is never the source of a seen translation')
            if not any(t.target == modality for t in self.seen):
                raise ValueError(f'model.graph: {modality!r} is never the target of a seen translation')
        reached, before = {self.modalities[0]}, set()
        while reached != before:
            before = set(reached)
            reached |= {m for t in self.seen if {t.source, t.target} & reached for m in (t.source, t.target)}
        if lost := [m for m in self.modalities if m not in reached]:
            raise ValueError(
                f'model.graph: no chain of seen translations connects {lost} with {sorted(reached)}: some set must '
                'hold modalities of both'
            )


def pairwise_networks(num_modalities: int) -> int:
    """Returns N (N - 1) / 2, the pairs for which separately trained translators each need encoders and decoders."""
    return num_modalities * (num_modalities - 1) // 2
