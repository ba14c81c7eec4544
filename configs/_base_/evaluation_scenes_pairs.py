# Every translation between two of colour, depth and labels, for methods that translate one input.
val_cfg = dict(
    type='TranslationLoop',
    tasks=[
        dict(name='D2S', source=['depth'], target='segmentation'),
        dict(name='S2D', source=['segmentation'], target='depth'),
        dict(name='R2S', source=['rgb'], target='segmentation'),
        dict(name='R2D', source=['rgb'], target='depth'),
        dict(name='D2R', source=['depth'], target='rgb'),
        dict(name='S2R', source=['segmentation'], target='rgb'),
    ],
)
val_evaluator = dict(
    type='TranslationEvaluator',
    metrics=[
        dict(type='MIoU', modality='segmentation'),
        dict(type='DepthError', modality='depth'),
        dict(type='MapError', modality='rgb'),
    ],
)
test_cfg = val_cfg
test_evaluator = val_evaluator
