"""What methods that keep a property of their inputs do with their constraints before training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.utils.data import Dataset

from mmgentransfer.models.domain_translator import DomainTranslator
from mmgentransfer.models.losses.semantic import FrozenFeatureLoss, SemanticConstraintLoss
from mmgentransfer.models.step_random import StepRandom

__all__ = ['measure_constraints']

_IMAGES_OF_A_SCALE = 128  # of each domain


def measure_constraints(model: DomainTranslator, names: Sequence[str], dataset: Dataset) -> None:
    """Loads the networks of the constraints that a stage uses, and measures their scales on training images.

    Args:
        model: Whose losses they are.
        names: Their names among its losses, which are of type :class:`FrozenFeatureLoss`.
        dataset: Its training set, whose items have an image of each of its domains.

    Raises:
        FileNotFoundError: Weights of a network are missing.
        ValueError: A network can't be built, would keep random weights, is no better than chance, or shows the same for
            all images; the message names its config's key.
    """
    used: dict[str, FrozenFeatureLoss] = {
        name: model.losses[name] for name in names if any(model.weight(name, stage) for stage in model.stages)
    }
    for name, loss in used.items():
        loss.key = f'model.losses.{name}.extractor'
        loss.network  # noqa: B018 - what is wrong with it is an error now, not at the first iteration
    losses = [
        loss for loss in used.values() if isinstance(loss, SemanticConstraintLoss) and loss.feature_scale == 'auto'
    ]
    if not losses:
        return
    index = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(0))[:_IMAGES_OF_A_SCALE].tolist()
    images = {name: dataset.__getitems__(index)[name] for name in model.domains}
    batch = model.data_preprocessor(images, training=True, random=StepRandom(0))  # cut as in training
    values = torch.cat([batch[name].to(next(model.parameters()).device) for name in model.domains])
    for loss in losses:
        loss.calibrate(values)
