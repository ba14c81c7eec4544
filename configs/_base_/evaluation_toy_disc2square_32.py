# Scores of translations of red discs to blue squares at 32x32, as those of
# ../transferi2i/toy_biggan_shapes-32x32.py: centroids, and two classifiers, of shapes and of colours.
_base_ = ['./evaluation_toy_shapes_16.py']
val_dataloader = dict(dataset=dict(image_size=32))
_hint = 'python tools/train.py trains configs/classifiers/shapes_32.py and colours_32.py'
_judge = dict(classifier=dict(image_size=32), hint=_hint)
val_evaluator = dict(
    extractors=dict(
        shapes=dict(checkpoint='work_dirs/classifiers/shapes_32', **_judge),
        colours=dict(checkpoint='work_dirs/classifiers/colours_32', **_judge),
    )
)
test_dataloader, test_evaluator = val_dataloader, val_evaluator
