# The six CycleGANs between four kinds of artworks (thesis table 6.4), one for each pair, 200 epochs of the larger set.
# mmgentransfer sweep configs/baselines/cyclegan_artworks_pairs.py --rows photo-monet
title = 'CycleGAN between four kinds of artworks, a model for each pair'
base = dict(config='configs/baselines/cyclegan_artworks_256.py')
_images = dict(photo=3000, cezanne=500, ukiyoe=700, monet=1000)
_artworks = list(_images)


def _options(a: str, b: str) -> dict:
    pixels, critic = dict(type='PixelLoss', mode='l1'), dict(type='PatchGANDiscriminator')
    generator = dict(type='ResNetGenerator')
    losses = dict(
        adversarial=dict(type='LSGANLoss', critic_scale=0.5),
        cycle=dict(type='ModalitySumLoss', loss_weight=10),
        identity=dict(type='ModalitySumLoss', loss_weight=5),
    )
    iters = 200 * max(_images[a], _images[b])
    decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=iters // 2, end=iters, by_epoch=False)]
    return {
        'model.losses': {'_delete_': True, a: pixels, b: pixels, **losses},
        'model.modalities': {'_delete_': True} | {name: dict(type='ImageModality') for name in (a, b)},
        'model.networks.generators': {'_delete_': True, f'{a}_to_{b}': generator, f'{b}_to_{a}': generator},
        'model.networks.discriminators': {'_delete_': True, a: critic, b: critic},
        'train_dataloader.dataset.domains': {'_delete_': True}
        | {
            name: dict(type='ImageFolder', data_root=f'data/artworks/train/{name}', image_size=256, cache='none')
            for name in (a, b)
        },
        'train_cfg.max_iters': iters,
        'param_scheduler': dict(critic=decay, generator=decay),
    }


rows = [dict(name=f'{a}-{b}', options=_options(a, b)) for i, a in enumerate(_artworks) for b in _artworks[i + 1 :]]
