# The form of thesis Table 6.3 on rendered objects: one generator for four hues, and a CycleGAN or MUNIT for every two.
# mmgentransfer sweep configs/sdit/toy16_pairs.py --jobs 2
title = 'Four hues of objects at 16x16: one model for all, and six models of two'
_hues, _runs = ['yellow', 'blue', 'green', 'orange'], 'work_dirs/sdit/toy16_pairs_of'
_pairs = [(a, b) for i, a in enumerate(_hues) for b in _hues[i + 1 :]]
_networks = 'model.networks'


def _munit(a: str, b: str) -> dict:
    return {'model.domains': [a, b], 'train_dataloader.dataset.dataset.colours': [a, b]}


def _cyclegan(a: str, b: str) -> dict:
    pixels, identity = dict(type='PixelLoss', mode='l1'), dict(type='ModalitySumLoss', loss_weight=0)
    adversarial, cycle = dict(type='LSGANLoss', critic_scale=0.5), dict(type='ModalitySumLoss', loss_weight=10)
    terms = dict(adversarial=adversarial, cycle=cycle, identity=identity)
    generator = dict(type='ResNetGenerator', base_channels=8, num_blocks=2)
    critic = dict(type='PatchGANDiscriminator', base_channels=16, num_downs=2)
    return {
        'model.modalities': {'_delete_': True} | {name: dict(type='ImageModality') for name in (a, b)},
        'model.losses': {'_delete_': True, a: pixels, b: pixels, **terms},
        f'{_networks}.generators': {'_delete_': True, f'{a}_to_{b}': generator, f'{b}_to_{a}': generator},
        f'{_networks}.discriminators': {'_delete_': True, a: critic, b: critic},
        'train_dataloader.dataset.dataset.colours': [a, b],
    }


def _folder(method: str, a: str, b: str) -> str:
    return f'{_runs}/{method}_{a}_{b}_seed{{seed}}'


def _six(method: str) -> dict:
    """Returns what scores the six models as one, on the data and with the metrics of SDIT; nothing is trained."""
    models = [dict(domains=pair, checkpoint=_folder(method, *pair)) for pair in _pairs]
    prepared = dict(type='ImagePreprocessor')
    return {
        'model': dict(
            _delete_=True, type='PairwiseTranslators', domains=_hues, data_preprocessor=prepared, pairs=models
        ),
        'optim_wrapper': dict(_delete_=True, constructor='PlayerOptimWrappers'),
        'train_cfg': dict(_delete_=True, type='GameTrainLoop', max_iters=0),
        'default_hooks.sample_grid': None,
    }


prerequisites = [
    dict(
        config=f'configs/baselines/{method}_toy_hues.py',
        work_dir=_folder(method, *pair),
        options={**make(*pair), 'randomness.seed': '{seed}'},
    )
    for method, make in (('cyclegan', _cyclegan), ('munit', _munit))
    for pair in _pairs
]
base = dict(config='configs/sdit/toy16_sdit.py', options={'randomness.seed': '{seed}'})
_latents = ('generator_latent', 'discriminator_latent')
_stargan = {
    **{f'{_networks}.generator.{part}': None for part in ('attention', 'mapping', 'translator')},
    f'{_networks}.discriminator.code_head': None,
    **{f'model.losses.{name}': None for name in _latents},
}
rows = [
    dict(name='CycleGAN', options=_six('cyclegan')),
    dict(name='StarGAN', options=_stargan),
    dict(name='MUNIT', options=_six('munit')),
    dict(name='SDIT'),
]
seeds = [0, 1, 2]
columns = [
    *(dict(key=f'{name}/reverse_classification', name=name, precision=1, better='higher') for name in _hues),
    dict(key='reverse_classification', name='mean', precision=1, better='higher'),
    dict(key='forward_classification', name='target accuracy', precision=1, better='higher'),
    dict(key='diversity_within_input_pixel', name='diversity within an input', precision=3, better='higher'),
]
