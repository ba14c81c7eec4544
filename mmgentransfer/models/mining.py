"""How miners and generators meet: what fits, and images of what a miner gave."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mmgentransfer.models.generator_family import OneHotGeneratorFamily
from mmgentransfer.models.miners import SharedTrunkMiners
from mmgentransfer.models.selectors import AmortizedSelector
from mmgentransfer.models.step_random import StepRandom, derive_seed
from mmgentransfer.models.style_miners import StyleMiner

__all__ = [
    'Latents',
    'by_choice',
    'check_networks',
    'check_sharing',
    'generate',
    'repeatable',
    'sampled_style',
    'trained_style',
]

Latents = Tensor | tuple[Tensor, Tensor] | tuple[Tensor, dict[str, Any]]
"""A miner's output: z; z with a class embedding (or labels); or z with other arguments of the generator."""


def check_networks(miners: nn.Module, generators: nn.Module) -> None:
    """Raises a ``ValueError`` unless miners and generators, lists or what stands for them, fit each other."""
    for name, network, whole in (
        ('generators', generators, OneHotGeneratorFamily),
        ('miners', miners, SharedTrunkMiners),
    ):
        if not isinstance(network, (whole, nn.ModuleList)) or not len(network):
            raise ValueError(f'model.networks.{name} must be a list with the configs of one or several networks')
    if len(miners) != len(generators):
        raise ValueError(
            f'model.networks.miners has {len(miners)} networks and model.networks.generators '
            f'{len(generators)}: each generator needs a miner of its own'
        )
    for i, (miner, generator) in enumerate(zip(miners, generators, strict=True)):
        _check_pair(i, miner, generator)
    shapes = [(g.out_channels, g.image_size, g.image_size) for g in generators]
    for i, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ValueError(
                f'model.networks.generators[{i}] makes images of the shape {shape}, model.networks.generators[0] '
                f'of {shapes[0]}: generators that are mined together must have one resolution'
            )


def check_sharing(
    miners: nn.Module, selector: nn.Module | None, shared_noise: bool, prior: dict | list | None, losses: list[str]
) -> None:
    """Raises a ``ValueError`` unless what shares a noise, or learns from sharing it, goes together."""
    widths = [miner.in_features for miner in miners]
    if shared_noise and (len(set(widths)) > 1 or isinstance(prior, (list, tuple))):
        raise ValueError(
            'model.shared_noise=True needs miners that take noise of the same width, and one model.prior for all; '
            f'the widths are {widths}, the prior is {prior}'
        )
    classifies = getattr(miners, 'classifier', None) is not None
    amortized = isinstance(selector, AmortizedSelector)
    needed = (amortized, classifies, 'selector' in losses)
    if any(needed) and not (all(needed) and shared_noise):
        raise ValueError(
            'these go together or not at all: model.selector.type = AmortizedSelector, model.networks.miners = '
            "dict(type='SharedTrunkMiners', classify=True, ...), model.shared_noise = True, and "
            "model.losses.selector = dict(type='AuxiliaryClassifierLoss'); here the selector is a "
            f'{type(selector).__name__}, the miners {"have" if classifies else "do not have"} classify=True, '
            f'shared_noise is {shared_noise}, and the losses are {losses}'
        )


def _check_pair(index: int, miner: nn.Module, generator: nn.Module) -> None:
    names = f'model.networks.miners[{index}]', f'model.networks.generators[{index}]'
    _check_condition(*names, miner, generator)
    if isinstance(miner, StyleMiner):
        _check_style(*names, miner, generator)
    if miner.out_features != generator.noise_size:
        raise ValueError(
            f'{names[0]} ends in {miner.out_features} features, but {names[1]} takes '
            f"noise_size={generator.noise_size}: the last of the miner's dims must be {generator.noise_size}"
        )


def _check_condition(name: str, other: str, miner: nn.Module, generator: nn.Module) -> None:
    given, wanted = getattr(miner, 'embedding_features', 0), getattr(generator, 'embedding_size', 0)
    num_classes = getattr(generator, 'num_classes', 0)
    if num_classes and not wanted:
        raise ValueError(
            f'{other} = {type(generator).__name__} takes labels; of conditional generators only those with a class '
            'embedding, such as BigGANGenerator, can be mined by themselves; others as a OneHotGeneratorFamily'
        )
    fixed = getattr(miner, 'fixed_class', None)
    if fixed is not None and wanted:
        if not 0 <= fixed < num_classes:
            raise ValueError(f'{name}.fixed_class must be a class of {other}, 0 to {num_classes - 1}, got {fixed}')
    elif given != wanted:
        raise ValueError(
            f'{name} = {type(miner).__name__} gives a class embedding of {given} features, but {other} takes '
            f'embedding_size={wanted}: '
            + (f"a ConditionalMiner's miner_c must end in {wanted}" if wanted else 'it needs an MLPMiner')
        )
    elif fixed is not None:
        raise ValueError(f'{name}.fixed_class={fixed} needs a generator with a class embedding; {other} has no classes')


def _check_style(name: str, other: str, miner: StyleMiner, generator: nn.Module) -> None:
    if getattr(generator, 'noise_mode', None) is None:
        raise ValueError(
            f'{name} = StyleMiner needs a style-based generator, such as StyleGANGenerator; {other} is a '
            f'{type(generator).__name__}, for which an MLPMiner would do'
        )
    sides = list(generator.tap_channels)
    unknown = sorted(set(miner.sides) - set(sides))
    if unknown:
        raise ValueError(f'{name}.noise_miner.sides has {unknown}; the noise maps of {other} have the sides {sides}')


def generate(generator: nn.Module, latents: Latents, index: Tensor | None = None) -> Tensor:
    """Returns the images (K, C, S, S) of what a miner gave, or of its rows ``index`` (K,)."""
    z, more = latents if isinstance(latents, tuple) else (latents, None)
    if index is not None:
        z, more = z[index], _rows(more, index)
    if more is None:
        return generator(z)
    if isinstance(more, dict):
        return generator(z, **more)
    # Labels: their embedding is looked up, and no gradient reaches the table.
    return generator(z, embedding=more if more.is_floating_point() else generator.embed(more).detach())


def _rows(value: Any, index: Tensor) -> Any:
    if isinstance(value, dict):
        return {key: _rows(item, index) for key, item in value.items()}
    return value[index] if isinstance(value, Tensor) else value


def trained_style(
    latents: Latents, miner: nn.Module, generator: nn.Module, draw: Callable[[], Tensor], random: StepRandom
) -> Latents:
    """Adds to the latents of a training step what a style-based generator takes beside z; others stay as they are.

    That is the second code of a :class:`StyleMiner`, and with ``noise_mode='random'`` the noise maps of the sides that
    are not mined, from the random numbers of the step.

    Args:
        latents: Of N images.
        miner: What gave them.
        generator: What takes them.
        draw: Draws more noise (N, d) for the miner.
        random: The random numbers of the step.
    """
    if getattr(generator, 'noise_mode', None) is None:
        return latents
    z, more = latents if isinstance(latents, tuple) else (latents, {})
    sides = list(generator.tap_channels)
    if isinstance(miner, StyleMiner) and miner.mixing:
        more = more | miner.mixed(draw(), sides[1:], random)
    if generator.noise_mode == 'random':
        maps = more.get('noise_maps', {})
        drawn = {side: random.normal(z.shape[0], 1, side, side) for side in sides if side not in maps}
        more = more | dict(noise_maps=drawn | maps)
    return z, more


def sampled_style(latents: Latents, generator: nn.Module) -> Latents:
    """Lets random noise maps follow from the latents, for sampling: the same latents give the same images."""
    if getattr(generator, 'noise_mode', None) != 'random':
        return latents
    z, more = latents if isinstance(latents, tuple) else (latents, {})
    seed = derive_seed(zlib.crc32(z.detach().float().cpu().numpy().tobytes()))
    return z, more | dict(generator=torch.Generator().manual_seed(seed))


def repeatable(generator: nn.Module) -> bool:
    """Whether a part of a batch gives the same images as in the whole batch, pass after pass.

    Not with batch statistics or with power iterations of a spectral norm, which both come with buffers and only move in
    training mode.
    """
    return not (generator.training and any(True for _ in generator.buffers()))


def by_choice(choices: Tensor, images_of: Callable[[int, Tensor], Tensor]) -> Tensor:
    """Puts a batch together from several generators.

    Args:
        choices: The generator (K,) of each image.
        images_of: Maps a generator's number and the positions (k,) that chose it to its k images; not called for a
            generator that nothing chose.

    Returns:
        The images (K, C, S, S) in the order of ``choices``.
    """
    order = choices.argsort(stable=True)
    present, counts = choices[order].unique_consecutive(return_counts=True)
    positions = order.split(counts.tolist())
    parts = [images_of(i, index) for i, index in zip(present.tolist(), positions, strict=True)]
    return torch.cat(parts)[order.argsort()]
