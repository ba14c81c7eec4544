# The reference classifier of thesis Table 2.7: a ResNet-18 at 64 px on ten LSUN classes, 10,000 images of each. These
# are not the 10,000 that the GANs are compared with: accuracy_lsun10_real in their scores is its held-out accuracy.
_base_ = ['../default_runtime.py', '../_base_/datasets/lsun10_64_target.py']
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0), flip=0.5),
    networks=dict(classifier=dict(type='ResNet18Classifier', image_size=64, num_classes=10)),
    losses=dict(cross_entropy=dict(type='AuxiliaryClassifierLoss')),
    moves=[dict(player='classifier')],
)
optim_wrapper = dict(
    constructor='PlayerOptimWrappers', classifier=dict(optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05))
)
param_scheduler = dict(
    classifier=dict(type='CosineAnnealingLR', T_max=10000, eta_min=1e-5, by_epoch=False, begin=0, end=10000)
)
train_dataloader = dict(batch_size=128, dataset=dict(skip=10000))
train_cfg = dict(type='GameTrainLoop', max_iters=10000)
val_dataloader = None
test_dataloader = None
default_hooks = dict(checkpoint=dict(interval=2000), sample_grid=None)
