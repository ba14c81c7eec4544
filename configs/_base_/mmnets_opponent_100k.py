# The three stages of mmnets_500k.py for opponent colours, at a fifth of their length, as the thesis gives none. The
# anchor, theta1, is frozen in the place of colour.
_base_ = ['../default_runtime.py', './models/mmnets_opponent.py']
_aligned = dict(freeze=['encoders.theta1'], settings=dict(noise=0.5), reset_optimizers=True)
_weights = dict(theta3=1000, adversarial=10, autoencoder=1, latent=10)
model = dict(
    stages=[
        dict(
            name='translators',
            iters=40000,
            loss_weights=dict(theta3=1, adversarial=1, autoencoder=0, latent=0, pseudo=0),
        ),
        dict(name='alignment', iters=40000, loss_weights=dict(**_weights, pseudo=0), **_aligned),
        dict(
            name='pseudo-pairs',
            iters=20000,
            loss_weights=dict(**_weights, pseudo=100),
            lr=dict(generator=2e-5, critic=2e-5),
            **_aligned,
        ),
    ]
)
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=100000, val_interval=10000)
default_hooks = dict(checkpoint=dict(interval=10000), sample_grid=dict(type='TranslationGridHook'))
