# Twice pix2pix on Freiburg Forest: depth to colour, near-infrared to colour, and colour to labels, each trained on the
# pairs that exist; the two maps to labels go through colour (thesis table 4.8).
_base_ = [
    '../default_runtime.py',
    '../_base_/models/modalities_forest.py',
    '../_base_/datasets/freiburg_forest.py',
    '../_base_/evaluation_forest_unseen.py',
]
_critic = dict(type='PatchGANDiscriminator', in_channels=4, norm_cfg=dict(type='BN'))
model = dict(
    type='Pix2Pix',
    networks=dict(
        generators=dict(
            depth_to_rgb=dict(type='UNetGenerator', in_channels=1),
            nir_to_rgb=dict(type='UNetGenerator', in_channels=1),
            rgb_to_segmentation=dict(type='UNetGenerator', in_channels=3, out_channels=5, out_act=None),
        ),
        discriminators=dict(depth_to_rgb=_critic, nir_to_rgb=_critic),
    ),
    losses=dict(
        rgb=dict(type='PixelLoss', mode='l1', loss_weight=100),
        depth=dict(type='BerhuLoss'),
        nir=dict(type='BerhuLoss'),
        segmentation=dict(type='CrossEntropyLoss'),
        adversarial=dict(type='LogisticLoss'),
    ),
    moves=[dict(player='critic'), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=400_000, val_interval=50_000)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
val_cfg = dict(
    tasks=[
        dict(name='D2S', source=['depth'], target='segmentation', via=['rgb']),
        dict(name='N2S', source=['nir'], target='segmentation', via=['rgb']),
        dict(name='R2S', source=['rgb'], target='segmentation'),
    ]
)
test_cfg = val_cfg
