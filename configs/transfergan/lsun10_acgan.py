# An AC-GAN of ten LSUN classes (Cond BNorm) from the unconditional GAN of Places: thesis section 2.4, Table 2.6.
# Batches of 64, 25,000 iterations.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/wgan_gp_resnet_64.py',
    '../_base_/datasets/lsun10_64_target.py',
    '../_base_/evaluation_inception.py',
]
_source = 'work_dirs/transfergan/source_places_64'
model = dict(
    networks=dict(
        generator=dict(
            num_classes=10,
            cond_mode='bnorm',
            init_cfg=dict(
                type='TransferredWeights', checkpoint=_source, prefix='generator', strategy='uncond_to_bnorm'
            ),
        ),
        critic=dict(
            num_classes=10,
            init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='critic', strategy='uncond_to_acgan'),
        ),
    ),
    losses=dict(
        critic_class=dict(type='AuxiliaryClassifierLoss'),
        generator_class=dict(type='AuxiliaryClassifierLoss'),
    ),
)
train_cfg = dict(type='GameTrainLoop', max_iters=25000, val_interval=2500, val_at_start=True)
val_cfg = dict(num_images=100000)  # 10,000 of each class, ten of each in a batch
test_cfg = val_cfg
val_evaluator = dict(metrics=[dict(type='ClasswiseFID', extractor='inception')])
test_evaluator = val_evaluator
default_hooks = dict(sample_grid=dict(num_images=100, batch_statistics=True))
