# Scores of a GAN of one digit (dim 256 features and decisions of the classifier of configs/classifiers/digits_28.py).
val_cfg = dict(type='GenerationLoop', num_images=1000)
val_evaluator = dict(
    type='GenerationEvaluator',
    extractors=dict(
        digits=dict(
            type='ClassifierFeatures',
            classifier=dict(type='DigitClassifier', image_size=28),
            checkpoint='work_dirs/classifiers/digits_28',
            hint='train it with: python tools/train.py configs/classifiers/digits_28.py',
        )
    ),
    metrics=[
        dict(type='FID', extractor='digits'),
        dict(type='KMMD', extractor='digits'),
        dict(type='MeanVariance'),
        dict(type='ClassifierError', extractor='digits', target=9),
        dict(type='NearestTrainingImage'),
    ],
)
test_cfg = val_cfg
test_evaluator = val_evaluator
