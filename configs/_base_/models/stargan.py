# StarGAN of the original code: Wasserstein loss with gradient penalty 10, reconstruction 10, weights drawn as PyTorch
# does, Adam at 1e-4. It counts 200,000 updates of the critic, of which an iteration here has five, beside one of the
# generator; the learning rate falls to 0 over the second half. `domains`, and their number in the networks where it is
# not 5, are a config's own.
_base_ = ['../../default_runtime.py']
_drawn = dict(init=dict(type='uniform'))
model = dict(
    type='StarGAN',
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
    networks=dict(
        generator=dict(type='StarGANGenerator', num_domains=5, **_drawn),
        critic=dict(type='StarGANDiscriminator', num_domains=5, image_size=128, **_drawn),
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
train_cfg = dict(type='GameTrainLoop', max_iters=40_000, val_interval=10_000)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=20_000, end=40_000, by_epoch=False)]
param_scheduler = dict(critic=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=5_000), sample_grid=dict(type='DomainTranslationGridHook'))
