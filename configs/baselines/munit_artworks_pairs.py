# The six MUNITs between four kinds of artworks (thesis table 6.4), one for each pair.
# mmgentransfer sweep configs/baselines/munit_artworks_pairs.py --rows photo-monet
title = 'MUNIT between four kinds of artworks, a model for each pair'
base = dict(config='configs/baselines/munit_artworks_256.py')
_artworks = ['photo', 'cezanne', 'ukiyoe', 'monet']


def _options(*pair: str) -> dict:
    folders = {
        name: dict(type='ImageFolder', data_root=f'data/artworks/train/{name}', image_size=256, cache='none')
        for name in pair
    }
    return {'model.domains': list(pair), 'train_dataloader.dataset.domains': {'_delete_': True, **folders}}


rows = [dict(name=f'{a}-{b}', options=_options(a, b)) for i, a in enumerate(_artworks) for b in _artworks[i + 1 :]]
