# An AC-GAN of ten LSUN classes (Cond BNorm) from the unconditional GAN of Places: thesis section 2.4, Tables 2.6, 2.7.
# Batches of 64, 25,000 iterations.
_base_ = './lsun10_64.py'
model = dict(
    networks=dict(
        generator=dict(num_classes=10, cond_mode='bnorm', init_cfg=dict(strategy='uncond_to_bnorm')),
        critic=dict(num_classes=10, init_cfg=dict(strategy='uncond_to_acgan')),
    ),
    losses=dict(
        critic_class=dict(type='AuxiliaryClassifierLoss'),
        generator_class=dict(type='AuxiliaryClassifierLoss'),
    ),
)
val_evaluator = dict(
    extractors=dict(
        lsun10=dict(
            type='ClassifierFeatures',
            classifier=dict(type='ResNet18Classifier', image_size=64, num_classes=10),
            checkpoint='work_dirs/classifiers/lsun10_64',
            hint='train it with: python tools/train.py configs/classifiers/lsun10_64.py',
        )
    ),
    metrics=[
        dict(type='FID', extractor='inception'),
        dict(type='ClasswiseFID', extractor='inception'),
        dict(type='GeneratedClassificationAccuracy', extractor='lsun10'),
    ],
)
test_evaluator = val_evaluator
