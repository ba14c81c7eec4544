# From an unconditional GAN of the digits 0-4 to AC-GANs of 5-9: the form of thesis Tables 2.6 and 2.7 on the digits.
# mmgentransfer sweep configs/transfergan/digits_conditional.py --jobs 2
title = 'AC-GAN on the digits: unconditional 0-4 -> conditional 5-9 at 16x16 (200 iterations)'
prerequisites = [
    dict(config='configs/classifiers/digits_16.py', work_dir='work_dirs/classifiers/digits_16'),
    dict(config='configs/transfergan/digits_resnet_source.py', work_dir='work_dirs/transfergan/digits_resnet_source'),
]
base = dict(config='configs/transfergan/digits_acgan.py', options={'train_dataloader.dataset.seed': '{seed}'})
_scratch = {'model.networks.generator.init_cfg': None, 'model.networks.critic.init_cfg': None}
_concat = {'model.networks.generator.cond_mode': 'concat'}
_concat_pre = {**_concat, 'model.networks.generator.init_cfg.strategy': 'uncond_to_concat'}
_many = {'train_dataloader.dataset.num_per_class': 100}
rows = [
    dict(name='20 per class, Cond BNorm, scratch', options=_scratch),
    dict(name='20 per class, Cond BNorm, pre-trained'),
    dict(name='20 per class, Cond Concat, scratch', options={**_scratch, **_concat}),
    dict(name='20 per class, Cond Concat, pre-trained', options=_concat_pre),
    dict(name='100 per class, Cond BNorm, scratch', options={**_scratch, **_many}),
    dict(name='100 per class, Cond BNorm, pre-trained', options=_many),
    dict(name='100 per class, Cond Concat, scratch', options={**_scratch, **_concat, **_many}),
    dict(name='100 per class, Cond Concat, pre-trained', options={**_concat_pre, **_many}),
]
seeds = [0, 1, 2]
columns = [
    dict(key='fid_digits', at=100, name='FID (digits) at 100', precision=1),
    dict(key='fid_digits', name='at 200', precision=1),
    dict(key='classwise_fid_digits_avg', name='FID, mean of classes', precision=1),
    dict(key='accuracy_digits', at=100, name='accuracy % at 100', precision=1, better='higher'),
    dict(key='accuracy_digits', name='at 200', precision=1, better='higher'),
]
