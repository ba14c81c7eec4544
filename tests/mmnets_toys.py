"""Mix and match networks of a few hundred weights on 16-pixel scenes, which several tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.config import Config
from torch import Tensor

from mmgentransfer.datasets import DisjointSets, ToyScenes

ROOT = Path(__file__).parents[1]
SETS = dict(RS=['rgb', 'segmentation'], RD=['rgb', 'depth'])
SETS4 = dict(RS=['rgb', 'segmentation'], RDN=['rgb', 'depth', 'nir'])
CHANNELS = dict(rgb=3, segmentation=5, depth=1, nir=1)
KINDS = dict(
    rgb=dict(type='ImageModality'),
    segmentation=dict(type='SegmentationModality', num_classes=5),
    depth=dict(type='DepthModality'),
    nir=dict(type='MapModality'),
)
BN = dict(type='BN')
LOSSES = dict(
    rgb=dict(type='PixelLoss'),
    segmentation=dict(type='CrossEntropyLoss', loss_weight=100),
    depth=dict(type='BerhuLoss', loss_weight=10),
    nir=dict(type='BerhuLoss', loss_weight=10),
    adversarial=dict(type='LSGANLoss'),
    autoencoder=dict(type='AutoencoderLoss'),
    latent=dict(type='LatentConsistencyLoss'),
    pseudo=dict(type='PseudoPairLoss'),
)
OFF = dict(autoencoder=0, latent=0, pseudo=0)
STAGES = [
    dict(name='translators', iters=2, loss_weights=dict(rgb=1, adversarial=1, **OFF)),
    dict(
        name='alignment',
        iters=2,
        freeze=['encoders.rgb'],
        loss_weights=dict(rgb=1000, adversarial=10, autoencoder=1, latent=10, pseudo=0),
        settings=dict(noise=0.5),
        reset_optimizers=True,
    ),
    dict(
        name='pseudo-pairs',
        iters=2,
        freeze=['encoders.rgb'],
        loss_weights=dict(rgb=1000, adversarial=10, autoencoder=1, latent=10, pseudo=100),
        settings=dict(noise=0.5),
        lr=dict(generator=1e-4, critic=1e-4),
        reset_optimizers=True,
    ),
]


def mmnets_config(
    sets: dict[str, list[str]] = SETS,
    norm: dict[str, Any] | None = BN,
    side_info: str = 'pooling_indices',
    **options: Any,
) -> dict[str, Any]:
    """The model's config; the colour encoder has no norm, as a pre-trained one."""
    names = list(dict.fromkeys(m for held in sets.values() for m in held))
    kaiming = dict(type='kaiming')
    stages = dict(stage_channels=(4, 6), stage_blocks=(1, 1), init=kaiming)
    decoders = {
        m: dict(type='SegNetDecoder', out_channels=CHANNELS[m], norm_cfg=norm, side_info=side_info, **stages)
        for m in names
    }
    if 'rgb' in names:
        decoders['rgb'] = dict(type='RGBDecoder', stage_channels=(4, 6), norm_cfg=norm, init=kaiming)
    return (
        dict(
            type='MixAndMatchNets',
            data_preprocessor=dict(type='ModalityPreprocessor'),
            modalities={m: dict(KINDS[m]) for m in names},
            graph=dict(sets=sets, anchor='rgb' if 'rgb' in names else None),
            networks=dict(
                encoders={
                    m: dict(
                        type='SegNetEncoder', in_channels=CHANNELS[m], norm_cfg=None if m == 'rgb' else norm, **stages
                    )
                    for m in names
                },
                decoders=decoders,
                discriminators=dict(rgb=dict(type='RGBDiscriminator', channels=(4, 6), norm_cfg=norm, init=kaiming))
                if 'rgb' in names
                else {},
            ),
            losses={name: dict(cfg) for name, cfg in LOSSES.items() if name in names or name not in KINDS},
            moves=[dict(player='critic', every=2), dict(player='generator')],
            stages=STAGES,
        )
        | options
    )


def scenes(num: int = 12, sets: dict[str, list[str]] = SETS, **options: Any) -> DisjointSets:
    """Scenes of 16 pixels, dealt out to the sets."""
    names = list(dict.fromkeys(m for held in sets.values() for m in held))
    return DisjointSets(ToyScenes(num, image_size=16, modalities=names), sets, **options)


def sets_batch(num: int = 3, sets: dict[str, list[str]] = SETS) -> dict[str, dict[str, Tensor]]:
    """A loader's batch of ``num`` samples of each set."""
    return scenes(num * len(sets), sets).__getitems__(list(range(num)))


def aligned_samples(num: int = 3, names: tuple[str, ...] = ('rgb', 'segmentation', 'depth')) -> dict[str, Tensor]:
    """A loader's batch of samples with all modalities."""
    return ToyScenes(num, image_size=16, split='test', modalities=names).load(range(num), names)


TASKS = [
    dict(name='D2S', source=['depth'], target='segmentation'),
    dict(name='S2D', source=['segmentation'], target='depth'),
    dict(name='D2R', source=['depth'], target='rgb'),
    dict(name='RD2S', source=['rgb', 'depth'], target='segmentation'),
    dict(name='D2R2S', source=['depth'], target='segmentation', via=['rgb']),
]


def mmnets_experiment(work_dir: Path, num_test: int = 5, **model: Any) -> Config:
    """A whole experiment of six iterations, two of each stage, on 16 scenes."""
    loader = dict(num_workers=0, collate_fn=dict(type='stack_batch'))
    toys = dict(type='ToyScenes', image_size=16)
    names = ['rgb', 'depth', 'segmentation']
    cfg = Config.fromfile(ROOT / 'configs/default_runtime.py')
    adam = dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.5, 0.999)))
    cfg.merge_from_dict(
        dict(
            model=mmnets_config(**model),
            train_dataloader=dict(
                loader,
                batch_size=4,
                sampler=dict(type='InfiniteSampler', shuffle=True),
                dataset=dict(type='DisjointSets', dataset=dict(toys, num_scenes=16, modalities=names), sets=SETS),
            ),
            val_dataloader=dict(
                loader,
                batch_size=2,
                sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
                dataset=dict(toys, num_scenes=num_test, split='test', modalities=names),
            ),
            train_cfg=dict(type='GameTrainLoop', max_iters=6, val_interval=1000),
            val_cfg=dict(type='TranslationLoop', tasks=TASKS),
            val_evaluator=dict(
                type='TranslationEvaluator',
                metrics=[
                    dict(type='MIoU'),
                    dict(type='DepthError'),
                    dict(type='MapError', modality='rgb'),
                    dict(type='AlignmentFactor'),
                ],
            ),
            optim_wrapper=dict(constructor='PlayerOptimWrappers', critic=adam, generator=adam),
            work_dir=str(work_dir),
            experiment_name=str(work_dir).replace('/', '_'),
        )
    )
    cfg.visualizer = dict(type='Visualizer', vis_backends=[])
    cfg.default_hooks.sample_grid = None
    return cfg
