"""Measuring which source model is nearest to a target data set."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import Tensor
from torch.utils.data import Subset

from mmgentransfer.apis.checks import check_config
from mmgentransfer.apis.inference import init_model
from mmgentransfer.apis.train import read_config
from mmgentransfer.checkpoints import load_checkpoint
from mmgentransfer.engine.loops.generation_loop import DatasetImages
from mmgentransfer.evaluation import GenerationEvaluator
from mmgentransfer.evaluation.source_ranking import CRITERIA, SourceRanking
from mmgentransfer.models.methods.gan import GAN
from mmgentransfer.registry import DATASETS, suggest

__all__ = ['SourceModel', 'config_of', 'select_source', 'start_from']

MOST_REAL = 50_000  # images of a real set that are compared; source sets have millions


@dataclass(frozen=True)
class SourceModel:
    """A candidate to adapt.

    Args:
        name: Shown in the table.
        checkpoint: A file, or the folder of a run (its latest checkpoint).
        config: Config file of the model; None takes the config that is stored in the checkpoint.
    """

    name: str
    checkpoint: str
    config: str | Path | None = None


def select_source(
    target: str | Path | Config,
    sources: Sequence[SourceModel],
    extractor: str | None = None,
    num_images: int = 10000,
    seed: int = 0,
    batch_statistics: bool = False,
    criterion: str = 'gen_to_target',
    source_data: bool = False,
    after: Mapping[str, float] | None = None,
    device: str = 'cpu',
) -> SourceRanking:
    """Ranks source models for a target by the FID of what they generate, unadapted, to the target's training images.

    Thesis section 2.3.7. Any number of sources, of any method that samples images from noise, and any extractor. Of a
    real set with more than 50,000 images, 50,000 fixed random ones are taken.

    Args:
        target: Config (or its file) of the adaptation: its ``train_dataloader.dataset`` are the target's images, and
            its ``val_evaluator.extractors`` are what features can be of.
        sources: The candidates.
        extractor: Name of the extractor; None takes the only one.
        num_images: Generated images of each source.
        seed: Of the latents.
        batch_statistics: Whether batch norms use the statistics of the generated batch (of 100 images).
        criterion: 'gen_to_target', or 'real_to_target' (thesis section A.1.1), which needs ``source_data``.
        source_data: Whether to read each source's own images too (its config's ``train_dataloader.dataset``), for the
            columns ``real_to_target`` and ``gen_to_own``.
        after: FID after adaptation by source, if known: adds the rank correlation and the regret.
        device: Where networks and extractor run.

    Raises:
        FileNotFoundError: A config, checkpoint or image folder does not exist.
        ValueError: Two sources have one name, the extractor is unknown or lacks its weights, images differ in shape,
            or a setting is out of range.
    """
    names = [source.name for source in sources]
    if not sources or len(set(names)) < len(names):
        raise ValueError(f'select_source needs sources with names of their own, got {names}')
    if num_images < 2:
        raise ValueError(f'num_images must be at least 2, got {num_images}')
    if criterion not in CRITERIA:
        raise ValueError(f'criterion is {criterion!r}; it can be one of {CRITERIA}.{suggest(criterion, CRITERIA)}')
    if criterion == 'real_to_target' and not source_data:
        raise ValueError("criterion 'real_to_target' compares the sources' own images: it needs source_data")
    config = target if isinstance(target, Config) else read_config(target)
    check_config(config)
    extractor, settings = _extractor_of(config, extractor)
    target_images = _images_of(config, 'the target')
    target_side = _evaluator(extractor, settings)
    target_side.prepare(target_images, None, device)
    shape = next(iter(target_images)).shape[1:]

    columns: dict[str, dict[str, float]] = dict(gen_to_target={}, real_to_target={}, gen_to_own={})
    for source in sources:
        source_config = config_of(source)
        model = init_model(source_config, source.checkpoint, device)
        if not isinstance(model, GAN):
            raise ValueError(f'source {source.name!r}: a {type(model).__name__} does not generate images from noise')
        generated = _features(target_side, _generated(model, num_images, seed, batch_statistics, shape, source.name))
        columns['gen_to_target'][source.name] = _fid(target_side, generated)
        del model
        if source_data:
            own_side = _evaluator(extractor, settings)
            own_side.prepare(_images_of(source_config, f'source {source.name!r}'), None, device)
            columns['gen_to_own'][source.name] = _fid(own_side, generated)
            on_device = (images.to(device) for images in target_images)
            columns['real_to_target'][source.name] = _fid(own_side, _features(own_side, on_device))
    return SourceRanking(**columns, criterion=criterion, after=dict(after or {}), extractor=extractor)


def start_from(config: Config, source: SourceModel) -> Config:
    """Returns a copy of an adaptation's config whose pre-trained networks start from another source.

    Args:
        config: A config with networks whose ``init_cfg`` is a ``TransferredWeights``.
        source: Where they start from instead.

    Raises:
        ValueError: No network of the config is pre-trained.
    """
    config = copy.deepcopy(config)
    networks = [
        network
        for given in config.model.networks.values()
        for network in (given if isinstance(given, (list, tuple)) else [given])
    ]
    inits = [init for network in networks if (init := network.get('init_cfg'))]
    transfers = [init for init in inits if init.get('type') == 'TransferredWeights']
    if not transfers:
        raise ValueError(
            f"no network of the target config {str(config.filename)!r} has init_cfg=dict(type='TransferredWeights', "
            '...): there is nothing to start from a source'
        )
    for init in transfers:
        init['checkpoint'] = source.checkpoint
    return config


def _extractor_of(config: Config, name: str | None) -> tuple[str, dict[str, Any]]:
    """Returns the name and the config of the extractor to use."""
    declared = dict((config.get('val_evaluator') or {}).get('extractors') or {})
    if name is None and len(declared) == 1:
        name = next(iter(declared))
    if name not in declared:
        raise ValueError(
            f"the target config's val_evaluator.extractors declares {sorted(declared) or 'none'}; "
            + ('say which one to use' if name is None else f'there is no {name!r}.{suggest(name, list(declared))}')
        )
    return name, declared[name]


def _evaluator(extractor: str, settings: dict[str, Any]) -> GenerationEvaluator:
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        evaluator = GenerationEvaluator({extractor: settings}, [dict(type='FID', extractor=extractor)])
    if not evaluator.usable_metrics:
        raise ValueError('; '.join(evaluator.notices()))
    return evaluator


def config_of(source: SourceModel) -> Config:
    """Returns a source's config: the file that it names, else what its checkpoint holds.

    Raises:
        ValueError: The checkpoint holds no config, and none is named.
    """
    if source.config is not None:
        return read_config(source.config)
    text = load_checkpoint(source.checkpoint).get('meta', {}).get('cfg')
    if text is None:
        raise ValueError(f'source {source.name!r}: {source.checkpoint} holds no config; give its config too')
    return Config.fromstring(text, file_format='.py')


def _images_of(config: Config, owner: str) -> DatasetImages:
    dataset = (config.get('train_dataloader') or {}).get('dataset')
    if dataset is None:
        raise ValueError(f'{owner}: the config has no train_dataloader.dataset')
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        images = DATASETS.build(dataset)
    if len(images) > MOST_REAL:
        chosen = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:MOST_REAL]
        images = Subset(images, chosen.sort().values.tolist())
    return DatasetImages(images)


def _generated(
    model: GAN, num: int, seed: int, batch_statistics: bool, shape: torch.Size, name: str, batch_size: int = 100
) -> Iterator[Tensor]:
    """Draws uint8 images (n, C, H, W) batch by batch, the same that a GenerationLoop of this seed draws."""
    for index, start in enumerate(range(0, num, batch_size)):
        size = min(batch_size, num - start)
        labels = model.balanced_labels(size, start) if model.num_classes else None
        latents = model.draw_latents(size, (seed, index))
        images = model.data_preprocessor.to_uint8(
            model.generate(latents, batch_statistics=batch_statistics, batch_size=batch_size, labels=labels)
        )
        if images.shape[1:] != shape:
            raise ValueError(
                f'source {name!r} generates images of the shape {tuple(images.shape[1:])}, those of the target are '
                f'{tuple(shape)}: sources and target need one shape'
            )
        yield images


def _features(evaluator: GenerationEvaluator, batches: Iterable[Tensor]) -> dict[str, np.ndarray]:
    evaluator.reset()
    for images in batches:
        evaluator.process(images)
    return evaluator.collect()


def _fid(evaluator: GenerationEvaluator, collected: dict[str, np.ndarray]) -> float:
    (value,) = evaluator.evaluate([collected]).values()
    return value
