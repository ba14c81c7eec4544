# FID and the classifier's decisions on digits at 8x8.
val_cfg = dict(type='GenerationLoop', num_images=1000)
val_evaluator = dict(
    type='GenerationEvaluator',
    extractors=dict(
        digits=dict(
            type='ClassifierFeatures',
            classifier=dict(type='DigitClassifier', image_size=8),
            checkpoint='work_dirs/classifiers/digits_8',
            hint='train it with: python tools/train.py configs/classifiers/digits_8.py',
        )
    ),
    metrics=[dict(type='FID', extractor='digits'), dict(type='MeanVariance')],
)
test_cfg = val_cfg
test_evaluator = val_evaluator
