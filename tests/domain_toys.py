"""Translators between domains that need no training, and what is needed to score them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from mmgentransfer.datasets import DomainImages, ToyObjects, UnpairedDomains
from mmgentransfer.engine.loops import DomainTranslationLoop
from mmgentransfer.models.domain_translator import DomainTranslator
from mmgentransfer.registry import EVALUATORS, EXTRACTORS, MODELS

COLOURS = ('red', 'blue', 'green')
SIDE = 16


@MODELS.register_module(force=True)
class PaintNetwork(nn.Module):
    """Paints an image in a level of the target's number, with a code's width added inside a square in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.strength = nn.Parameter(torch.ones(()))
        self.calls: list[int] = []

    def forward(self, values: Tensor, targets: Tensor, codes: Tensor | None) -> Tensor:
        self.calls.append(len(values))
        level = (targets * torch.arange(targets.shape[1])).sum(1) / targets.shape[1] - 0.5
        outputs = (0.5 * values + self.strength * level[:, None, None, None])[:, None]
        if codes is None:
            return outputs
        middle = torch.zeros(values.shape[2:])
        middle[SIDE // 4 : -SIDE // 4, SIDE // 4 : -SIDE // 4] = 0.2
        return outputs + codes[..., :1, None, None] * middle


@MODELS.register_module(force=True)
class Painter(DomainTranslator):
    """A translator of one network, with codes or without; its attention is 0 in one channel and 0.5 in another."""

    players = dict(generator=['generator'])

    def __init__(
        self,
        domains: Any = COLOURS,
        width: int | None = 2,
        exclusive: bool = True,
        attends: bool = True,
        **kwargs: Any,
    ) -> None:
        self.exclusive, self.has_attention = exclusive, attends
        super().__init__(
            domains,
            networks=dict(generator=dict(type='PaintNetwork')),
            losses=dict(size=dict(type='PixelLoss', mode='l1')),
            moves=[dict(player='generator')],
            **kwargs,
        )
        self.width = width
        self.options: list[dict] = []

    @property
    def code_dim(self) -> int | None:
        return self.width

    def generator_losses(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        values = batch['images']
        targets = self.domains_of(batch['labels'])
        codes = None if self.width is None else torch.zeros(len(values), 1, self.width)
        return dict(size=(self.generator(values, targets, codes)[:, 0] - values).abs().mean())

    def translating_networks(self, which: str = 'ema') -> list[nn.Module]:
        return [self.network('generator', which)]

    def translate_values(self, values, targets, codes=None, which='ema', return_attention=False, **options):
        self.options.append(options)
        outputs = self.network('generator', which)(values, targets, codes)
        maps = torch.full((len(values), 2, 4, 4), 0.5) * torch.tensor([0.0, 1.0])[:, None, None]
        return (outputs, maps) if return_attention else outputs

    def reconstruct_values(self, values: Tensor, domains: Tensor, which: str = 'ema') -> Tensor:
        return values + 0.25


@MODELS.register_module(force=True)
class CoarseClassifier(nn.Module):
    """Classifier of the 4x4 means of an image, which learns fast."""

    def __init__(self, num_classes: int = 3) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(48, 32), nn.ReLU(), nn.Linear(32, num_classes)
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images - 0.5)


@EXTRACTORS.register_module(force=True)
class ColourExtractor(nn.Module):
    """Mean colour as features, and the nearest of red, blue and green as decision; counts the images it has seen."""

    def __init__(self, gone: str | None = None) -> None:
        super().__init__()
        self.gone, self.seen = gone, 0

    def missing(self) -> str | None:
        return self.gone

    def fingerprint(self) -> str:
        return 'mean colour'

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        self.seen += len(images)
        features = images.float().mean((2, 3)) / 255
        return dict(features=features, logits=torch.relu(features[:, [0, 2, 1]]))


def toy_objects(num: int = 6, split: str = 'test', **options: Any) -> ToyObjects:
    """Objects of three colours and two shapes, ``num`` of each colour."""
    settings = dict(
        image_size=SIDE,
        num_per_class=num,
        colours=COLOURS,
        shapes=('disc', 'square'),
        labelled='colour',
        split=split,
        with_masks=True,
    )
    return ToyObjects(**settings | options)


def painter(**options: Any) -> Painter:
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        return MODELS.build(dict(type='Painter', **options)).eval()


def evaluator(folder: Any, *metrics: dict, **extractors: dict) -> Any:
    """A DomainTranslationEvaluator with an extractor 'colour', if no others are given."""
    extractors = extractors or dict(colour=dict(type='ColourExtractor'))
    config = dict(type='DomainTranslationEvaluator', extractors=extractors, metrics=list(metrics))
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        return EVALUATORS.build(config | dict(cache_dir=str(folder / 'cache')))


def scoring_loop(
    folder: Any, model: Painter, scorer: Any, dataset: Any = None, train: Any = None, **options: Any
) -> DomainTranslationLoop:
    """A DomainTranslationLoop in a runner that has what it needs and no more."""

    def loader(data: Any) -> Any:
        return torch.utils.data.DataLoader(data, batch_size=4)

    runner = SimpleNamespace(
        model=model,
        work_dir=str(folder),
        iter=3,
        message_hub=SimpleNamespace(get_info=lambda name, default: default),
        call_hook=lambda *args, **kwargs: None,
        logger=SimpleNamespace(warning=lambda line: options_warnings.append(line)),
        train_dataloader=loader(toy_objects(8, 'train') if train is None else train),
    )
    options_warnings: list[str] = []
    runner.warnings = options_warnings
    return DomainTranslationLoop(runner, loader(toy_objects() if dataset is None else dataset), scorer, **options)


__all__ = [
    'COLOURS',
    'SIDE',
    'DomainImages',
    'Painter',
    'UnpairedDomains',
    'evaluator',
    'painter',
    'scoring_loop',
    'toy_objects',
]
