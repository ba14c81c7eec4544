# As toy_handbags_texture.py, with the colour as the wanted change: flat black bags, and red ones, most of them striped.
_base_ = ['./toy_handbags_texture.py']
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
    dataset=dict(
        domains=dict(
            _delete_=True,
            black=dict(_bags, counts={'plain black': 755}),
            red=dict(_bags, counts={'stripes red': 1000, 'plain red': 100}),
        )
    )
)
val_dataloader = dict(
    dataset=dict(
        domains=dict(
            _delete_=True,
            black=dict(_bags, split='test', counts={'plain black': 100}),
            red=dict(_bags, split='test', counts={'stripes red': 50, 'plain red': 50}),
        )
    )
)
_texture = ['plain', 'stripes']
# what a judge says that was trained without noise, and that faint artefacts of a translator mislead
val_evaluator = dict(
    extractors=dict(
        texture_clean=dict(
            type='ClassifierFeatures',
            classifier=dict(
                type='ReducedSemanticExtractor', num_classes=2, image_size=16, backbone=dict(type='SmallConvBackbone')
            ),
            checkpoint='work_dirs/udit/metric_texture_clean',
            hint='mmgentransfer sweep configs/udit/toy_handbags_color_dims.py trains it',
        )
    ),
    metrics=[
        dict(type='MisclassificationRate', extractor='texture_clean', attribute='texture', classes=_texture),
        dict(type='MisclassificationRate', extractor='texture', attribute='texture', classes=_texture),
        dict(type='ConfidenceDrop', extractor='texture', attribute='texture', classes=_texture),
        dict(type='WantedChangeRate', extractor='colour', classes=['red', 'black']),
        dict(type='LPIPSDiversity', distance='pixel'),
        dict(type='ReconstructionL1'),
    ],
)
val_cfg = dict(targets=['red'])
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
