# Handbags-color: flat black bags (A), and red ones, most of them textured (B). The colour is to change, the
# texture to stay.
# mmgentransfer make-biased-set configs/_base_/biased_sets/handbags_color.py writes the manifests.
_base_ = ['./unpaired_folders.py']
_images = dict(type='AttributeImages', data_root='data/handbags', image_size=128)
_tables = 'manifests/handbags_color'
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        domains=dict(A=dict(_images, table=f'{_tables}/trainA.csv'), B=dict(_images, table=f'{_tables}/trainB.csv')),
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
    for name in ['handbags_color', 'handbags_texture']
}
_kinds = ('MisclassificationRate', 'ConfidenceDrop')
val_cfg = dict(type='DomainTranslationLoop', num_samples=10, targets=['B'])
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    extractors=_scored_by,
    metrics=[
        *(
            dict(type=kind, extractor='handbags_texture', attribute='texture', classes=['flat', 'textured'])
            for kind in _kinds
        ),
        dict(type='WantedChangeRate', extractor='handbags_color', classes=['B', 'A']),
        dict(type='LPIPSDiversity', pairing='independent_pairs'),
        dict(type='ReconstructionL1'),
    ],
)
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
