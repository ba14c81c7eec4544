"""Small TransferI2I models that its tests share."""

from __future__ import annotations

from typing import Any

import torch

SIDES = {16: ((4, 2, 1), (1, 2, 2)), 32: ((4, 4, 2, 1), (1, 2, 4, 4))}
STAGES = [
    dict(name='st_init', iters=2),
    dict(name='self_init', iters=2, reset_optimizers=True),
    dict(name='transfer', iters=2, reset_optimizers=True),
]
MOVES = [dict(player='discriminator'), dict(player='generator')]


def _losses(kind: str, **more: dict) -> dict:
    return dict(
        adversarial=dict(type=kind),
        auxiliary=dict(type=kind, loss_weight=0.01),
        alignment=dict(type='AdaptorAlignmentLoss'),
        reconstruction=dict(type='FeatureReconstructionLoss'),
        **more,
    )


def biggan_config(side: int = 32, width: int = 16, num_classes: int = 2, **options: Any) -> dict:
    """The model config of the multi-class method around BigGAN's networks."""
    generator, discriminator = SIDES[side]
    common = dict(image_size=side, base_channels=width, num_classes=num_classes, attention_resolutions=())
    cfg = dict(
        type='TransferI2I',
        domains=[f'class {index}' for index in range(num_classes)],
        taps=(4, 8),
        networks=dict(
            generator=dict(
                type='BigGANGenerator',
                channel_mults=generator,
                noise_size=8 * len(generator),
                embedding_size=16,
                **common,
            ),
            discriminator=dict(type='BigGANDiscriminator', channel_mults=discriminator, **common),
            encoder=dict(type='DiscriminatorEncoder'),
            adaptor=dict(type='HierarchicalAdaptor'),
            aux_generator=dict(type='PartialSharedGenerator', share_until=4 if side == 16 else 8),
        ),
        losses=_losses('HingeLoss'),
        moves=MOVES,
        stages=STAGES,
    )
    return {**cfg, **options}


def stylegan_config(side: int = 32, width: int = 8, **options: Any) -> dict:
    """The model config of the method between two domains around StyleGAN's networks."""
    common = dict(image_size=side, max_channels=width, base_channels=4 * side)
    generator = dict(type='StyleGANGenerator', noise_size=16, num_mapping_layers=2, **common)
    discriminator = dict(type='StyleGANDiscriminator', **common)
    cfg = dict(
        type='TransferI2I',
        domains=['disc', 'square'],
        taps=(4, 8),
        mixing=0.9,
        networks=dict(
            generator=generator,
            discriminator=discriminator,
            source_generator=generator,
            source_discriminator=discriminator,
            encoder=dict(type='DiscriminatorEncoder'),
            adaptor=dict(type='HierarchicalAdaptor', sub_adaptor=dict(type='ConvSubAdaptor')),
            aux_generator=dict(type='PartialSharedGenerator', share_until=8),
        ),
        losses=_losses('LogisticLoss', r1=dict(type='R1Penalty')),
        moves=MOVES,
        stages=STAGES,
    )
    return {**cfg, **options}


CONFIGS = dict(biggan=biggan_config, stylegan=stylegan_config)


def batch_of(model: Any, num: int = 4, seed: int = 0) -> dict[str, torch.Tensor]:
    """Returns a loader's batch of random images for ``model``."""
    generator = torch.Generator().manual_seed(seed)
    side = model.generator.image_size

    def images() -> torch.Tensor:
        return torch.randint(0, 256, (num, 3, side, side), generator=generator).to(torch.uint8)

    if model.two_class:
        return {name: images() for name in model.domains}
    labels = torch.randint(len(model.domains), (num,), generator=generator)
    return dict(images=images(), labels=labels, sources=images())
