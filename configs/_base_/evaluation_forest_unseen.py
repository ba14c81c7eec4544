# Depth and near-infrared to labels, for methods that translate one input.
val_cfg = dict(
    type='TranslationLoop',
    tasks=[
        dict(name='D2S', source=['depth'], target='segmentation'),
        dict(name='N2S', source=['nir'], target='segmentation'),
    ],
)
val_evaluator = dict(type='TranslationEvaluator', metrics=[dict(type='MIoU', modality='segmentation')])
test_cfg = val_cfg
test_evaluator = val_evaluator
