# Thesis Figs. 3.4 and 3.5: FID and KMMD over the number of target images, at 1024 px. The numbers on the figure's axis
# are not in the text of the thesis, which shows samples at 100 images.
title = 'ProGAN CelebA-HQ to FFHQ women and children: number of target images (thesis Fig. 3.5)'
_scratch = {f'model.networks.{_network}.init_cfg': None for _network in ('generator', 'critic')}
_mining_alone = {'model.stages': [dict(name='mine', iters=20000, train=['miners', 'critic'])]}
_methods = {
    'scratch': dict(suffix='_transfergan', options=_scratch),
    'TransferGAN': dict(suffix='_transfergan', options={}),
    'MineGAN (w/o FT)': dict(suffix='', options=_mining_alone),
    'MineGAN': dict(suffix='', options={}),
}
# 10,000 images at 1024 px take 31 GB: they are decoded as they are needed.
_files = {
    'train_dataloader.dataset.cache': 'none',
    'train_dataloader.dataset.check': 'none',
    'train_dataloader.num_workers': 8,
}
rows = [
    dict(
        name=f'{_target}, {_num} images, {_method}',
        config=f'configs/minegan/progan_ffhq_{_target}_1024{_methods[_method]["suffix"]}.py',
        options={
            'train_dataloader.dataset.num_images': _num,
            **(_files if _num == 10000 else {}),
            **_methods[_method]['options'],
        },
    )
    for _target in ('women', 'children')
    for _num in (10, 100, 1000, 10000)
    for _method in _methods
]
seeds = [0]
columns = [
    dict(key='fid_inception', name='FID', precision=1),
    dict(key='kmmd_inception', name='KMMD', precision=3),
]
