"""Small CUT, NICE-GAN and StarGAN v2, and batches for them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

SIDE = 32
DOMAINS = ['disc', 'square']
L1 = dict(type='L1Loss')


def cut_config(identity: bool = True, **options: Any) -> dict[str, Any]:
    half = 0.5 if identity else 1.0
    losses = dict(adversarial=dict(type='LSGANLoss', critic_scale=0.5), nce=dict(type='PatchNCELoss', loss_weight=half))
    if identity:
        losses['identity_nce'] = dict(type='PatchNCELoss', loss_weight=half)
    return (
        dict(
            type='CUT',
            domains=DOMAINS,
            num_patches=8,
            networks=dict(
                generator=dict(type='ResNetGenerator', base_channels=4, num_blocks=2, antialias=True),
                discriminator=dict(type='PatchGANDiscriminator', base_channels=4, num_downs=2, antialias=True),
                feature_heads=dict(
                    type='PatchFeatureHeads',
                    taps=['input', 'down1', 'down2', 'block1'],
                    channels=[3, 8, 16, 16],
                    width=8,
                ),
            ),
            losses=losses,
            moves=[dict(player='discriminator'), dict(player='generator')],
        )
        | options
    )


def nicegan_config(**options: Any) -> dict[str, Any]:
    discriminator = dict(type='NICEGANDiscriminator', base_channels=4, local_downs=0, global_downs=1)
    generator = dict(type='NICEGANGenerator', in_channels=8, base_channels=4, num_blocks=1)
    return (
        dict(
            type='NICEGAN',
            domains=DOMAINS,
            networks=dict(
                discriminators=dict.fromkeys(DOMAINS, discriminator), generators=dict.fromkeys(DOMAINS, generator)
            ),
            losses=dict(
                adversarial=dict(type='LSGANLoss'),
                cycle=L1 | dict(loss_weight=10),
                reconstruction=L1 | dict(loss_weight=10),
            ),
            moves=[dict(player='discriminator'), dict(player='generator')],
        )
        | options
    )


def starganv2_config(num_domains: int = 3, **options: Any) -> dict[str, Any]:
    width = dict(base_channels=4, max_channels=8)
    seen = dict(num_domains=num_domains, image_size=SIDE, **width)
    return (
        dict(
            type='StarGANv2',
            domains=['disc', 'square', 'star', 'ring'][:num_domains],
            networks=dict(
                generator=dict(type='StarGANv2Generator', image_size=SIDE, style_dim=6, **width),
                mapping_network=dict(
                    type='StarGANv2MappingNetwork', num_domains=num_domains, code_dim=4, style_dim=6, width=8
                ),
                style_encoder=dict(type='StarGANv2StyleEncoder', style_dim=6, **seen),
                discriminator=dict(type='StarGANv2Discriminator', **seen),
            ),
            losses=dict(
                adversarial=dict(type='LogisticLoss'),
                r1=dict(type='R1Penalty', loss_weight=0.5),
                style=L1,
                diversity=dict(type='StyleDiversityLoss', loss_weight=2, decay_iters=10),
                cycle=L1,
            ),
            moves=STARGANV2_MOVES,
        )
        | options
    )


STARGANV2_MOVES = [
    dict(player='discriminator'),
    dict(player='discriminator', losses='reference_discriminator'),
    dict(player='generator'),
    dict(player='generator', losses='reference_generator', freeze=['mapping_network', 'style_encoder']),
]


def noise(num: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (num, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)


def two_domains(num: int = 2) -> dict[str, Tensor]:
    return {name: noise(num, seed) for seed, name in enumerate(DOMAINS)}


def referenced(num: int = 3) -> dict[str, Tensor]:
    return dict(
        images=noise(num, 0),
        labels=torch.arange(num) % 3,
        references=noise(num, 1),
        other_references=noise(num, 2),
        reference_labels=(torch.arange(num) + 1) % 3,
    )
