# CUT from the handwritten digits 5, 7, 8 and 9 to 6 at 32x32, 100 images of each, on the CPU: what the digits of
# ../transferi2i/toy_digits_32.py are compared with.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/cut.py',
    '../_base_/datasets/toy_digits_to_6_32.py',
    '../_base_/evaluation_toy_digits_to_6_32.py',
]
model = dict(
    domains=['others', '6'],
    num_patches=64,
    data_preprocessor=dict(flip=0.0),
    networks=dict(
        generator=dict(in_channels=1, out_channels=1, base_channels=16, num_blocks=3),
        discriminator=dict(in_channels=1, base_channels=16, num_downs=2),
        feature_heads=dict(
            taps=['input', 'down1', 'down2', 'block1', 'block3'], channels=[1, 32, 64, 64, 64], width=64
        ),
    ),
)
train_cfg = dict(type='GameTrainLoop', max_iters=900, val_interval=900)  # as many as TransferI2I's three stages
default_hooks = dict(checkpoint=dict(interval=500), sample_grid=dict(type='DomainTranslationGridHook'))
