# Depth to labels and back, for methods without a common latent space.
val_cfg = dict(
    type='TranslationLoop',
    tasks=[
        dict(name='D2S', source=['depth'], target='segmentation'),
        dict(name='S2D', source=['segmentation'], target='depth'),
    ],
)
val_evaluator = dict(
    type='TranslationEvaluator',
    metrics=[dict(type='MIoU', modality='segmentation'), dict(type='DepthError', modality='depth')],
)
test_cfg = val_cfg
test_evaluator = val_evaluator
