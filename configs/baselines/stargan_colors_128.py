# StarGAN between the eleven colours of objects at 128x128: 200,000 generator updates on 16 images each, five critic
# updates to each of them; the learning rate falls to 0 over the second half.
_base_ = ['../default_runtime.py']
_domains = ['blue', 'brown', 'yellow', 'green', 'grey', 'orange', 'pink', 'purple', 'red', 'white', 'black']
model = dict(
    type='StarGAN',
    domains=_domains,
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
    networks=dict(
        generator=dict(type='StarGANGenerator', num_domains=11),
        critic=dict(type='StarGANDiscriminator', num_domains=11, image_size=128),
    ),
    losses=dict(
        adversarial=dict(type='WassersteinLoss'),
        gradient_penalty=dict(type='GradientPenalty', loss_weight=10),
        domain=dict(type='DomainLoss'),
        reconstruction=dict(type='PixelLoss', mode='l1', loss_weight=10),
    ),
    moves=[dict(player='critic', repeat=5), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_dataloader = dict(
    batch_size=80,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='LabelledImageFolder', data_root='data/colour/train', image_size=128, class_order=_domains, cache='ram'
    ),
)
train_cfg = dict(type='GameTrainLoop', max_iters=200_000)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=100_000, end=200_000, by_epoch=False)]
param_scheduler = dict(critic=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
