# The six CycleGANs between four colours (thesis table 6.3), one for each pair.
# mmgentransfer sweep configs/baselines/cyclegan_colors_pairs.py --rows yellow-blue
title = 'CycleGAN between four colours, a model for each pair'
base = dict(config='configs/baselines/cyclegan_colors_128.py')
_colors = ['yellow', 'blue', 'green', 'orange']


def _options(a: str, b: str) -> dict:
    pixels, critic = dict(type='PixelLoss', mode='l1'), dict(type='PatchGANDiscriminator')
    generator = dict(type='ResNetGenerator', num_blocks=6)
    losses = dict(
        adversarial=dict(type='LSGANLoss', critic_scale=0.5), cycle=dict(type='ModalitySumLoss', loss_weight=10)
    )
    return {
        'model.losses': {'_delete_': True, a: pixels, b: pixels, **losses},
        'model.modalities': {'_delete_': True} | {name: dict(type='ImageModality') for name in (a, b)},
        'model.networks.generators': {'_delete_': True, f'{a}_to_{b}': generator, f'{b}_to_{a}': generator},
        'model.networks.discriminators': {'_delete_': True, a: critic, b: critic},
        'train_dataloader.dataset.domains': {'_delete_': True}
        | {
            name: dict(type='ImageFolder', data_root=f'data/colour/train/{name}', image_size=128, cache='ram')
            for name in (a, b)
        },
    }


rows = [dict(name=f'{a}-{b}', options=_options(a, b)) for i, a in enumerate(_colors) for b in _colors[i + 1 :]]
