# The three stages of thesis section 4.6.1 for the networks of mmnets_segnet.py: 200K iterations of the seen
# translations, 200K that align the latents, 100K with pseudo-pairs. The weights are products: rgb = lambda_R lambda_L2,
# adversarial = lambda_R. Nothing is chosen by the scores on the way, which are of the test triplets; their alignment
# factors are fig. 4.11.
_base_ = ['../default_runtime.py', './models/mmnets_segnet.py']
_aligned = dict(freeze=['encoders.rgb'], settings=dict(noise=0.5), reset_optimizers=True)
_weights = dict(rgb=1000, adversarial=10, autoencoder=1, latent=10)
model = dict(
    stages=[
        dict(
            name='translators',
            iters=200000,
            loss_weights=dict(rgb=1, adversarial=1, autoencoder=0, latent=0, pseudo=0),
        ),
        dict(name='alignment', iters=200000, loss_weights=dict(**_weights, pseudo=0), **_aligned),
        dict(
            name='pseudo-pairs',
            iters=100000,
            loss_weights=dict(**_weights, pseudo=100),
            lr=dict(generator=2e-5, critic=2e-5),
            **_aligned,
        ),
    ]
)
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=500000, val_interval=5000)
default_hooks = dict(checkpoint=dict(interval=10000), sample_grid=dict(type='TranslationGridHook'))
