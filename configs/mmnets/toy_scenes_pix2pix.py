# Twice pix2pix on rendered scenes: depth to colour and colour to labels, and the way back, each trained on the pairs that
# exist; depth to labels goes through colour, as in thesis table 4.4. A minute on a CPU core.
_base_ = ['../default_runtime.py', '../_base_/datasets/toy_scenes.py', '../_base_/models/modalities_toy.py']
_init = dict(type='kaiming')


def _generator(in_channels, out_channels, out_act=None):
    return dict(
        type='UNetGenerator',
        in_channels=in_channels,
        out_channels=out_channels,
        base_channels=8,
        num_downs=4,
        out_act=out_act,
        init=_init,
    )


def _critic(in_channels):
    return dict(
        type='PatchGANDiscriminator',
        in_channels=in_channels,
        base_channels=8,
        num_downs=2,
        norm_cfg=dict(type='BN'),
        init=_init,
    )


model = dict(
    type='Pix2Pix',
    networks=dict(
        generators=dict(
            depth_to_rgb=_generator(1, 3, 'tanh'),
            rgb_to_segmentation=_generator(3, 5),
            segmentation_to_rgb=_generator(5, 3, 'tanh'),
            rgb_to_depth=_generator(3, 1),
        ),
        discriminators=dict(depth_to_rgb=_critic(4), segmentation_to_rgb=_critic(8)),
    ),
    losses=dict(
        rgb=dict(type='PixelLoss', mode='l1', loss_weight=100),
        depth=dict(type='BerhuLoss'),
        segmentation=dict(type='CrossEntropyLoss'),
        adversarial=dict(type='LogisticLoss'),
    ),
    moves=[dict(player='critic'), dict(player='generator')],
)
train_cfg = dict(type='GameTrainLoop', max_iters=600, val_interval=150)
default_hooks = dict(checkpoint=dict(interval=300), sample_grid=None)
val_cfg = dict(
    type='TranslationLoop',
    tasks=[
        dict(name='D2R2S', source=['depth'], target='segmentation', via=['rgb']),
        dict(name='S2R2D', source=['segmentation'], target='depth', via=['rgb']),
        dict(name='R2S', source=['rgb'], target='segmentation'),
        dict(name='R2D', source=['rgb'], target='depth'),
        dict(name='D2R', source=['depth'], target='rgb'),
        dict(name='S2R', source=['segmentation'], target='rgb'),
    ],
)
val_evaluator = dict(
    type='TranslationEvaluator',
    metrics=[
        dict(type='MIoU', modality='segmentation'),
        dict(type='DepthError', modality='depth'),
        dict(type='MapError', modality='rgb'),
    ],
)
test_cfg = val_cfg
test_evaluator = val_evaluator
