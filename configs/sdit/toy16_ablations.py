# What each part of SDIT does between four hues at 16x16.
# mmgentransfer sweep configs/sdit/toy16_ablations.py --jobs 2
title = 'SDIT between four hues of objects at 16x16 (600 iterations)'
base = dict(config='configs/sdit/toy16_sdit.py', options={'randomness.seed': '{seed}'})
_losses, _generator = 'model.losses', 'model.networks.generator'
_latents = ('generator_latent', 'discriminator_latent')
_no_attention = {f'{_generator}.attention': None}
_no_latent = {f'{_losses}.{name}.loss_weight': 0 for name in _latents}
_stargan = {
    **_no_attention,
    f'{_generator}.mapping': None,
    f'{_generator}.translator': None,
    'model.networks.discriminator.code_head': None,
    **{f'{_losses}.{name}': None for name in _latents},
}
_mode = f'{_generator}.translator.cin_mode'
rows = [
    dict(name='StarGAN', options=_stargan),
    dict(name='full'),
    dict(name='without attention', options=_no_attention),
    dict(name='latent 0', options=_no_latent),
    dict(name='gamma only, without attention', options={**_no_attention, _mode: 'gamma'}),
    dict(name='beta only, without attention', options={**_no_attention, _mode: 'beta'}),
    dict(name='gate', options={f'{_generator}.fusion': 'gate'}),
    dict(name='another code on the way back', options={'model.cycle_code': 'resample'}),
    dict(name='the code head is not trained', options={f'{_losses}.discriminator_latent': None}),
]
seeds = [0, 1, 2]
columns = [
    dict(key='forward_classification', name='target accuracy', precision=1, better='higher'),
    dict(key='diversity_within_input_pixel', name='diversity within an input', precision=3, better='higher'),
    dict(key='reverse_classification', name='reverse classification', precision=1, better='higher'),
    dict(key='diversity_fg_bg', name='diversity inside / outside', precision=2, better='higher'),
]
