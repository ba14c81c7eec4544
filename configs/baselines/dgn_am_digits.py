# DGN-AM on the digits: 200 steps up the logit of a 3, through the source GAN of all ten digits. Nothing is trained: a
# run of 0 iterations scores the method, on fewer images than usual, since each takes 200 passes of both networks.
# Train both first: python tools/train.py configs/classifiers/digits_28.py
#   and python tools/train.py configs/transfergan/digits_source.py
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/digits_28_target.py',
    '../_base_/evaluation_digits_target.py',
]
_weights = dict(type='TransferredWeights')
_generator = dict(checkpoint='work_dirs/transfergan/digits_source', prefix='generator', **_weights)
_classifier = dict(checkpoint='work_dirs/classifiers/digits_28', prefix='classifier', **_weights)
model = dict(
    type='DGNAM',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
    networks=dict(
        generator=dict(type='WGANGPGenerator28', noise_size=128, dim=16, init_cfg=_generator),
        classifier=dict(type='DigitClassifier', image_size=28, init_cfg=_classifier),
    ),
    target=3,
    step_size=0.05,
    decay=0.002,
)
optim_wrapper = dict(constructor='PlayerOptimWrappers')
train_dataloader = dict(dataset=dict(classes=[3]))
val_dataloader = dict(dataset=dict(classes=[3]))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=0)
val_cfg = dict(num_images=200)
test_cfg = val_cfg
val_evaluator = dict(
    metrics=[
        dict(type='FID', extractor='digits'),
        dict(type='KMMD', extractor='digits'),
        dict(type='MeanVariance'),
        dict(type='ClassifierError', extractor='digits', target=3),
        dict(type='InferenceTime', warmups=2, repeats=10),
    ]
)
test_evaluator = val_evaluator
default_hooks = dict(sample_grid=dict(num=None, interval=1, num_images=20))
