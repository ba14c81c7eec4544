# Thesis Fig. 3.6, its table: 25 images, from SNGAN's ImageNet model at 128 px.
title = 'SNGAN ImageNet to 25 faces and 25 anime faces (thesis Fig. 3.6)'
_scratch = {f'model.networks.{_network}.init_cfg': None for _network in ('generator', 'critic')}
_mining_alone = {'model.stages': [dict(name='mine', iters=5000, train=['miners', 'critic'])]}
rows = []
for _target in ('ffhq25', 'anime25'):
    _mined = f'configs/minegan/sngan_{_target}_128.py'
    _transferred = f'configs/minegan/sngan_{_target}_128_transfergan.py'
    rows += [
        dict(name=f'{_target}, scratch', config=_transferred, options=_scratch),
        dict(name=f'{_target}, TransferGAN', config=_transferred),
        dict(name=f'{_target}, VAE', config=f'configs/baselines/vae_sngan_{_target}_128.py'),
        dict(name=f'{_target}, BSA', config=f'configs/baselines/bsa_sngan_{_target}_128.py'),
        dict(name=f'{_target}, MineGAN (w/o FT)', config=_mined, options=_mining_alone),
        dict(name=f'{_target}, MineGAN', config=_mined),
    ]
seeds = [0]
columns = [
    dict(key='kmmd_inception', name='KMMD', precision=3),
    dict(key='mv_ratio', name='MV ratio', precision=3, better='higher'),
    dict(key='mv', name='MV', precision=4, better='higher'),
    dict(key='fid_inception', name='FID', precision=1),
]
