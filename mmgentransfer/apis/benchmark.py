"""What the training step costs beside the passes that the method can't avoid, and how much memory it takes."""

from __future__ import annotations

import inspect
import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from mmgentransfer.apis.bare_passes import bare_passes
from mmgentransfer.apis.checks import check_config
from mmgentransfer.apis.console import lay_out
from mmgentransfer.models.baselines.icgan import IcGAN
from mmgentransfer.models.baselines.stargan import StarGAN
from mmgentransfer.models.baselines.stargan_v2 import StarGANv2
from mmgentransfer.models.domain_translator import DomainTranslator
from mmgentransfer.models.game import AdversarialModel, Batch
from mmgentransfer.models.losses.semantic import FrozenFeatureLoss, SemanticConstraintLoss
from mmgentransfer.models.methods.mmnets.modalities import DepthModality, Modality, SegmentationModality
from mmgentransfer.models.methods.sdit import SDIT
from mmgentransfer.models.methods.transferi2i import TransferI2I
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import DATASETS, MODELS, OPTIM_WRAPPER_CONSTRUCTORS

__all__ = ['StepTiming', 'benchmark_step']

_WARM_UP = 3


@dataclass
class StepTiming:
    """Times of one stage, in seconds for an iteration, and its memory, in bytes.

    Args:
        stage: Name of the stage.
        step: Median of ``train_step``.
        bare: Median of the bare passes.
        preprocessing: Median of the data preprocessor, which is part of the step.
        optimiser: Median of the optimisers' steps, which are part of both.
        resting: Memory of weights, buffers, optimiser states and the batch between two steps.
        peak: Most memory that tensors take during a step, ``resting`` included.
        steps: Every measured time of ``train_step``.
        bares: Every measured time of the bare passes, each taken right after the step of the same place.
    """

    stage: str
    step: float
    bare: float
    preprocessing: float
    optimiser: float
    resting: int
    peak: int
    steps: list[float] = field(repr=False)
    bares: list[float] = field(repr=False)

    @property
    def ratio(self) -> float:
        """Median of the ratios of a step's time and that of the bare passes next to it.

        Both of a pair meet the same load of the machine, so this holds where the medians of the two drift.
        """
        return statistics.median(step / bare for step, bare in zip(self.steps, self.bares, strict=True))


def benchmark_step(
    cfg: Config, iters: int = 20, batch_size: int | None = None, amp: bool = False, device: str | None = None
) -> list[StepTiming]:
    """Times a model's ``train_step`` and the bare passes of the same networks, alternately, in each stage.

    The bare passes are, for each update of the critic: fake images without graph, the critic on real and fake images,
    the gradient penalty, one backward pass, the optimiser's step; and for the generator: fake images, the critic, one
    backward pass, the optimiser's step. With several mined generators, every one makes images that are scored without
    graph, and the above are the passes of the winners. Translators call each network as often as their step does. Where
    a move is not played in every iteration, times are means over as many iterations as its rhythm has. Images, labels
    and depth are random, so no data is needed; weights are initial ones, those of frozen extractors too, so no
    checkpoint is.

    On the CPU times are processor time, the sum over threads, in which other programs on the machine don't count.

    Memory is that of tensors: on a GPU what PyTorch's allocator has counted, on the CPU the highest sum of the
    allocations and frees that PyTorch's profiler sees. The process takes more, by its libraries and what allocators
    keep in reserve.

    Args:
        cfg: Config of the experiment.
        iters: Measured iterations of each.
        batch_size: In place of ``train_dataloader.batch_size``.
        amp: Whether both run in mixed precision, on an accelerator.
        device: By default 'cuda' where there is a GPU, else 'cpu'.

    Returns:
        The times and the memory of each stage.

    Raises:
        ValueError: The model's passes are not written out, the batch can't be split into the model's moves, or ``amp``
            is asked for on the CPU.
    """
    device = device or ('cuda' if torch.cuda.is_available() else 'cpu')
    if amp and device == 'cpu':
        raise ValueError('--amp (mixed precision) needs an accelerator, and there is none here')
    if iters < 1:
        raise ValueError(f'--iters must be at least 1, got {iters}')
    check_config(cfg)
    if amp:
        for wrapper in cfg.optim_wrapper.values():
            if isinstance(wrapper, dict):
                wrapper['type'] = 'AmpOptimWrapper'
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        model = MODELS.build(_without_sources(cfg.model.to_dict()))
        bare_passes(model, {}, {}, amp=False)  # raises, if it has none for such a model
        model.init_weights()
        _draw_extractors(model)
        lay_out(model, cfg.get('env_cfg'))
        model.to(device).train()
        wrappers = OPTIM_WRAPPER_CONSTRUCTORS.get(cfg.optim_wrapper.constructor)(
            {key: value for key, value in cfg.optim_wrapper.items() if key != 'constructor'}
        )(model)
    batch = _random_batch(model, cfg, batch_size or cfg.train_dataloader.batch_size, device)
    return [_time_stage(model, wrappers, batch, index, iters, amp) for index in range(len(model.stages))]


def _without_sources(node: Any) -> Any:
    """Returns a copy of a config without every ``init_cfg`` that loads a checkpoint."""
    if isinstance(node, dict):
        return {
            key: _without_sources(value)
            for key, value in node.items()
            if not (key == 'init_cfg' and isinstance(value, dict) and 'checkpoint' in value)
        }
    return [_without_sources(item) for item in node] if isinstance(node, (list, tuple)) else node


def _draw_extractors(model: AdversarialModel) -> None:
    """Gives the frozen networks of losses random weights in place of those of a file, and a scale."""
    for loss in model.losses.values():
        if isinstance(loss, FrozenFeatureLoss):
            loss._built = [MODELS.build(loss.extractor).eval().requires_grad_(False)]
            if isinstance(loss, SemanticConstraintLoss):
                loss.scale.fill_(1.0)
                loss._measured = True


def _random_batch(model: AdversarialModel, cfg: Config, num: int, device: str) -> dict[str, Any]:
    if num % model.num_chunks:
        raise ValueError(
            f'--batch-size {num} can not be split into the {model.num_chunks} updates of model.moves; '
            f'take a multiple of {model.num_chunks}'
        )
    if hasattr(model, 'modalities'):
        dataset, side = cfg.train_dataloader.dataset, _side_of(model, cfg)
        values = {name: partial(_random_values, kind, num, side, device) for name, kind in model.modalities.items()}
        if dataset.get('sets'):
            return {name: {m: values[m]() for m in held} for name, held in dataset.sets.items()}
        return {name: make() for name, make in values.items()}
    if isinstance(model, DomainTranslator):
        return _random_domains(model, cfg, num, device)
    shape = model.generate(model.draw_latents(1)).shape[1:]
    batch = dict(images=torch.randint(256, (num, *shape), dtype=torch.uint8, device=device))
    if model.num_classes:
        batch['labels'] = torch.randint(model.num_classes, (num,), device=device)
    return batch


def _random_domains(model: DomainTranslator, cfg: Config, num: int, device: str) -> dict[str, Tensor]:
    """Returns labelled images, or images of each domain, whichever the method is trained on."""
    judge = next(getattr(model, name) for name in ('critic', 'discriminator', 'discriminators') if hasattr(model, name))
    judge = judge[model.domains[0]] if isinstance(judge, nn.ModuleDict) else judge
    side = getattr(judge, 'image_size', None)
    shape = (num, judge.in_channels, *((side, side) if side else _side_of(model, cfg)))
    labelled = isinstance(model, (StarGAN, StarGANv2, SDIT, IcGAN)) or (
        isinstance(model, TransferI2I) and not model.two_class
    )
    beside = {TransferI2I: ['sources'], StarGANv2: ['references', 'other_references']}.get(type(model), [])
    names = ['images', *beside] if labelled else model.domains
    batch = {name: torch.randint(256, shape, dtype=torch.uint8, device=device) for name in names}
    if labelled:
        num_domains = len(model.domains)
        top, size = (num_domains, (num,)) if model.exclusive else (2, (num, num_domains))
        for name in ['labels', *(['reference_labels'] if 'references' in batch else [])]:
            batch[name] = torch.randint(top, size, device=device)
    return batch


def _side_of(model: AdversarialModel, cfg: Config) -> tuple[int, int]:
    """Returns height and width of the training samples."""
    dataset = cfg.train_dataloader.dataset
    while 'image_size' not in dataset and ('dataset' in dataset or 'domains' in dataset):
        dataset = dataset.dataset if 'dataset' in dataset else next(iter(dataset.domains.values()))
    default = inspect.signature(DATASETS.get(dataset.type)).parameters.get('image_size')
    size = dataset.get('image_size', default and default.default)
    return (size, size) if isinstance(size, int) else tuple(size)


def _random_values(modality: Modality, num: int, side: tuple[int, int], device: str) -> Tensor:
    if isinstance(modality, DepthModality):
        return 1 + 7 * torch.rand(num, 1, *side, device=device)
    if isinstance(modality, SegmentationModality):
        return torch.randint(modality.num_classes, (num, *side), dtype=torch.uint8, device=device)
    return torch.randint(256, (num, modality.channels, *side), dtype=torch.uint8, device=device)


def _time_stage(
    model: AdversarialModel, wrappers: dict[str, Any], batch: dict[str, Any], stage: int, iters: int, amp: bool
) -> StepTiming:
    model.enter_stage(stage)
    if stage:
        model.begin_stage()
    device = next(model.parameters()).device
    counter = iter(range(10**9))
    rhythm = math.lcm(*(move.every for move in model.moves))
    size, with_data = Batch(batch, StepRandom(0)).size, model.stage.data

    def step() -> None:
        data = dict(batch) if with_data else None
        model.train_step(data, wrappers, iteration=next(counter), batch_size=size)

    random = StepRandom(0, device=device)
    prepare = partial(model.data_preprocessor, training=True, random=random)

    def preprocess() -> None:
        if with_data:
            prepare(dict(batch))

    optimizers = {player: wrapper.optimizer for player, wrapper in wrappers.items()}
    bare = bare_passes(model, optimizers, prepare(dict(batch)), amp)
    rounds = [[_seconds(run, device, rhythm) for run in (step, bare.run, preprocess)] for _ in range(_WARM_UP + iters)]
    steps, bares, preprocessing = map(list, zip(*rounds[_WARM_UP:], strict=True))
    held = _tensors_in(batch) if with_data else []
    resting = _bytes_of([*model.parameters(), *model.buffers(), *held, *_states(wrappers)])
    peak = _peak_memory(step, device, resting)  # of an iteration in which all moves are due
    return StepTiming(
        model.stage.name,
        statistics.median(steps),
        statistics.median(bares),
        statistics.median(preprocessing),
        statistics.median(_seconds(bare.optimiser_steps, device, rhythm) for _ in range(iters)),
        resting,
        peak,
        steps,
        bares,
    )


def _seconds(run: Callable[[], Any], device: torch.device, times: int) -> float:
    """Returns the mean time of a run, of ``times``."""
    synchronise, clock = lambda: None, time.process_time
    if device.type == 'cuda':
        synchronise, clock = torch.cuda.synchronize, time.perf_counter
    synchronise()
    started = clock()
    for _ in range(times):
        run()
    synchronise()
    return (clock() - started) / times


def _tensors_in(batch: dict[str, Any]) -> Iterator[Tensor]:
    for value in batch.values():
        yield from _tensors_in(value) if isinstance(value, dict) else [value]


def _states(wrappers: dict[str, Any]) -> Iterable[Tensor]:
    for wrapper in wrappers.values():
        for state in wrapper.optimizer.state.values():
            yield from (value for value in state.values() if isinstance(value, Tensor))


def _bytes_of(tensors: Iterable[Tensor]) -> int:
    return sum({t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}.values())


def _peak_memory(step: Callable[[], Any], device: torch.device, resting: int) -> int:
    """Returns the most bytes of tensors that are alive at a time during ``step``, ``resting`` before it included."""
    if device.type == 'cuda':
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        step()
        return resting + torch.cuda.max_memory_allocated(device) - before
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profiler:
        step()
    alive = highest = 0
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == '[memory]']
    for event in sorted(events, key=lambda event: event.start_ns()):
        alive += event.nbytes()
        highest = max(highest, alive)
    return resting + highest
