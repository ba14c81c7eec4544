# Between the handwritten digits 5 to 9 at 32x32, 100 of each, from a GAN of 0 to 4: train toy_source_digits-32x32.py
# first.
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
val_dataloader = dict(dataset=dict(_delete_=True, split='test', num_per_class=20, **_digits))
_classifier = dict(classifier=dict(type='DigitClassifier', image_size=32, in_channels=1, width=8), lr=2e-3, iters=300)
val_evaluator = dict(
    metrics=[dict(type='ForwardClassification', **_classifier), dict(type='ReverseClassification', **_classifier)]
)
val_cfg = dict(targets=None)
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
