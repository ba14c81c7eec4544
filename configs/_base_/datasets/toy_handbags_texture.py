# Rendered handbags of 16x16: flat red ones, and striped ones, of which 11 of 12 are black. The wanted change is the
# texture, the bias the colour. Classifiers that no model was trained with say what became of both.
_base_ = ['./unpaired_folders.py']
_bags = dict(
    type='ToyObjects',
    image_size=16,
    shapes=['bag'],
    colours=['red', 'black'],
    textures=['plain', 'stripes'],
    background_range=(0.88, 1.0),
    size=(0.8, 0.95),
)
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        domains=dict(
            flat=dict(_bags, counts={'plain red': 1256}),
            textured=dict(_bags, counts={'stripes black': 1100, 'stripes red': 100}),
        )
    ),
)
val_dataloader = dict(
    batch_size=100,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='UnpairedDomains',
        domains=dict(
            flat=dict(_bags, split='test', counts={'plain red': 100}),
            textured=dict(_bags, split='test', counts={'stripes black': 50, 'stripes red': 50}),
        ),
    ),
)
_net = dict(type='ReducedSemanticExtractor', backbone=dict(type='SmallConvBackbone'), num_classes=2, image_size=16)
_hint = 'mmgentransfer sweep configs/udit/toy_handbags_texture_table.py trains it'
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    extractors={
        name: dict(type='ClassifierFeatures', classifier=_net, checkpoint=f'work_dirs/udit/metric_{name}', hint=_hint)
        for name in ('colour', 'texture')
    },
    metrics=[
        dict(type='MisclassificationRate', extractor='colour', attribute='colour', classes=['red', 'black']),
        dict(type='ConfidenceDrop', extractor='colour', attribute='colour', classes=['red', 'black']),
        dict(type='WantedChangeRate', extractor='texture', classes=['flat', 'textured']),
        dict(type='LPIPSDiversity', distance='pixel'),
        dict(type='ReconstructionL1'),
    ],
)
val_cfg = dict(type='DomainTranslationLoop', targets=['textured'], num_samples=10)
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
