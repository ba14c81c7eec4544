# SDIT at the size of the thesis, with the weights that the authors' code ended with: the discriminator is not trained
# to read the code, which allows the generator's weight of 800. 40,000 iterations of five updates of the discriminator
# and one of the generator.
_base_ = ['../default_runtime.py']
_domain = dict(type='DomainLoss')
model = dict(
    type='SDIT',
    networks=dict(
        generator=dict(type='SDITGenerator', encoder=dict(), mapping=dict(), translator=dict(), attention=dict()),
        discriminator=dict(type='SDITDiscriminator', image_size=128, code_head=dict()),
    ),
    losses=dict(
        adversarial=dict(type='WassersteinLoss'),
        gradient_penalty=dict(type='GradientPenalty', loss_weight=10),
        discriminator_domain=_domain,
        generator_domain=_domain,
        generator_latent=dict(type='LatentCodeLoss', loss_weight=800),
        reconstruction=dict(type='L1Loss', loss_weight=10),
    ),
    moves=[dict(player='discriminator', repeat=5), dict(player='generator')],
    data_preprocessor=dict(type='ImagePreprocessor', flip=0.5),
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', discriminator=_adam, generator=_adam)
_loader = dict(num_workers=4, persistent_workers=True, collate_fn=dict(type='stack_batch'))
train_dataloader = dict(sampler=dict(type='InfiniteSampler', shuffle=True), **_loader)
val_dataloader = dict(batch_size=50, sampler=dict(type='DefaultSampler', shuffle=False), **_loader)
val_cfg = dict(type='DomainTranslationLoop', num_samples=10)
test_dataloader, test_cfg = val_dataloader, val_cfg
train_cfg = dict(type='GameTrainLoop', max_iters=40_000, val_interval=40_000)
default_hooks = dict(checkpoint=dict(interval=5_000), sample_grid=dict(type='DomainTranslationGridHook'))
