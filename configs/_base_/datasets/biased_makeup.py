# Biased makeup: women with makeup (A), and no makeup, mostly men (B). The makeup is to change, the identity to stay.
# mmgentransfer make-biased-set configs/_base_/biased_sets/makeup.py writes the manifests.
_base_ = ['./unpaired_folders.py']
_images = dict(type='AttributeImages', data_root='data/makeup', image_size=128)
_tables = 'manifests/makeup'
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
        domains=dict(A=dict(_images, table=f'{_tables}/testA.csv'), B=dict(_images, table=f'{_tables}/testB.csv')),
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
    for name in ['gender']
}
_scored_by['vggface'] = dict(type='VGGFaceFeatures', weights='checkpoints/vgg_face_dag.pth')
# a second network, since a constraint may look through the first one
_scored_by['facenet'] = dict(type='ExportedFeatures', program='checkpoints/facenet.pt2', image_size=160, std=128)
_kinds = ('MisclassificationRate', 'ConfidenceDrop')
val_cfg = dict(type='DomainTranslationLoop', num_samples=10, targets=['A', 'B'])
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    extractors=_scored_by,
    metrics=[
        *(
            dict(type=kind, extractor='gender', attribute='gender', classes=['male', 'female'], by='gender')
            for kind in _kinds
        ),
        *(dict(type='IDDistance', extractor=name, distance='l2', by='gender') for name in ('vggface', 'facenet')),
        dict(type='ForwardClassification', max_per_class=3000),  # whether the wanted change happened
        dict(type='LPIPSDiversity', pairing='independent_pairs'),
        dict(type='ReconstructionL1'),
    ],
)
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
