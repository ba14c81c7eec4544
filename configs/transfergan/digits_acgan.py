# An AC-GAN of the digits 5-9 (Cond BNorm, thesis section 2.4.1) that starts from the unconditional GAN of 0-4.
# Train the source first: python tools/train.py configs/transfergan/digits_resnet_source.py
# Cond Concat: model.networks.generator.cond_mode=concat model.networks.generator.init_cfg.strategy=uncond_to_concat
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/digits_16.py',
    '../_base_/models/wgan_gp_resnet_16.py',
    '../_base_/evaluation_digits_16.py',
]
_source = 'work_dirs/transfergan/digits_resnet_source'
_digits = [5, 6, 7, 8, 9]
model = dict(
    networks=dict(
        generator=dict(
            num_classes=5,
            cond_mode='bnorm',
            init_cfg=dict(
                type='TransferredWeights', checkpoint=_source, prefix='generator', strategy='uncond_to_bnorm'
            ),
        ),
        critic=dict(
            num_classes=5,
            init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='critic', strategy='uncond_to_acgan'),
        ),
    ),
    losses=dict(
        critic_class=dict(type='AuxiliaryClassifierLoss'),
        generator_class=dict(type='AuxiliaryClassifierLoss'),
    ),
)
train_dataloader = dict(
    dataset=dict(classes=_digits, split='train', num_per_class=20, labelled=True, relabel=True),
)
val_dataloader = dict(dataset=dict(classes=_digits, labelled=True, relabel=True))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=200, val_interval=50, val_at_start=True)
val_cfg = dict(batch_statistics=True)  # batches of 100 mix the five classes evenly
test_cfg = val_cfg
val_evaluator = dict(
    metrics=[
        dict(type='FID', extractor='digits'),
        dict(type='ClasswiseFID', extractor='digits'),
        dict(type='GeneratedClassificationAccuracy', extractor='digits', classes=_digits),
        dict(type='MeanVariance'),
    ]
)
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(interval=100))
