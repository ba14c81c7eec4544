# Every way to the labels of Freiburg Forest: translations, fusion, and cascades through colour.
val_cfg = dict(
    type='TranslationLoop',
    tasks=[
        dict(name='D2S', source=['depth'], target='segmentation'),
        dict(name='N2S', source=['nir'], target='segmentation'),
        dict(name='R2S', source=['rgb'], target='segmentation'),
        dict(name='RD2S', source=['rgb', 'depth'], target='segmentation'),
        dict(name='RN2S', source=['rgb', 'nir'], target='segmentation'),
        dict(name='RDN2S', source=['rgb', 'depth', 'nir'], target='segmentation'),
        dict(name='D2R2S', source=['depth'], target='segmentation', via=['rgb']),
        dict(name='N2R2S', source=['nir'], target='segmentation', via=['rgb']),
    ],
)
val_evaluator = dict(
    type='TranslationEvaluator',
    metrics=[dict(type='MIoU', modality='segmentation'), dict(type='AlignmentFactor')],
)
test_cfg = val_cfg
test_evaluator = val_evaluator
