# Thesis table 6.1: what attention, conditional norms and the latent code loss do, on five attributes of CelebA.
# mmgentransfer sweep configs/sdit/table_6_1.py --jobs 1
title = 'SDIT on CelebA, five attributes (thesis table 6.1)'
base = dict(config='configs/sdit/celeba128_sdit_5attr.py')
_generator, _head = 'model.networks.generator', 'model.networks.discriminator.code_head'
_no_attention = {f'{_generator}.attention': None}
_no_latent = {'model.losses.generator_latent.loss_weight': 0}
_no_cin = {
    f'{_generator}.translator.norm': 'in',
    f'{_generator}.mapping': None,
    _head: None,
    'model.losses.generator_latent': None,
}
rows = [
    dict(name='celeba128_sdit_5attr_wo-cin', options=_no_cin),
    dict(name='celeba128_sdit_5attr_wo-att_lat0', options={**_no_attention, **_no_latent}),
    dict(name='celeba128_sdit_5attr_wo-att', options=_no_attention),
    dict(name='celeba128_sdit_5attr_lat0', options=_no_latent),
    dict(name='celeba128_sdit_5attr'),
]
seeds = [0]
columns = [
    dict(key='id_distance_cosine_vggface', name='ID distance', precision=3, better='lower'),
    dict(key='diversity_within_domain_lpips_alex', name='LPIPS, within domain', precision=3, better='higher'),
    dict(key='diversity_within_input_lpips_alex', name='LPIPS, within input', precision=3, better='higher'),
]
