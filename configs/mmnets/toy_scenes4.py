# Four modalities: colour with labels (RS), and colour with depth and near-infrared (RDN), as in thesis fig. 4.17. Depth
# and near-infrared to labels never met.
_base_ = ['toy_scenes.py']
_sets = dict(RS=['rgb', 'segmentation'], RDN=['rgb', 'depth', 'nir'])
_stages = dict(stage_channels=(8, 16, 32), stage_blocks=(2, 2, 2), init=dict(type='kaiming'))
model = dict(
    modalities=dict(nir=dict(type='MapModality')),
    graph=dict(sets=dict(_delete_=True, **_sets)),
    networks=dict(
        encoders=dict(nir=dict(type='SegNetEncoder', in_channels=1, **_stages)),
        decoders=dict(nir=dict(type='SegNetDecoder', out_channels=1, **_stages)),
    ),
    losses=dict(nir=dict(type='BerhuLoss', loss_weight=10)),
)
_modalities = dict(modalities=['rgb', 'depth', 'segmentation', 'nir'])
train_dataloader = dict(dataset=dict(dataset=_modalities, sets=dict(_delete_=True, **_sets)))
val_dataloader = dict(dataset=_modalities)
test_dataloader = val_dataloader
val_cfg = dict(
    tasks=[
        dict(name='D2S', source=['depth'], target='segmentation'),
        dict(name='N2S', source=['nir'], target='segmentation'),
        dict(name='R2S', source=['rgb'], target='segmentation'),
        dict(name='RD2S', source=['rgb', 'depth'], target='segmentation'),
        dict(name='RN2S', source=['rgb', 'nir'], target='segmentation'),
        dict(name='RDN2S', source=['rgb', 'depth', 'nir'], target='segmentation'),
        dict(name='S2D', source=['segmentation'], target='depth'),
        dict(name='S2N', source=['segmentation'], target='nir'),
    ]
)
test_cfg = val_cfg
val_evaluator = dict(
    metrics=[
        dict(type='MIoU', modality='segmentation'),
        dict(type='DepthError', modality='depth'),
        dict(type='MapError', modality='nir'),
        dict(type='AlignmentFactor'),
    ]
)
test_evaluator = val_evaluator
