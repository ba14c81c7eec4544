"""What the generators of TransferI2I take in a training step, and how images are scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mmgentransfer.models.step_random import StepRandom

if TYPE_CHECKING:
    from mmgentransfer.models.methods.transferi2i.transferi2i import TransferI2I

Condition = Tensor | None
"""Labels (N,) int64, class embeddings (N, E), or None without classes."""


def draw_inputs(
    model: TransferI2I, random: StepRandom, num: int, generator: nn.Module, mixing: bool = True
) -> tuple[dict[str, Any], Condition]:
    """Returns what ``generator`` takes for ``num`` images, and their classes (N,), uniform over all.

    What comes before the maps is computed here, so that two generators that share it have it once.

    Args:
        model: Has the generator, its miner and the probability of mixed styles.
        random: Random numbers of the step.
        num: Number of images N.
        generator: One of the model's generators.
        mixing: Whether styles may be mixed.
    """
    mined = generator is model.generator and hasattr(model, 'miner') and model.stage.name != 'self_init'
    noise = random.normal(num, model.miner.in_features if mined else generator.noise_size)
    if mined:
        noise = model.miner(noise)
    inputs: dict[str, Any] = dict(noise=noise)
    labels = None
    if model.num_classes:
        labels = random.integers(model.num_classes, num)
        embeds = getattr(generator, 'embedding_size', 0)
        inputs |= dict(embedding=generator.embed(labels)) if embeds else dict(labels=labels)
    if hasattr(generator, 'map_noise'):
        inputs['style'] = generator.map_noise(noise)
        if generator.noise_mode == 'random':
            inputs['noise_maps'] = {side: random.normal(num, 1, side, side) for side in generator.tap_channels}
        if mixing and model.mixing and random.share() < model.mixing:
            sides = [side for side in generator.tap_channels if side > min(generator.tap_channels)]
            inputs['mixing_style'] = generator.map_noise(random.normal(num, generator.noise_size))
            inputs['crossover'] = sides[int(random.share() * len(sides))]
    return inputs, labels


def as_argument(condition: Condition) -> dict[str, Tensor]:
    """Returns ``condition`` as the argument that a generator takes it by."""
    if condition is None:
        return {}
    return dict(embedding=condition) if condition.is_floating_point() else dict(labels=condition)


def judge(
    discriminator: nn.Module, groups: list[tuple[Tensor, Condition]], return_taps: bool = False
) -> list[tuple[Tensor, dict[int, Tensor]]]:
    """Returns scores (N,), and features if asked for, of groups of images with their labels.

    They go through in one pass, unless a score depends on its batch.
    """
    if getattr(discriminator, 'mixes_images', False):
        outputs = [discriminator(images, labels, return_taps=return_taps) for images, labels in groups]
        return outputs if return_taps else [(scores, {}) for scores in outputs]
    sizes = [len(images) for images, _ in groups]
    labels = None if groups[0][1] is None else torch.cat([labels for _, labels in groups])
    output = discriminator(torch.cat([images for images, _ in groups]), labels, return_taps=return_taps)
    scores, taps = output if return_taps else (output, {})
    split = {side: features.split(sizes) for side, features in taps.items()}
    return [(part, {side: parts[i] for side, parts in split.items()}) for i, part in enumerate(scores.split(sizes))]
