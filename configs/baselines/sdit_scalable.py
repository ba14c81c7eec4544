# The baselines of SDIT's tables with one model for all domains: ten attributes of CelebA (table 6.2), four colours
# (table 6.3), four kinds of artworks (table 6.4).
# mmgentransfer sweep configs/baselines/sdit_scalable.py --rows stargan_celeba10
title = 'StarGAN and IcGAN on the data of SDIT'
_ten = ['Bangs', 'Blond_Hair', 'Brown_Hair', 'Male', 'Young']
_ten += ['Eyeglasses', 'Wearing_Hat', 'Smiling', 'Pale_Skin', 'Mouth_Slightly_Open']
_colors = ['yellow', 'blue', 'green', 'orange']
_artworks = ['photo', 'cezanne', 'ukiyoe', 'monet']
_PARTS = dict(train='train', val='test')
_STARGAN = ('generator.num_domains', 'critic.num_domains')
_ICGAN = ('generator.num_domains', 'discriminator.num_domains', 'label_encoder.out_size')


def _row(name: str, config: str, domains: list, key: str, networks: tuple, **others: str | int) -> dict:
    options = {'model.domains': domains, **others}
    options |= {f'{part}_dataloader.dataset.{key}': domains for part in _PARTS}
    options |= {f'model.networks.{network}': len(domains) for network in networks}
    return dict(name=name, config=f'configs/baselines/{config}.py', options=options)


_artworks_root = {f'{part}_dataloader.dataset.data_root': f'data/artworks/{name}' for part, name in _PARTS.items()}
_at_256 = {f'{part}_dataloader.dataset.image_size': 256 for part in _PARTS}
rows = [
    _row('stargan_celeba10', 'stargan_celeba_128', _ten, 'selected', _STARGAN),
    _row('icgan_celeba10', 'icgan_celeba_64', _ten, 'selected', _ICGAN),
    _row('stargan_colors', 'stargan_colors_128', _colors, 'class_order', _STARGAN),
    _row('icgan_colors', 'icgan_colors_64', _colors, 'class_order', _ICGAN),
    _row('stargan_artworks', 'stargan_artworks_256', _artworks, 'class_order', _STARGAN),
    _row('icgan_artworks', 'icgan_colors_64', _artworks, 'class_order', _ICGAN, **_artworks_root, **_at_256),
]
columns = [
    dict(key='id_distance_cosine_vggface', name='ID distance (CelebA)', precision=3, better='lower'),
    dict(key='reverse_classification', name='reverse classification', precision=1, better='higher'),
    dict(key='diversity_within_domain_lpips_alex', name='LPIPS', precision=3, better='higher'),
    dict(key='reconstruction_l1', name='reconstruction', precision=3),
]
