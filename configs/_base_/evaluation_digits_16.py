# As evaluation_digits.py, with the classifier of digits at 16x16.
_base_ = ['evaluation_digits.py']
val_evaluator = dict(
    extractors=dict(
        digits=dict(
            classifier=dict(image_size=16),
            checkpoint='work_dirs/classifiers/digits_16',
            hint='train it with: python tools/train.py configs/classifiers/digits_16.py',
        )
    )
)
test_evaluator = val_evaluator
