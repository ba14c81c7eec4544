# Thesis Table 2.4: the source. Four sources, and none, to four target sets.
title = 'TransferGAN: four sources to four targets (thesis Table 2.4)'
_sources = {name: f'work_dirs/transfergan/source_{name}_64' for name in ('imagenet', 'places', 'bedroom', 'celeba')}
_targets = ('flowers', 'kitchens', 'lfw', 'cityscapes')
prerequisites = [
    dict(config=f'configs/transfergan/source_{name}_64.py', work_dir=work_dir) for name, work_dir in _sources.items()
]
base = dict(config='configs/transfergan/flowers_64.py')
_networks = ('generator', 'critic')
_starts = {'scratch_': {f'model.networks.{network}.init_cfg': None for network in _networks}} | {
    f'{name}2': {f'model.networks.{network}.init_cfg.checkpoint': work_dir for network in _networks}
    for name, work_dir in _sources.items()
}
rows = [
    dict(name=f'{start}{target}', config=f'configs/transfergan/{target}_64.py', options=options)
    for target in _targets
    for start, options in _starts.items()
]
seeds = [0]
columns = [dict(key='fid_inception', name='FID', precision=2)]
test = True  # the independent Wasserstein critic
columns += [dict(key='test_iw_reported', name='IW', precision=2)]
