# The GAN of triangles and crosses of eight colours that the toys at 32x32 start from.
_base_ = ['../default_runtime.py']
_common = dict(image_size=32, base_channels=16, num_classes=2, attention_resolutions=[])
model = dict(
    type='TransferGAN',
    data_preprocessor=dict(type='ImagePreprocessor'),
    networks=dict(
        generator=dict(type='BigGANGenerator', channel_mults=[4, 4, 2, 1], noise_size=32, embedding_size=16, **_common),
        critic=dict(type='BigGANDiscriminator', channel_mults=[1, 2, 4, 4], **_common),
    ),
    losses=dict(adversarial=dict(type='HingeLoss')),
    moves=[dict(player='critic'), dict(player='generator')],
)
_adam = dict(type='Adam', betas=(0.0, 0.999))
optim_wrapper = dict(
    constructor='PlayerOptimWrappers',
    critic=dict(optimizer=dict(lr=8e-4, **_adam)),
    generator=dict(optimizer=dict(lr=2e-4, **_adam)),
)
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='ToyObjects',
        image_size=32,
        shapes=['triangle', 'cross'],
        colours=['red', 'orange', 'yellow', 'green', 'turquoise', 'blue', 'purple', 'pink'],  # seen on the dark ground
        num_per_class=3000,
        labelled='shape',
        background_range=(0.05, 0.15),
        size=(0.35, 0.55),
        position=(0.1, 0.9),
    ),
)
train_cfg = dict(type='GameTrainLoop', max_iters=3000)
