"""What SDIT refuses before any training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from torch.utils.data import Dataset

from mmgentransfer.registry import suggest

if TYPE_CHECKING:
    from .sdit import SDIT

__all__ = ['check_images', 'check_losses', 'check_networks', 'check_options']

NEEDED = ['adversarial', 'discriminator_domain', 'generator_domain']
LATENT = ['discriminator_latent', 'generator_latent']
LOSSES = [*NEEDED, 'gradient_penalty', *LATENT, 'reconstruction']
CHOICES = dict(cycle_code=['same', 'resample'], target_sampling=['permute', 'uniform', 'uniform_other'])


def check_losses(losses: Mapping[str, Any]) -> None:
    """Raises a ``ValueError`` for a term that the method does not have, and for a missing one."""
    for name in losses:
        if name not in LOSSES:
            raise ValueError(f'model.losses has {name!r}, the method has {LOSSES}.{suggest(name, LOSSES)}')
    if missing := [name for name in NEEDED if losses.get(name) is None]:
        raise ValueError(f'model.losses lacks {missing}')


def check_options(model: SDIT, **options: str) -> None:
    """Raises a ``ValueError`` for options that are unknown, or that don't fit the kind of labels."""
    for key, value in options.items():
        if value not in CHOICES[key]:
            raise ValueError(f'model.{key}={value!r} must be one of {CHOICES[key]}.{suggest(value, CHOICES[key])}')
    if model.losses['generator_domain'].exclusive != model.exclusive:
        raise ValueError('model.losses: exclusive must be the same for discriminator_domain and generator_domain')
    if not model.exclusive and options['target_sampling'] != 'permute':
        raise ValueError(
            f'model.target_sampling={options["target_sampling"]!r} draws one domain for an image, but attributes '
            "combine freely: use 'permute'"
        )


def check_networks(model: SDIT) -> None:
    """Raises a ``ValueError`` unless networks, domains and terms fit each other."""
    for name in ('generator', 'discriminator'):
        found = getattr(model, name).num_domains
        if found != len(model.domains):
            raise ValueError(
                f'model.networks.{name}.num_domains is {found}, but model.domains has {len(model.domains)} names'
            )
    made, read = model.generator.code_dim, model.discriminator.code_dim
    if made and read and made != read:
        raise ValueError(
            f'model.networks.generator.mapping.code_dim is {made}, but model.networks.discriminator.code_head.code_dim '
            f'is {read}'
        )
    for name in LATENT:
        if any(model.weight(name, stage) for stage in model.stages) and not (made and read):
            lacking = 'generator.mapping' if not made else 'discriminator.code_head'
            raise ValueError(f'model.losses.{name} needs model.networks.{lacking}, which is None')


def check_images(model: SDIT, dataset: Dataset, key: str) -> None:
    """Raises a ``ValueError`` unless images have the networks' size, and labels the domains' kind, number and order."""
    item = dataset[0]
    side = model.discriminator.image_size
    wanted = (model.generator.in_channels, side, side)
    names = ['images'] if key == 'train_dataloader' else [n for n in ('images', *model.domains) if n in item]
    for name in names:
        if (found := tuple(item[name].shape)) != wanted:
            raise ValueError(
                f'the {name} of {key}.dataset have the shape {found}, but model.networks.discriminator.image_size and '
                f'in_channels make {wanted}'
            )
    if side % model.generator.input_multiple:
        raise ValueError(
            f'images of side {side} can not be halved as model.networks.generator.num_down says: the side must be a '
            f'multiple of {model.generator.input_multiple}'
        )
    if key != 'train_dataloader':
        return  # an evaluation looks at the labels itself, and takes domains for them
    if 'labels' not in item:
        raise ValueError(f'the images of {key}.dataset have no labels, which say the {len(model.domains)} domains')
    shape, found = () if model.exclusive else (len(model.domains),), tuple(item['labels'].shape)
    if found != shape:
        raise ValueError(
            f'model.losses.discriminator_domain.exclusive={model.exclusive} needs labels of the shape {shape} for an '
            f'image, those of {key}.dataset have {found}'
        )
    names = list(getattr(dataset, 'classes', ()))
    if names and names != model.domains:
        raise ValueError(
            f'the labels of {key}.dataset are {names}, but model.domains is {model.domains}: '
            'name the same, in this order'
        )
