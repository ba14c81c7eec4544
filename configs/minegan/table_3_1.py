# Thesis Table 3.1, and section A.2.4 on the critic's start: several ProGANs at 256 px, 200 target images.
title = 'Several ProGANs to red vehicles, towers and bedrooms (thesis Table 3.1)'
_scratch = {f'model.networks.{_network}.init_cfg': None for _network in ('generator', 'critic')}
_mining_alone = {'model.stages': [dict(name='mine', iters=20000, train=['miners', 'critic'])]}
_checkpoints = {
    _name: f'checkpoints/progan_lsun_{_name}_256.pth' for _name in ('car', 'bus', 'livingroom', 'church', 'kitchen')
}
_starts = {
    _name: {
        f'model.networks.{_network}.init_cfg.checkpoint': _checkpoints[_name] for _network in ('generator', 'critic')
    }
    for _name in _checkpoints
}
rows = []
for _target in ('red_vehicles_0.3', 'red_vehicles_0.5', 'red_vehicles_0.7', 'lsun_tower', 'lsun_bedroom'):
    _set, _p, _names = {}, {}, ('livingroom', 'church')
    if _target.startswith('red_vehicles'):
        _share = float(_target[-3:])  # of the cars
        _shares = [_share, round(1 - _share, 1)]
        _set = {
            'train_dataloader.dataset.mixture': dict(cars=round(200 * _shares[0]), buses=round(200 * _shares[1])),
            'val_dataloader.dataset.mixture': dict(cars=_shares[0], buses=_shares[1]),
        }
        _p = {'val_evaluator.metrics.2.target': _shares}
        _names = ('car', 'bus')
    _mined = f'configs/minegan/progan_{_target.removesuffix(_target[-4:]) if _set else _target}_256.py'
    _transferred = _mined.replace('_256.py', '_256_transfergan.py')
    rows += [
        dict(name=f'{_target}, scratch', config=_transferred, options={**_set, **_scratch}),
        *(
            dict(name=f'{_target}, TransferGAN ({_name})', config=_transferred, options={**_set, **_starts[_name]})
            for _name in _names
        ),
        dict(name=f'{_target}, MineGAN (w/o FT)', config=_mined, options={**_set, **_p, **_mining_alone}),
        dict(name=f'{_target}, MineGAN', config=_mined, options={**_set, **_p}),
    ]
_other_critics = {'lsun_tower': 'kitchen', 'lsun_bedroom': 'church'}
rows += [
    dict(
        name=f'{_target}, MineGAN, critic of {_name}',
        config=f'configs/minegan/progan_{_target}_256.py',
        options={'model.networks.critic.init_cfg.checkpoint': _checkpoints[_name]},
    )
    for _target, _name in _other_critics.items()
]
seeds = [0]
# The sources are car, bus, or living room, kitchen, bridge, church.
columns = [
    dict(key='fid_inception', name='FID', precision=1),
    *(dict(key=f'selector_p{_i}', name=f'p of source {_i + 1}', precision=2) for _i in range(4)),
]
