# Scores of a GAN of one MNIST digit: 10,000 images as in the authors' script. The published FIDs are on an Inception
# network; the digit classifier's features and decisions are those of configs/classifiers/digits_28.py.
val_cfg = dict(type='GenerationLoop', num_images=10000)
val_evaluator = dict(
    type='GenerationEvaluator',
    extractors=dict(
        inception=dict(type='InceptionFeatures'),
        digits=dict(
            type='ClassifierFeatures',
            classifier=dict(type='DigitClassifier', image_size=28),
            checkpoint='work_dirs/classifiers/digits_28',
            hint='train it with: python tools/train.py configs/classifiers/digits_28.py',
        ),
    ),
    metrics=[
        dict(type='FID', extractor='inception'),
        dict(type='FID', extractor='digits'),
        dict(type='ClassifierError', extractor='digits', target=9),
    ],
)
test_cfg = val_cfg
test_evaluator = val_evaluator
