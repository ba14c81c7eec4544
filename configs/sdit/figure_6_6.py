# Thesis figure 6.6: scales, shifts, or both from the code, without attention and without the latent code loss.
# mmgentransfer sweep configs/sdit/figure_6_6.py --jobs 1
title = 'SDIT on CelebA: what follows from the code (thesis figure 6.6)'
_without = {'model.networks.generator.attention': None, 'model.losses.generator_latent.loss_weight': 0}
base = dict(config='configs/sdit/celeba128_sdit_5attr.py', options=_without)
_mode = 'model.networks.generator.translator.cin_mode'
rows = [
    dict(name=f'celeba128_sdit_5attr_wo-att_lat0_cin-{mode}', options={_mode: mode})
    for mode in ('gamma', 'beta', 'both')
]
seeds = [0]
columns = [
    dict(key='id_distance_cosine_vggface', name='ID distance', precision=3, better='lower'),
    dict(key='diversity_within_input_lpips_alex', name='LPIPS, within input', precision=3, better='higher'),
]
