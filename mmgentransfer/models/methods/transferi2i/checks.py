"""What a TransferI2I checks before any training starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.utils.data import Dataset

from mmgentransfer.registry import suggest

if TYPE_CHECKING:
    from mmgentransfer.models.methods.transferi2i.transferi2i import TransferI2I

LOSSES = ('adversarial', 'auxiliary', 'alignment', 'reconstruction', 'gradient_penalty', 'r1', 'drift')
GAN_PAIRS = ('source', 'target', 'cross')


def check_stages(stages: Sequence[Mapping] | None, phases: list[str]) -> None:
    """Raises a ``ValueError`` unless the names of stages are ``phases``, in their order; one may come repeatedly."""
    if isinstance(stages, str) or not all(isinstance(stage, Mapping) for stage in stages or []):
        raise ValueError(f"model.stages={stages!r} must be a list of dicts, such as [dict(name='st_init', iters=600)]")
    names = [stage.get('name') for stage in stages or []]
    for index, name in enumerate(names):
        if name not in phases:
            hint = suggest(name, phases) if isinstance(name, str) else ''
            raise ValueError(f'model.stages[{index}].name is {name!r}; it says what the stage does: {phases}.{hint}')
    if not names or names != sorted(names, key=phases.index):
        raise ValueError(f'model.stages must be one or more of {phases} in this order, got {names}')


def choose_taps(taps: Sequence[int] | None, generator: nn.Module, discriminator: nn.Module) -> tuple[int, ...]:
    """Returns the taps in ascending order; None: those from 4 to a quarter of the image's side that both have.

    Raises:
        ValueError: There is no tap, or one that generator or discriminator doesn't have.
    """
    common = sorted(set(generator.tap_channels) & set(discriminator.tap_channels))
    if taps is None:
        taps = [side for side in common if 4 <= side <= generator.image_size // 4]
    missing = sorted(set(taps) - set(common))
    if missing or not taps:
        raise ValueError(
            f'model.taps={tuple(taps)}: generator (image_size={generator.image_size}) and discriminator both have '
            f'features at the resolutions {common}; take some of these'
        )
    return tuple(sorted(set(taps)))


def check_classes(model: TransferI2I) -> None:
    """Raises a ``ValueError`` unless networks, domains, ``gan_pair`` and ``mixing`` go together."""
    num = len(model.domains)
    for names in model.players.values():
        for name in names[:2] if model.two_class else names[:1]:
            found = getattr(model, name).num_classes
            if found != (0 if model.two_class else num):
                raise ValueError(
                    f'model.networks.{name}.num_classes is {found}, but model.domains has {num} names: '
                    + (
                        'between two domains the GANs are unconditional, num_classes=0'
                        if model.two_class
                        else 'each is a class. Two domains with unconditional GANs need source_generator and '
                        'source_discriminator'
                    )
                )
    if model.two_class and num != 2:
        raise ValueError(f'model.domains must be [source, target] with networks of the source, got {model.domains}')
    if model.gan_pair not in GAN_PAIRS or (model.gan_pair != 'source' and not model.two_class):
        raise ValueError(
            f'model.gan_pair={model.gan_pair!r}: between two domains it is one of {GAN_PAIRS}; several classes have '
            "one GAN, and 'source' is the only choice"
        )
    if not 0 <= model.mixing <= 1 or (model.mixing and not hasattr(model.generator, 'map_noise')):
        raise ValueError(
            f'model.mixing={model.mixing} is a probability in [0, 1], and needs a style-based generator, not a '
            f'{type(model.generator).__name__}'
        )


def check_losses(model: TransferI2I) -> None:
    """Raises a ``ValueError`` if a loss is unknown, or one that a stage needs is missing."""
    for name in model.losses:
        if name not in LOSSES:
            raise ValueError(f'model.losses has {name!r}, the method has {LOSSES}.{suggest(name, list(LOSSES))}')
    for stage in model.stages:
        needed = 'alignment' if stage.name == 'self_init' else 'adversarial'
        if needed not in model.losses:
            raise ValueError(f'model.losses lacks {needed!r}, which the stage {stage.name!r} needs')


def check_domain_names(domains: Sequence[str], state: Mapping[str, Tensor]) -> None:
    """Raises a ``ValueError`` if weights have other domains than ``domains``, or in another order."""
    if 'domain_names' not in state:
        return
    found = bytes(state['domain_names'].tolist()).decode().split('\n')
    if found != list(domains):
        raise ValueError(
            f'the checkpoint was trained with the domains {found}, the config has model.domains={list(domains)}: their '
            'order is that of the labels, and must be the same'
        )


def check_dataset(model: TransferI2I, dataset: Dataset, key: str) -> None:
    """Raises a ``ValueError`` unless a loader's data are of the model's domains and of its images' shape."""
    item = dataset[0]
    if key != 'train_dataloader':  # an evaluation looks at the labels itself, and takes domains for them
        _check_names(model, dataset, key)
        images = {name: item[name] for name in ('images', *model.domains) if name in item}
        kind = ''
    elif model.two_class:
        images = {name: item.get(name) for name in model.domains}
        kind = 'an UnpairedDomains of these'
    else:
        _check_names(model, dataset, key)
        needed = ['images', 'labels']
        if any(stage.name == 'transfer' for stage in model.stages):
            needed.append('sources')
        images = {name: item.get(name) for name in needed}
        kind = 'a labelled data set, for training in a WithSources'
    if missing := [name for name, value in images.items() if value is None]:
        raise ValueError(f'{key}.dataset: its items lack {missing}; take {kind}')
    images.pop('labels', None)
    shape = (model.generator.out_channels, model.generator.image_size, model.generator.image_size)
    for name, value in images.items():
        if tuple(value.shape) != shape:
            raise ValueError(
                f'{key}.dataset has {name} of the shape {tuple(value.shape)}, but the networks are for {shape}: set '
                'image_size and the number of channels alike everywhere'
            )


def _check_names(model: TransferI2I, dataset: Dataset, key: str) -> None:
    classes = list(getattr(dataset, 'classes', ()))
    unknown = [name for name in classes if name not in model.domains]
    if unknown:
        raise ValueError(
            f'{key}.dataset has the classes {unknown}, which the model was not made for: model.domains are '
            f'{model.domains}.{suggest(unknown[0], model.domains)}'
        )
    if key == 'train_dataloader' and classes and classes != model.domains:
        raise ValueError(
            f'{key}.dataset has the classes in the order {classes}, model.domains is {model.domains}: labels follow '
            'this order; set dataset.class_order'
        )
