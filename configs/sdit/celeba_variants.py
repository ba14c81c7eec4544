# What the thesis prints and what the authors' code does, where they differ, on five attributes of CelebA.
# The code head is not trained in the first and third row, which have the weight 800, and trained in the others.
# mmgentransfer sweep configs/sdit/celeba_variants.py --jobs 1
title = 'SDIT on CelebA, five attributes: readings of the method'
base = dict(config='configs/sdit/celeba128_sdit_5attr.py')
_losses, _generator = 'model.losses', 'model.networks.generator'
_joint = {
    f'{_losses}.generator_latent.loss_weight': 10,
    f'{_losses}.discriminator_latent': dict(type='LatentCodeLoss', loss_weight=10),
}
_released = {
    f'{_generator}.fusion': 'gate',
    f'{_generator}.mapping.num_layers': 3,
    'model.networks.discriminator.code_head.num_fc': 2,
    'model.cycle_code': 'resample',
}
# equal steps of both players, and six blocks in the bottleneck and before the attention
_printed = {
    **_joint,
    f'{_losses}.adversarial': dict(type='LogisticLoss', loss_weight=10),
    f'{_losses}.gradient_penalty': None,
    f'{_losses}.reconstruction.loss_weight': 800,
    f'{_generator}.translator.num_blocks': 6,
    f'{_generator}.attention.num_blocks': 6,
    'model.moves.0.repeat': 1,
    'train_dataloader.batch_size': 16,
}
rows = [
    dict(name='celeba128_sdit_5attr'),
    dict(name='celeba128_sdit_5attr_joint', options=_joint),
    dict(name='celeba128_sdit_5attr_released', options=_released),
    dict(name='celeba128_sdit_5attr_literal', options=_printed),
]
seeds = [0]
columns = [
    dict(key='id_distance_cosine_vggface', name='ID distance', precision=3, better='lower'),
    dict(key='diversity_within_domain_lpips_alex', name='LPIPS, within domain', precision=3, better='higher'),
    dict(key='diversity_within_input_lpips_alex', name='LPIPS, within input', precision=3, better='higher'),
]
