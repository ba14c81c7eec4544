# Ten images and many iterations: does the model repeat its training images?
# NN ratio: mean distance of samples to the nearest training image, over the same for held-out real images.
# mmgentransfer sweep configs/minegan/digits_memorising.py --jobs 2
title = 'Ten images of a 9, 1000 iterations'
_source = 'work_dirs/transfergan/digits_source_no9'
prerequisites = [
    dict(config='configs/classifiers/digits_28.py', work_dir='work_dirs/classifiers/digits_28'),
    dict(
        config='configs/transfergan/digits_source.py',
        work_dir=_source,
        options={'train_dataloader.dataset.exclude': [9]},
    ),
]
_ten = {
    'train_dataloader.dataset.seed': '{seed}',
    'train_dataloader.dataset.num_images': 10,
    'train_cfg.max_iters': 1000,
}
base = dict(config='configs/minegan/digits.py', options=_ten)
_mine = dict(name='mine', iters=300, train=['miners', 'critic'])
rows = [
    dict(name='TransferGAN', config='configs/transfergan/digits.py'),
    dict(name='MineGAN (300 + 700)', options={'model.stages': [_mine, dict(name='finetune', iters=700)]}),
    dict(name='MineGAN (w/o FT)', options={'model.stages': [{**_mine, 'iters': 1000}]}),
]
seeds = [0, 1, 2]
columns = [
    dict(key='nn_ratio', name='NN ratio', precision=2),
    dict(key='fid_digits', name='FID (digits)', precision=1),
    dict(key='mv_ratio', name='MV ratio', precision=2),
    dict(key='classifier_error_digits', name='class. error %', precision=1),
]
