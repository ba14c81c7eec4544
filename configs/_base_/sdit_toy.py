# SDIT at the size of toys: the discriminator learns to read the code too, and moves as often as the generator.
_base_ = ['./sdit_40k.py']
_latent = dict(type='LatentCodeLoss', loss_weight=3)
model = dict(
    losses=dict(discriminator_latent=_latent, generator_latent=_latent),
    moves=[dict(player='discriminator'), dict(player='generator')],
    data_preprocessor=dict(flip=0.0),
)
_adam = dict(optimizer=dict(lr=1e-3))
optim_wrapper = dict(discriminator=_adam, generator=_adam)
train_dataloader = dict(batch_size=12, num_workers=0, persistent_workers=False)
val_dataloader = dict(num_workers=0, persistent_workers=False)
val_cfg = dict(num_inputs=64)
test_dataloader, test_cfg = val_dataloader, val_cfg
default_hooks = dict(checkpoint=dict(interval=200))
