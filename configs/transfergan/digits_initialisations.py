# The four initialisations of thesis Table 2.1 on the digits, and pre-trained against scratch with 20 images.
# mmgentransfer sweep configs/transfergan/digits_initialisations.py --jobs 2
title = 'TransferGAN on the digits: nine digits -> 9, FID on the features of a digit classifier (400 iterations)'
_source = 'work_dirs/transfergan/digits_source_no9'
prerequisites = [
    dict(config='configs/classifiers/digits_28.py', work_dir='work_dirs/classifiers/digits_28'),
    dict(
        config='configs/transfergan/digits_source.py',
        work_dir=_source,
        options={'train_dataloader.dataset.exclude': [9]},
    ),
]
base = dict(config='configs/transfergan/digits.py', options={'train_dataloader.dataset.seed': '{seed}'})
_G, _D = {'model.networks.generator.init_cfg': None}, {'model.networks.critic.init_cfg': None}
_few = {'train_dataloader.dataset.num_images': 20}
rows = [
    dict(name='100 images, scratch', options={**_G, **_D}),
    dict(name='100 images, critic pre-trained', options=_G),
    dict(name='100 images, generator pre-trained', options=_D),
    dict(name='100 images, both pre-trained'),
    dict(name='20 images, scratch', options={**_G, **_D, **_few}),
    dict(name='20 images, both pre-trained', options=_few),
]
seeds = [0, 1, 2]
columns = [
    dict(key='fid_digits', at=100, name='FID (digits) at 100', precision=1),
    dict(key='fid_digits', at=200, name='at 200', precision=1),
    dict(key='fid_digits', name='at 400', precision=1),
    dict(key='kmmd_digits', name='KMMD', precision=3),
    dict(key='mv_ratio', name='MV ratio', precision=2),
    dict(key='classifier_error_digits', name='class. error %', precision=1),
    dict(key='nn_ratio', name='NN ratio', precision=2),
]
