# Between the handwritten digits 5 to 9 at 32x32, 100 of each, from a GAN of 0 to 4: train toy_source_digits-32x32.py
# first, and for the scores ../classifiers/digits_32.py.
_base_ = ['./toy_biggan_shapes-32x32.py']
_digits = dict(type='Digits', image_size=32, classes=[5, 6, 7, 8, 9], labelled=True, relabel=True)
_shape = dict(num_classes=5, init_cfg=dict(checkpoint='work_dirs/transferi2i/toy_source_digits-32x32'))
model = dict(
    domains=['5', '6', '7', '8', '9'],
    networks=dict(generator=dict(out_channels=1, **_shape), discriminator=dict(in_channels=1, **_shape)),
)
train_dataloader = dict(
    dataset=dict(_delete_=True, type='WithSources', dataset=dict(split='train', num_per_class=100, **_digits))
)
val_dataloader = dict(dataset=dict(_delete_=True, split='test', num_per_class=100, **_digits))
_classifier = dict(type='DigitClassifier', image_size=32)
_judge = dict(
    type='ClassifierFeatures',
    classifier=dict(_classifier, num_classes=5),
    checkpoint='work_dirs/classifiers/digits_32',
    hint='train it with: python tools/train.py configs/classifiers/digits_32.py',
)
val_evaluator = dict(
    extractors=dict(_delete_=True, digits=_judge),
    metrics=[
        dict(type='SlantCorrelation'),
        dict(type='ForwardClassification', extractor='digits'),
        dict(type='ReverseClassification', classifier=_classifier, lr=2e-3, iters=300),
        dict(type='FID', extractor='digits'),
        dict(type='KID', extractor='digits', subset_size=100),
    ],
)
val_cfg = dict(targets=None, num_inputs=100)
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
