# Thesis Fig. 2.4: the same latents after 0, 2, 5, 15, 39, 99, 251, 632, 1,591 and 4,000 iterations on Kitchens, from
# scratch and from four sources, in strip.png of each run.
title = 'TransferGAN, four sources to Kitchens: samples over 4,000 iterations (thesis Fig. 2.4)'
_sources = {name: f'work_dirs/transfergan/source_{name}_64' for name in ('imagenet', 'places', 'bedroom', 'celeba')}
prerequisites = [
    dict(config=f'configs/transfergan/source_{name}_64.py', work_dir=work_dir) for name, work_dir in _sources.items()
]
base = dict(
    config='configs/transfergan/kitchens_64.py',
    options={'train_cfg.max_iters': 4000, 'default_hooks.sample_grid.num': 10},
)
_networks = ('generator', 'critic')
_starts = {'scratch': {f'model.networks.{network}.init_cfg': None for network in _networks}} | {
    name: {f'model.networks.{network}.init_cfg.checkpoint': work_dir for network in _networks}
    for name, work_dir in _sources.items()
}
rows = [dict(name=f'{start}2kitchens_strip', options=options) for start, options in _starts.items()]
seeds = [0]
columns = [dict(key='fid_inception', at=at, name=f'FID at {at}', precision=2) for at in (0, 1000, 4000)]
