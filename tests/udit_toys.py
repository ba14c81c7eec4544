"""MUNIT and UDIT small enough for tests, with bags whose texture is to change and whose colour is to stay."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.registry import DefaultScope

from mmgentransfer.datasets import ToyObjects, UnpairedDomains
from mmgentransfer.engine.optimizers import PlayerOptimWrappers
from mmgentransfer.models.game import Batch
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS

DOMAINS = ['flat', 'textured']
BAGS: dict[str, Any] = dict(image_size=16, shapes=['bag'], colours=['red', 'black'], textures=['plain', 'stripes'])
BAGS |= dict(background_range=(0.88, 1.0), size=(0.8, 0.95))


def networks(base_channels: int = 8, family: str = 'munit') -> dict[str, dict]:
    """The networks of both domains for 16x16 pixels."""
    base: dict[str, Any] = dict(base_channels=base_channels)
    if family == 'pool_index':
        content = dict(type='PoolIndexContentEncoder', num_res=1, kernel=3, res_kernel=3, **base)
        style = dict(type='PoolIndexStyleEncoder', **base)
        decoder = dict(type='PoolIndexDecoder', num_res=1, kernel=3, res_kernel=3, mlp_channels=64, **base)
    else:
        content = dict(type='MUNITContentEncoder', num_downs=1, num_res=1, **base)
        style = dict(type='MUNITStyleEncoder', num_downs=2, **base)
        decoder = dict(type='MUNITDecoder', num_ups=1, num_res=1, mlp_channels=64, **base)
    discriminator = dict(type='MultiScaleDiscriminator', base_channels=2 * base_channels, num_layers=2, num_scales=1)
    return dict(content_encoders=content, style_encoders=style, decoders=decoder, discriminators=discriminator)


def extractor(reduce_dim: int | None = 8, widths: tuple[int, ...] = (8, 16, 32), **options: Any) -> dict:
    return dict(
        type='ReducedSemanticExtractor',
        backbone=dict(type='SmallConvBackbone', widths=widths),
        reduce_dim=reduce_dim,
        num_classes=2,
        image_size=16,
        **options,
    )


def constraint(**options: Any) -> dict:
    options.setdefault('extractor', extractor(widths=(2, 4, 4)))
    options.setdefault('allow_random', True)
    options.setdefault('loss_weight', 1.0)
    return dict(type='SemanticConstraintLoss', **options)


def losses(**more: dict) -> dict[str, dict]:
    return dict(
        adversarial=dict(type='LSGANLoss', critic_scale=0.5),
        reconstruction=dict(type='L1Loss', loss_weight=10),
        content=dict(type='L1Loss'),
        style=dict(type='L1Loss'),
        **more,
    )


def build(kind: str = 'MUNIT', base_channels: int = 4, family: str = 'munit', seed: int = 0, **options: Any):
    """Builds a model; its weights follow from ``seed``."""
    options.setdefault('losses', losses())
    torch.manual_seed(seed)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        model = MODELS.build(
            dict(
                type=kind,
                domains=options.pop('domains', DOMAINS),
                networks=options.pop('networks', None) or networks(base_channels, family),
                moves=[dict(player='discriminator'), dict(player='generator')],
                **options,
            )
        )
    model.init_weights()
    return model.train()


def optimisers(model: Any, lr: float = 5e-4) -> Any:
    adam = dict(type='Adam', lr=lr, betas=(0.5, 0.999), weight_decay=1e-4)
    return PlayerOptimWrappers({player: dict(optimizer=adam) for player in model.players})(model)


def random_batch(num: int = 4, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randint(0, 256, (num, 3, 16, 16), dtype=torch.uint8, generator=generator) for name in DOMAINS}


def bags(share: int = 1, **options: Any) -> UnpairedDomains:
    """Flat red bags, and textured ones of which 11 of 12 are black; ``share`` divides their numbers."""
    flat = ToyObjects(counts={'plain red': 1256 // share}, **BAGS | options)
    textured = ToyObjects(counts={'stripes black': 1100 // share, 'stripes red': 100 // share}, **BAGS | options)
    return UnpairedDomains(domains=dict(flat=flat, textured=textured))


def prepared(model: Any, num: int = 3) -> Batch:
    """Returns a batch as the players' losses get it, with the shared pass made."""
    batch = Batch(model.data_preprocessor(random_batch(num)), StepRandom(3))
    batch.shared = model.shared_pass(Batch(dict(batch), StepRandom(2)))
    return batch
