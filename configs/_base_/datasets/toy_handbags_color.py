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
val_evaluator = dict(
    metrics=[
        dict(type='MisclassificationRate', extractor='texture', attribute='texture', classes=['plain', 'stripes']),
        dict(type='ConfidenceDrop', extractor='texture', attribute='texture', classes=['plain', 'stripes']),
        dict(type='WantedChangeRate', extractor='colour', classes=['red', 'black']),
        dict(type='LPIPSDiversity', distance='pixel'),
        dict(type='ReconstructionL1'),
    ]
)
val_cfg = dict(targets=['red'])
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
