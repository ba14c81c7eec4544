# Cityscapes by day (A), and Synthia, mostly by night (B). The domain is to change, the time of day to stay.
# mmgentransfer make-biased-set configs/_base_/biased_sets/cityscapes_synthia.py writes the manifests.
_base_ = ['./unpaired_folders.py']
_images = dict(type='AttributeImages', data_root='data/scenes', image_size=128)
_tables = 'manifests/cityscapes_synthia'
_wide = dict(_images, image_size=(128, 215))  # in Synthia's proportions: model.data_preprocessor.random_crop=128
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        domains=dict(A=dict(_wide, table=f'{_tables}/trainA.csv'), B=dict(_wide, table=f'{_tables}/trainB.csv')),
        rounds=100,  # beside other images of the other domain each time
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='UnpairedDomains',
        domains=dict(A=dict(_images, table=f'{_tables}/testA.csv'), B=dict(_images, table=f'{_tables}/trainB.csv')),
    ),
)
_net = dict(type='ReducedSemanticExtractor', backbone=dict(type='TorchvisionBackbone'), num_classes=2, image_size=128)
_scored_by = {
    name: dict(
        type='ClassifierFeatures',
        classifier=_net,
        checkpoint=f'work_dirs/udit/metric_{name}/best',
        hint=f'mmgentransfer train configs/udit/metric_{name}.py trains it',
    )
    for name in ['daytime']
}
_kinds = ('MisclassificationRate', 'ConfidenceDrop')
val_cfg = dict(type='DomainTranslationLoop', num_samples=10, targets=['B'])
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    extractors=_scored_by,
    metrics=[
        *(dict(type=kind, extractor='daytime', attribute='time', classes=['day', 'night']) for kind in _kinds),
        dict(type='ForwardClassification', max_per_class=3000),  # whether the wanted change happened
        dict(type='LPIPSDiversity', pairing='independent_pairs'),
        dict(type='ReconstructionL1'),
    ],
)
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
