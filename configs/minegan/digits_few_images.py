# MineGAN against TransferGAN and BSA over numbers of images and budgets: quality, diversity, memorising.
# mmgentransfer sweep configs/minegan/digits_few_images.py --jobs 2
title = 'MineGAN, TransferGAN and BSA on the digits: nine digits -> 9'
_source = 'work_dirs/transfergan/digits_source_no9'
prerequisites = [
    dict(config='configs/classifiers/digits_28.py', work_dir='work_dirs/classifiers/digits_28'),
    dict(
        config='configs/transfergan/digits_source.py',
        work_dir=_source,
        options={'train_dataloader.dataset.exclude': [9]},
    ),
]
base = dict(config='configs/minegan/digits.py', options={'train_dataloader.dataset.seed': '{seed}'})
_transfergan = 'configs/transfergan/digits.py'
_short = {
    'model.stages': [dict(name='mine', iters=100, train=['miners', 'critic']), dict(name='finetune', iters=100)],
    'train_cfg.max_iters': 200,
}
_mining_alone = {'model.stages': [dict(name='mine', iters=400, train=['miners', 'critic'])]}
rows = []
for _num in (10, 25, 50, 100):
    _images = {'train_dataloader.dataset.num_images': _num}
    rows += [
        dict(name=f'{_num} images, TransferGAN 400', config=_transfergan, options=_images),
        dict(name=f'{_num} images, MineGAN 200 + 200', options=_images),
        dict(name=f'{_num} images, MineGAN (w/o FT) 400', options={**_images, **_mining_alone}),
    ]
    if _num == 50:
        rows.append(dict(name=f'{_num} images, MineGAN 100 + 100', options={**_images, **_short}))
    else:
        rows.append(
            dict(
                name=f'{_num} images, BSA 400',
                config='configs/baselines/bsa_digits.py',
                options={**_images, 'model.networks.latents.num_images': _num},
            )
        )
_gently = dict(generator=1e-4)  # a fifth of the learning rate in the second half
rows += [
    dict(
        name='100 images, TransferGAN 400, second half at 1e-4',
        config=_transfergan,
        options={'model.stages': [dict(name='first', iters=200), dict(name='second', iters=200, lr=_gently)]},
    ),
    dict(
        name='100 images, MineGAN 200 + 200, fine-tuning at 1e-4',
        options={
            'model.stages': [
                dict(name='mine', iters=200, train=['miners', 'critic']),
                dict(name='finetune', iters=200, lr=_gently),
            ]
        },
    ),
]
seeds = [0, 1, 2]
columns = [
    dict(key='fid_digits', at=200, name='FID (digits) at 200', precision=1),
    dict(key='fid_digits', name='at the end', precision=1),
    dict(key='kmmd_digits', name='KMMD', precision=3),
    dict(key='mv_ratio', name='MV ratio', precision=2),
    dict(key='classifier_error_digits', name='class. error %', precision=1),
    dict(key='nn_ratio', name='NN ratio', precision=2),
]
