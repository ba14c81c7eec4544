"""SDIT at the size of tests: the specification's 'tiny' network for 16-pixel images of four domains."""

from __future__ import annotations

import copy
from typing import Any

from mmengine.config import Config

DOMAINS = ['yellow', 'blue', 'green', 'orange']

TINY = dict(
    type='SDIT',
    domains=DOMAINS,
    networks=dict(
        generator=dict(
            type='SDITGenerator',
            num_domains=4,
            base_channels=8,
            num_down=1,
            encoder=dict(num_blocks=1),
            mapping=dict(code_dim=2, hidden=32),
            translator=dict(num_blocks=2),
            attention=dict(num_blocks=1),
        ),
        discriminator=dict(
            type='SDITDiscriminator',
            num_domains=4,
            image_size=16,
            base_channels=16,
            num_layers=3,
            code_head=dict(code_dim=2),
        ),
    ),
    losses=dict(
        adversarial=dict(type='WassersteinLoss'),
        gradient_penalty=dict(type='GradientPenalty', loss_weight=10),
        discriminator_domain=dict(type='DomainLoss'),
        generator_domain=dict(type='DomainLoss'),
        discriminator_latent=dict(type='LatentCodeLoss', loss_weight=3),
        generator_latent=dict(type='LatentCodeLoss', loss_weight=3),
        reconstruction=dict(type='L1Loss', loss_weight=10),
    ),
    moves=[dict(player='discriminator'), dict(player='generator')],
)


def sdit_config(**options: Any) -> dict[str, Any]:
    """The tiny SDIT with options in place of its own, named as on the command line but with double underscores."""
    cfg = Config(copy.deepcopy(TINY))
    cfg.merge_from_dict({key.replace('__', '.'): value for key, value in options.items()})
    return cfg._cfg_dict.to_dict()


WITHOUT_CIN = dict(
    networks__generator__mapping=None,
    networks__generator__translator__norm='in',
    networks__discriminator__code_head=None,
    losses__discriminator_latent=None,
    losses__generator_latent=None,
)
STARGAN = WITHOUT_CIN | dict(networks__generator__translator=None, networks__generator__attention=None)
STARGAN.pop('networks__generator__translator__norm')
WITHOUT_ATTENTION = dict(networks__generator__attention=None)
NO_LATENT = dict(losses__discriminator_latent__loss_weight=0, losses__generator_latent__loss_weight=0)
MULTI = dict(
    losses__discriminator_domain__exclusive=False,
    losses__generator_domain__exclusive=False,
)

VARIANTS: dict[str, dict[str, Any]] = dict(
    full={},
    without_cin=WITHOUT_CIN,
    without_attention=WITHOUT_ATTENTION,
    no_latent=NO_LATENT,
    gamma=WITHOUT_ATTENTION | NO_LATENT | dict(networks__generator__translator__cin_mode='gamma'),
    beta=WITHOUT_ATTENTION | NO_LATENT | dict(networks__generator__translator__cin_mode='beta'),
    gate=dict(networks__generator__fusion='gate'),
    full_channel_attention=dict(networks__generator__attention__out_channels=16),
    attention_without_norm=dict(networks__generator__attention__norm_cfg=None),
    more_blocks=dict(networks__generator__translator__num_blocks=3, networks__generator__attention__num_blocks=2),
    resample=dict(cycle_code='resample'),
    generator_only=dict(losses__discriminator_latent=None),
    logistic=dict(losses__adversarial__type='LogisticLoss', losses__gradient_penalty=None),
    hinge=dict(losses__adversarial__type='HingeLoss', losses__gradient_penalty=None),
    lsgan=dict(losses__adversarial__type='LSGANLoss', losses__gradient_penalty=None),
    mean_patches=dict(losses__gradient_penalty__patch_reduction='mean'),
    gamma_offset=dict(networks__generator__translator__gamma_offset=1.0),
    two_linear_layers=dict(networks__discriminator__code_head__num_fc=2),
    three_layer_mapping=dict(networks__generator__mapping__num_layers=3),
    l2_codes=dict(losses__generator_latent__norm='l2'),
    stargan=STARGAN,
    uniform=dict(target_sampling='uniform'),
    uniform_other=dict(target_sampling='uniform_other'),
    attributes=MULTI,
    five_steps=dict(moves=[dict(player='discriminator', repeat=5), dict(player='generator')]),
    normal_weights=dict(
        networks__generator__init_cfg=dict(
            type='Normal', layer=['Conv2d', 'ConvTranspose2d', 'Linear'], std=0.02, bias=0
        )
    ),
)
