"""Translators of a few hundred weights that several tests share."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.registry import DefaultScope
from torch import Tensor

from mmgentransfer.engine.optimizers import PlayerOptimWrappers
from mmgentransfer.models.game import AdversarialModel, Batch
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS

SIDE = 16
KAIMING = dict(type='kaiming')
MOVES = [dict(player='critic'), dict(player='generator')]
DEPTH, SEGMENTATION = dict(type='DepthModality'), dict(type='SegmentationModality', num_classes=5)
KINDS = dict(rgb=dict(type='ImageModality'), depth=DEPTH, segmentation=SEGMENTATION)
CHANNELS = dict(rgb=3, depth=1, segmentation=5)
LOSSES = dict(
    rgb=dict(type='PixelLoss', mode='l1'),
    depth=dict(type='BerhuLoss', loss_weight=3),
    segmentation=dict(type='CrossEntropyLoss', loss_weight=2),
    adversarial=dict(type='LSGANLoss'),
)
PREPROCESSOR = dict(type='ModalityPreprocessor')


def critic(channels: int) -> dict[str, Any]:
    return dict(
        type='PatchGANDiscriminator', in_channels=channels, base_channels=4, num_downs=1, norm_cfg=None, init=KAIMING
    )


def segnet(source: str, target: str) -> dict[str, Any]:
    stages = dict(stage_channels=(4, 6), stage_blocks=(1, 1), init=KAIMING)
    return dict(
        type='EncoderDecoder',
        encoder=dict(type='SegNetEncoder', in_channels=CHANNELS[source], **stages),
        decoder=dict(type='SegNetDecoder', out_channels=CHANNELS[target], side_info='skip', **stages),
    )


def cyclegan_config(a: str = 'depth', b: str = 'segmentation', **options: Any) -> dict[str, Any]:
    """CycleGAN between two modalities, with SegNets."""
    return (
        dict(
            type='CycleGAN',
            data_preprocessor=PREPROCESSOR,
            modalities={a: KINDS[a], b: KINDS[b]},
            networks=dict(
                generators={f'{a}_to_{b}': segnet(a, b), f'{b}_to_{a}': segnet(b, a)},
                discriminators={name: critic(CHANNELS[name]) for name in (a, b)},
            ),
            losses={
                **{key: LOSSES[key] for key in (a, b, 'adversarial')},
                'cycle': dict(type='ModalitySumLoss', loss_weight=10),
            },
            moves=MOVES,
        )
        | options
    )


def colours_config(names: tuple[str, ...] = ('blue', 'red', 'green'), **options: Any) -> dict[str, Any]:
    """Unpaired M&MNets of domains of images; the first is the anchor."""
    nets = dict(base_channels=4, kernel=3, num_res=1, init=dict(type='normal', std=0.1))
    return (
        dict(
            type='UnpairedMixAndMatchNets',
            anchor=names[0],
            data_preprocessor=PREPROCESSOR,
            modalities={name: dict(type='ImageModality') for name in names},
            networks=dict(
                encoders={name: dict(type='PoolResEncoder', **nets) for name in names},
                decoders={name: dict(type='UnpoolResDecoder', **nets) for name in names},
                discriminators={name: critic(3) for name in names},
            ),
            losses=dict(
                **{name: dict(type='PixelLoss', mode='l1') for name in names},
                adversarial=dict(type='LSGANLoss', real_label=0.9, critic_scale=0.5),
                cycle=dict(type='ModalitySumLoss', loss_weight=10),
                autoencoder=dict(type='ModalitySumLoss', loss_weight=10),
            ),
            moves=MOVES,
        )
        | options
    )


def pix2pix_config(**options: Any) -> dict[str, Any]:
    """Depth to colour with a critic, and colour to labels without."""
    unet = dict(type='UNetGenerator', base_channels=2, num_downs=4, norm_cfg=dict(type='IN'), init=KAIMING)
    return (
        dict(
            type='Pix2Pix',
            data_preprocessor=PREPROCESSOR,
            modalities=KINDS,
            networks=dict(
                generators=dict(
                    depth_to_rgb=dict(unet, in_channels=1, out_channels=3),
                    rgb_to_segmentation=dict(unet, in_channels=3, out_channels=5, out_act=None),
                ),
                discriminators=dict(depth_to_rgb=critic(4)),
            ),
            losses=LOSSES,
            moves=MOVES,
        )
        | options
    )


def cross_modal_stargan_config(**losses: Any) -> dict[str, Any]:
    """StarGAN between colour, depth and labels; the losses are added to the adversarial ones."""
    stages = dict(stage_channels=(4, 6), stage_blocks=(1, 1), norm_cfg=dict(type='IN'), init=KAIMING)
    return dict(
        type='CrossModalStarGAN',
        data_preprocessor=PREPROCESSOR,
        modalities=KINDS,
        networks=dict(
            generator=dict(
                type='SharedBodyTranslator',
                channels=CHANNELS,
                width=4,
                body=dict(
                    type='EncoderDecoder',
                    encoder=dict(type='SegNetEncoder', in_channels=4, **stages),
                    decoder=dict(type='SegNetDecoder', out_channels=4, **stages),
                ),
                init=KAIMING,
            ),
            critic=dict(
                type='StarGANDiscriminator',
                in_channels=CHANNELS,
                num_domains=3,
                image_size=SIDE,
                base_channels=4,
                num_downs=2,
                init=KAIMING,
            ),
        ),
        losses={
            **LOSSES,
            'adversarial': dict(type='WassersteinLoss'),
            'gradient_penalty': dict(type='GradientPenalty'),
            'domain': dict(type='DomainLoss'),
            **losses,
        },
        moves=[dict(player='critic', repeat=2), dict(player='generator')],
    )


def stargan_config(exclusive: bool = True, **options: Any) -> dict[str, Any]:
    """StarGAN of three domains or attributes."""
    return (
        dict(
            type='StarGAN',
            domains=['young', 'blond', 'smiling'],
            networks=dict(
                generator=dict(type='StarGANGenerator', num_domains=3, base_channels=4, num_blocks=1, init=KAIMING),
                critic=dict(
                    type='StarGANDiscriminator',
                    num_domains=3,
                    image_size=SIDE,
                    base_channels=4,
                    num_downs=2,
                    init=KAIMING,
                ),
            ),
            losses=dict(
                adversarial=dict(type='WassersteinLoss'),
                gradient_penalty=dict(type='GradientPenalty'),
                domain=dict(type='DomainLoss', exclusive=exclusive),
                reconstruction=dict(type='PixelLoss', mode='l1', loss_weight=10),
            ),
            moves=[dict(player='critic', repeat=2), dict(player='generator')],
        )
        | options
    )


def build(config: dict[str, Any], seed: int = 0) -> AdversarialModel:
    torch.manual_seed(seed)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        model = MODELS.build(config)
    model.init_weights()
    return model.train()


def optimizers(model: AdversarialModel) -> Any:
    return PlayerOptimWrappers({player: dict(optimizer=dict(type='Adam', lr=1e-3)) for player in model.players})(model)


def prepared(model: AdversarialModel, data: dict[str, Any]) -> Batch:
    """The move's batch, with the shared pass made as the training step makes it."""
    data = model.data_preprocessor(data)
    shared = None
    if model.shared_player:
        with model._only_trainable(model.trained[model.shared_player]):
            shared = model.shared_pass(Batch(data, StepRandom(0, 0)))
    return Batch(data, StepRandom(1, 0), shared)


def learners(model: AdversarialModel, player: str, batch: Batch, term: str | None = None) -> set[str]:
    """The networks whose convolutions all get a gradient of a player's term, or of all its terms together."""
    found = set()
    with model._only_trainable(model.trained[player]):
        terms = getattr(model, f'{player}_losses')(batch)
        chosen = [terms[term]] if term else [value for value in terms.values() if value.requires_grad]
        sum(chosen).backward(retain_graph=True)
        for name in model._expand(model.network_names):
            weights = [p for p in model.get_submodule(name).parameters() if p.ndim == 4]
            got = [p.grad is not None and bool((p.grad != 0).any()) for p in weights]
            if any(got):
                found.add(name)
    return found


def noise_images(*names: str, num: int = 3, side: int = SIDE) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randint(256, (num, 3, side, side), generator=generator, dtype=torch.uint8) for name in names}
