# TransferI2I's other toys, digits from a BigGAN and discs to squares with two StyleGANs, and without two of its parts.
# mmgentransfer sweep configs/transferi2i/toy_other_sources.py --jobs 2
title = 'TransferI2I between digits, and from discs to squares with StyleGAN, at 32x32'
_toys = {
    'digits': 'configs/transferi2i/toy_biggan_mnist-32x32.py',
    'StyleGAN': 'configs/transferi2i/toy_stylegan_disc2square-32x32.py',
}
prerequisites = [
    dict(config=f'configs/{name}.py', work_dir=f'work_dirs/{name}')
    for name in (
        'classifiers/digits_32',
        'transferi2i/toy_source_digits-32x32',
        'transferi2i/toy_source_stylegan-32x32',
    )
]
_a, _b, _c = (
    dict(name='st_init', iters=500),
    dict(name='self_init', iters=200, reset_optimizers=True),
    dict(name='transfer', iters=200, reset_optimizers=True),
)
_pair = ('generator', 'discriminator')
_gans = {'digits': _pair, 'StyleGAN': (*_pair, *(f'source_{name}' for name in _pair))}
rows = []
for _toy, _config in _toys.items():
    _variants = {
        'full': ([_a, _b, _c], {}),
        'no pre-training': ([_a, _b, _c], {f'model.networks.{name}.init_cfg': None for name in _gans[_toy]}),
        'no self-initialisation': ([_a, _c], {}),
    }
    for _name, (_stages, _options) in _variants.items():
        _iters = sum(stage['iters'] for stage in _stages)
        _schedule = {'model.stages': _stages, 'train_cfg.max_iters': _iters, 'train_cfg.val_interval': _iters}
        rows.append(dict(name=f'{_toy}, {_name}', config=_config, options={**_schedule, **_options}))
seeds = [0, 1, 2]
columns = [
    dict(key='forward_classification_digits', name='digits: RC', precision=1, better='higher'),
    dict(key='reverse_classification', name='FC', precision=1, better='higher'),
    dict(key='fid_digits', name='FID (digits)', precision=1, better='lower'),
    dict(key='kid_digits', name='KID (digits)', precision=1, better='lower'),
    dict(key='forward_classification', name='StyleGAN: RC', precision=1, better='higher'),
    dict(key='centroid_error', name='centroid error, pixels', precision=2, better='lower'),
]
