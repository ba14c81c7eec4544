# The StyleGAN of triangles and crosses of eight colours at 32x32 that toy_stylegan_disc2square-32x32.py starts from.
_base_ = ['../default_runtime.py']
_shape = dict(image_size=32, base_channels=256, max_channels=32)
model = dict(
    type='TransferGAN',
    data_preprocessor=dict(type='ImagePreprocessor'),
    networks=dict(
        generator=dict(type='StyleGANGenerator', noise_size=32, num_mapping_layers=4, **_shape),
        critic=dict(type='StyleGANDiscriminator', **_shape),
    ),
    losses=dict(adversarial=dict(type='LogisticLoss'), r1=dict(type='R1Penalty', loss_weight=0.1)),
    moves=[dict(player='critic'), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=2e-3, betas=(0.0, 0.99)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
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
        num_images=6000,
        background_range=(0.05, 0.15),
        size=(0.35, 0.55),
        position=(0.1, 0.9),
    ),
)
train_cfg = dict(type='GameTrainLoop', max_iters=3000)
