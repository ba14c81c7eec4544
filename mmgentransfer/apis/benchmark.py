"""What the training step costs beside the passes that the method can't avoid."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import Tensor

from mmgentransfer.apis.checks import check_config
from mmgentransfer.models.losses import scores
from mmgentransfer.models.methods.gan import GAN
from mmgentransfer.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS

__all__ = ['StepTiming', 'benchmark_step']

_WARM_UP = 3


@dataclass
class StepTiming:
    """Times of one stage, in seconds for an iteration.

    Args:
        stage: Name of the stage.
        step: Median of ``train_step``.
        bare: Median of the bare passes.
        preprocessing: Median of the data preprocessor, which is part of the step.
        optimiser: Median of the optimisers' steps, which are part of both.
        steps: Every measured time of ``train_step``.
        bares: Every measured time of the bare passes.
    """

    stage: str
    step: float
    bare: float
    preprocessing: float
    optimiser: float
    steps: list[float] = field(repr=False)
    bares: list[float] = field(repr=False)

    @property
    def ratio(self) -> float:
        """Time of the step over that of the bare passes."""
        return self.step / self.bare


def benchmark_step(
    cfg: Config, iters: int = 20, batch_size: int | None = None, amp: bool = False, device: str | None = None
) -> tuple[list[StepTiming], float]:
    """Times a GAN's ``train_step`` and the bare passes of the same networks, alternately, in each stage.

    The bare passes are, for each update of the critic: fake images without graph, the critic on real and fake images,
    the gradient penalty, one backward pass, the optimiser's step; and for the generator: fake images, the critic, one
    backward pass, the optimiser's step. Images are random, so no data is needed, and weights are the initial ones.

    Args:
        cfg: Config of the experiment.
        iters: Measured iterations of each.
        batch_size: In place of ``train_dataloader.batch_size``.
        amp: Whether both run in mixed precision, on an accelerator.
        device: By default 'cuda' where there is a GPU, else 'cpu'.

    Returns:
        The times of each stage, and the peak memory in bytes: of the GPU, or of the process.

    Raises:
        ValueError: The model is not a GAN of a critic and a generator, or ``amp`` is asked for on the CPU.
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
        model = MODELS.build(cfg.model).to(device).train()
        if not isinstance(model, GAN) or list(model.players) != ['critic', 'generator']:
            raise ValueError(f'the benchmark takes GANs of a critic and a generator, not {type(model).__name__}')
        if model.num_classes:
            raise ValueError(f'the benchmark takes unconditional GANs; this one has {model.num_classes} classes')
        wrappers = OPTIM_WRAPPER_CONSTRUCTORS.get(cfg.optim_wrapper.constructor)(
            {key: value for key, value in cfg.optim_wrapper.items() if key != 'constructor'}
        )(model)
    with torch.no_grad():
        shape = model.images_from(torch.randn(2, model.latent_size, device=device)).shape[1:]
    images = torch.randint(0, 256, (batch_size or cfg.train_dataloader.batch_size, *shape), dtype=torch.uint8)
    images = images.to(device)
    if torch.device(device).type == 'cuda':
        torch.cuda.reset_peak_memory_stats()
    timings = [_time_stage(model, wrappers, images, index, iters, amp) for index in range(len(model.stages))]
    if torch.device(device).type == 'cuda':
        return timings, float(torch.cuda.max_memory_allocated())
    return timings, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def _time_stage(model: GAN, wrappers: dict[str, Any], images: Tensor, stage: int, iters: int, amp: bool) -> StepTiming:
    model.enter_stage(stage)
    counter = iter(range(10**9))
    bare = _BarePasses(model, wrappers, model.data_preprocessor(dict(images=images))['images'], amp)
    steps, bares, preprocessing = [], [], []
    for index in range(_WARM_UP + iters):
        times = (
            _seconds(lambda: model.train_step(dict(images=images), wrappers, iteration=next(counter)), images.device),
            _seconds(bare.run, images.device),
            _seconds(lambda: model.data_preprocessor(dict(images=images), training=True), images.device)
            if not model.data_preprocessor.flip
            else 0.0,
        )
        if index >= _WARM_UP:
            for series, value in zip((steps, bares, preprocessing), times, strict=True):
                series.append(value)
    optimiser = statistics.median(_seconds(bare.optimiser_steps, images.device) for _ in range(iters))
    return StepTiming(
        model.stage.name,
        statistics.median(steps),
        statistics.median(bares),
        statistics.median(preprocessing),
        optimiser,
        steps,
        bares,
    )


def _seconds(run: Callable[[], Any], device: torch.device) -> float:
    synchronise = torch.cuda.synchronize if device.type == 'cuda' else lambda: None
    synchronise()
    started = time.perf_counter()
    run()
    synchronise()
    return time.perf_counter() - started


class _BarePasses:
    """The forward and backward passes of one iteration, written out without the framework."""

    def __init__(self, model: GAN, wrappers: dict[str, Any], images: Tensor, amp: bool) -> None:
        self.model = model
        self.images = images
        self.amp = amp
        self.optimizers = {player: wrapper.optimizer for player, wrapper in wrappers.items()}
        self.scaler = torch.amp.GradScaler(images.device.type, enabled=amp)
        self.trained = {
            player: [p for name in names for p in getattr(model, name).parameters()]
            for player, names in model.trained.items()
        }
        self.everything = [p for name in model.network_names for p in getattr(model, name).parameters()]

    def run(self) -> None:
        """One iteration."""
        chunks = self.images.chunk(self.model.num_chunks)
        losses = dict(critic=self._critic_loss, generator=self._generator_loss)
        for move in self.model.moves:
            parameters = self.trained[move.player]
            if not parameters:
                continue
            for parameter in self.everything:
                parameter.requires_grad_(False)
            for parameter in parameters:
                parameter.requires_grad_(True)
            optimizer = self.optimizers[move.player]
            for repeat in range(move.repeat):
                for real in chunks[repeat * move.accumulate : (repeat + 1) * move.accumulate]:
                    self.scaler.scale(losses[move.player](real) / move.accumulate).backward()
                self.scaler.step(optimizer)
                self.scaler.update()
                optimizer.zero_grad()

    def optimiser_steps(self) -> None:
        """The optimisers' steps of one iteration alone."""
        for move in self.model.moves:
            for parameter in self.trained[move.player]:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
            for _ in range(move.repeat):
                self.optimizers[move.player].step()

    def _critic_loss(self, real: Tensor) -> Tensor:
        critic, losses = self.model.critic, self.model.losses
        with self._autocast():
            with torch.no_grad():
                fake = self._fake(len(real))
            if getattr(critic, 'mixes_images', False):
                real_scores, fake_scores = scores(critic(real)), scores(critic(fake))
            else:
                real_scores, fake_scores = scores(critic(torch.cat([real, fake]))).chunk(2)
            loss = self.model.weight('adversarial') * losses['adversarial'].critic(real_scores, fake_scores)
            if self.model.weight('drift'):
                loss = loss + self.model.weight('drift') * losses['drift'](real_scores)
        if self.model.weight('gradient_penalty'):
            alpha = torch.rand(len(real), 1, 1, 1, device=real.device)
            mixed = (alpha * real + (1 - alpha) * fake.float()).requires_grad_(True)
            (gradient,) = torch.autograd.grad(scores(critic(mixed)).sum(), mixed, create_graph=True)
            penalty = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
            loss = loss + self.model.weight('gradient_penalty') * penalty
        return loss

    def _generator_loss(self, real: Tensor) -> Tensor:
        with self._autocast():
            fake_scores = scores(self.model.critic(self._fake(len(real))))
            return self.model.weight('adversarial') * self.model.losses['adversarial'].generator(fake_scores)

    def _fake(self, num: int) -> Tensor:
        return self.model.images_from(torch.randn(num, self.model.latent_size, device=self.images.device))

    def _autocast(self) -> AbstractContextManager:
        return torch.autocast(self.images.device.type) if self.amp else nullcontext()
