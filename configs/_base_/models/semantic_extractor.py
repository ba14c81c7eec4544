# A classifier of a property whose reduced layer relu5_3 a UDIT keeps: VGG-16 from ImageNet's weights, reduced and with
# a head that learn ten times as fast. Data, classes and the width D are a config's own.
_base_ = ['../../default_runtime.py']
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0), flip=0.5),
    networks=dict(
        classifier=dict(
            type='ReducedSemanticExtractor', backbone=dict(type='TorchvisionBackbone'), num_classes=2, image_size=128
        )
    ),
    losses=dict(cross_entropy=dict(type='AuxiliaryClassifierLoss')),
    moves=[dict(player='classifier')],
)
optim_wrapper = dict(
    constructor='PlayerOptimWrappers',
    classifier=dict(
        optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.999)),
        paramwise_cfg=dict(custom_keys={'classifier.backbone': dict(lr_mult=0.1)}),
    ),
)
_loader = dict(num_workers=4, persistent_workers=True, collate_fn=dict(type='stack_batch'))
train_dataloader = dict(batch_size=32, sampler=dict(type='InfiniteSampler', shuffle=True), **_loader)
val_dataloader = dict(batch_size=100, sampler=dict(type='DefaultSampler', shuffle=False), **_loader)
val_cfg = dict(type='ClassificationLoop')
val_evaluator = dict(metrics=[])
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
# the checkpoint of the best accuracy stays beside the latest: '<folder of the run>/best'
default_hooks = dict(checkpoint=dict(interval=1000, save_best='accuracy', rule='greater'), sample_grid=None)
