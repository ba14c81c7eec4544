"""DRIT and IcGAN of a few hundred weights that several tests share."""

from __future__ import annotations

from typing import Any

SIDE = 16
KAIMING = dict(type='kaiming')
DOMAINS = ['red', 'black']
COLOURS = ['yellow', 'blue', 'green']
PLAYERS = ('discriminator', 'generator', 'noise_encoder', 'label_encoder')
MOVES = [
    dict(player='content_discriminator', repeat=3),
    dict(player='discriminator'),
    dict(player='generator'),
    dict(player='generator', losses='random_code', freeze=['attribute_encoder']),
]


def drit_config(concat: bool = True, mode_seeking: bool = False, **options: Any) -> dict[str, Any]:
    """DRIT of two domains, of one halving."""
    width = dict(base_channels=4, init=KAIMING)
    kind = 'Concat' if concat else 'FeatureWise'
    discriminator = dict(
        type='MultiScaleDiscriminator', base_channels=4, num_layers=2, num_scales=2, slope=0.01, init=KAIMING
    )
    losses = dict(
        adversarial=dict(type='LogisticLoss'),
        content=dict(type='ContentConfusionLoss'),
        cross_cycle=dict(type='PixelLoss', mode='l1', loss_weight=10),
        reconstruction=dict(type='PixelLoss', mode='l1', loss_weight=10),
        attribute=dict(type='GaussianKLLoss', loss_weight=0.01, reduction='sum') if concat else dict(type='CodeL2Loss'),
        content_code=dict(type='CodeL2Loss'),
        latent_regression=dict(type='L1Loss', loss_weight=10),
    )
    if mode_seeking:
        losses['mode_seeking'] = dict(type='ModeSeekingLoss')
    return (
        dict(
            type='DRIT',
            domains=DOMAINS,
            networks=dict(
                content_encoder=dict(type='DRITContentEncoder', num_downs=1, num_blocks=1, **width),
                attribute_encoder=dict(type='DRITAttributeEncoder', num_downs=2, code_size=4, gaussian=concat, **width),
                generator=dict(type=f'DRITGenerator{kind}', num_ups=1, num_blocks=1, code_size=4, **width),
                content_discriminator=dict(
                    type='DRITContentDiscriminator',
                    content_size=8,
                    in_channels=8,
                    kernel=3,
                    num_downs=2,
                    init=KAIMING,
                ),
                discriminators=dict.fromkeys(DOMAINS, discriminator),
                random_discriminators=discriminator,
            ),
            losses=losses,
            moves=MOVES,
        )
        | options
    )


def icgan_config(exclusive: bool = True, mismatch: float = 0.0, **options: Any) -> dict[str, Any]:
    """IcGAN of three colours, in two stages of two iterations."""
    small = dict(image_size=SIDE, base_channels=4)
    kaiming = dict(init=dict(type='kaiming'))
    return (
        dict(
            type='IcGAN',
            domains=COLOURS,
            exclusive=exclusive,
            networks=dict(
                generator=dict(type='IcGANGenerator', num_domains=3, noise_size=5, **small, **kaiming),
                discriminator=dict(type='IcGANDiscriminator', num_domains=3, **small, **kaiming),
                noise_encoder=dict(type='IcGANEncoder', out_size=5, hidden=16, **small, **kaiming),
                label_encoder=dict(type='IcGANEncoder', out_size=3, hidden=16, **small, **kaiming),
            ),
            losses=dict(
                adversarial=dict(type='LogisticLoss'),
                mismatch=dict(type='LogisticLoss', loss_weight=mismatch),
                noise=dict(type='PixelLoss'),
                labels=dict(type='PixelLoss'),
            ),
            moves=[dict(player=player) for player in PLAYERS],
            stages=[
                dict(name='gan', iters=2, train=['discriminator', 'generator']),
                dict(name='encoders', iters=2, train=['noise_encoder', 'label_encoder']),
            ],
        )
        | options
    )
