# Every way to RGB from opponent colours.
val_cfg = dict(
    type='TranslationLoop',
    tasks=[
        dict(name='1to3', source=['theta1'], target='theta3'),
        dict(name='2to3', source=['theta2'], target='theta3'),
        dict(name='12to3', source=['theta1', 'theta2'], target='theta3'),
        dict(name='2to1to3', source=['theta2'], target='theta3', via=['theta1']),
    ],
)
val_evaluator = dict(
    type='TranslationEvaluator', metrics=[dict(type='MapError', modality='theta3'), dict(type='AlignmentFactor')]
)
test_cfg = val_cfg
test_evaluator = val_evaluator
