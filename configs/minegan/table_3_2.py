# Thesis Table 3.2: from BigGAN's ImageNet model to 500 images of a category, five of Places365 (off-manifold, with
# their numbers in its list) and five of ImageNet (on-manifold, with their numbers among BigGAN's classes). One model
# for each category, and the mean of five as in the thesis.
title = 'BigGAN to categories of Places365 and ImageNet (thesis Table 3.2)'
_places = {'a/alley': 4, 'a/arch': 12, 'a/art_gallery': 19, 'a/auditorium': 27, 'b/ballroom': 35}
_imagenet = {'n01514668': 7, 'n04392985': 848, 'n07714990': 937, 'n03345487': 555, 'n03496892': 595}
_scratch = {f'model.networks.{_network}.init_cfg': None for _network in ('generator', 'critic')}
_mining_alone = {'model.stages': [dict(name='mine', iters=5000, train=['miners', 'critic'])]}
_data = '{}_dataloader.dataset.{}'.format
rows = []
for _set, _classes in (('places365', _places), ('imagenet', _imagenet)):
    for _name, _number in _classes.items():
        _folder, _, _class = f'data/{_set}/train/{_name}'.rpartition('/')
        _reference = {_data('val', 'data_root'): f'{_folder}/{_class}'}
        _mined = {_data('train', 'data_root'): f'{_folder}/{_class}', **_reference}
        _labelled = {_data('train', 'data_root'): _folder, _data('train', 'class_order'): [_class], **_reference}
        _known = (
            {}
            if _set == 'places365'
            else {f'model.networks.{_network}.init_cfg.source_class': _number for _network in ('generator', 'critic')}
        )
        _config = f'configs/minegan/biggan_{_set}_128'
        rows += [
            dict(name=f'{_name}, scratch', config=f'{_config}_transfergan.py', options={**_labelled, **_scratch}),
            dict(name=f'{_name}, TransferGAN', config=f'{_config}_transfergan.py', options={**_labelled, **_known}),
            *(
                dict(
                    name=f'{_name}, {_title}',
                    config=f'configs/baselines/{_method}_{_set}_128.py',
                    options={**_mined, 'model.target': _number},
                )
                for _method, _title in (('dgn_am', 'DGN-AM'), ('ppgn', 'PPGN'))
            ),
            dict(name=f'{_name}, MineGAN (w/o FT)', config=f'{_config}.py', options={**_mined, **_mining_alone}),
            dict(name=f'{_name}, MineGAN', config=f'{_config}.py', options=_mined),
        ]
# the rows of the thesis, each the mean over five categories
means = [
    dict(name=f'{_where}, {_method}', rows=[f'{_name}, {_method}' for _name in _classes])
    for _where, _classes in (('off-manifold', _places), ('on-manifold', _imagenet))
    for _method in ('scratch', 'TransferGAN', 'DGN-AM', 'PPGN', 'MineGAN (w/o FT)', 'MineGAN')
]
seeds = [0]
columns = [
    dict(key='fid_inception', name='FID', precision=1),
    dict(key='kmmd_inception', name='KMMD', precision=2),
    dict(key='inference_ms', name='ms an image', precision=1),
]
