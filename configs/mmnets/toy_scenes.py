# M&MNets on rendered scenes: trained on colour with labels and on colour with depth of other scenes, scored on depth to
# labels and labels to depth, which never met. Two minutes on a CPU core.
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/toy_scenes.py',
    '../_base_/models/mmnets_toy.py',
    '../_base_/evaluation_scenes.py',
]
model = dict(
    stages=[
        dict(
            name='translators',
            iters=300,
            loss_weights=dict(rgb=1, adversarial=1, autoencoder=0, latent=0, pseudo=0),
        ),
        dict(
            name='alignment',
            iters=300,
            freeze=['encoders.rgb'],
            loss_weights=dict(rgb=1000, adversarial=10, autoencoder=1, latent=10, pseudo=0),
            settings=dict(noise=0.5),
            reset_optimizers=True,
        ),
        dict(
            name='pseudo-pairs',
            iters=150,
            freeze=['encoders.rgb'],
            loss_weights=dict(rgb=1000, adversarial=10, autoencoder=1, latent=10, pseudo=100),
            settings=dict(noise=0.5),
            lr=dict(generator=1e-4, critic=1e-4),
            reset_optimizers=True,
        ),
    ]
)
train_cfg = dict(type='GameTrainLoop', max_iters=750, val_interval=150)
default_hooks = dict(checkpoint=dict(interval=300), sample_grid=dict(type='TranslationGridHook'))
