# CUT from red discs to blue squares at 32x32, on the CPU.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/cut.py',
    '../_base_/datasets/toy_disc2square_32.py',
    '../_base_/evaluation_toy_disc2square_32.py',
]
model = dict(
    domains=['disc', 'square'],
    num_patches=64,
    networks=dict(
        generator=dict(base_channels=16, num_blocks=3),
        discriminator=dict(base_channels=16, num_downs=2),
        feature_heads=dict(
            taps=['input', 'down1', 'down2', 'block1', 'block3'], channels=[3, 32, 64, 64, 64], width=64
        ),
    ),
)
train_cfg = dict(type='GameTrainLoop', max_iters=900, val_interval=900)
default_hooks = dict(checkpoint=dict(interval=200), sample_grid=dict(type='DomainTranslationGridHook'))
