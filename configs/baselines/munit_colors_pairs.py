# The six MUNITs between four colours (thesis table 6.3), one for each pair.
# mmgentransfer sweep configs/baselines/munit_colors_pairs.py --rows yellow-blue
title = 'MUNIT between four colours, a model for each pair'
base = dict(config='configs/baselines/munit_colors_128.py')
_colors = ['yellow', 'blue', 'green', 'orange']


def _options(*pair: str) -> dict:
    folders = {
        name: dict(type='ImageFolder', data_root=f'data/colour/train/{name}', image_size=128, cache='ram')
        for name in pair
    }
    return {'model.domains': list(pair), 'train_dataloader.dataset.domains': {'_delete_': True, **folders}}


rows = [dict(name=f'{a}-{b}', options=_options(a, b)) for i, a in enumerate(_colors) for b in _colors[i + 1 :]]
