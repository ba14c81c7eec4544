# Scores of translations of the digits 5, 7, 8 and 9 to 6, as those of the target 6 of
# ../transferi2i/toy_biggan_mnist-32x32.py. The judge's second class is 6, as the second domain is.
_test = dict(type='Digits', image_size=32, split='test', num_per_class=100)
val_dataloader = dict(
    batch_size=50,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='UnpairedDomains',
        domains={'others': dict(classes=[5, 7, 8, 9], **_test), '6': dict(classes=[6], **_test)},
    ),
)
val_cfg = dict(type='DomainTranslationLoop', num_samples=1, num_inputs=100, targets=['6'])
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    extractors=dict(
        digits=dict(
            type='ClassifierFeatures',
            classifier=dict(type='DigitClassifier', image_size=32, num_classes=5),
            checkpoint='work_dirs/classifiers/digits_32',
            hint='train it with: python tools/train.py configs/classifiers/digits_32.py',
        )
    ),
    metrics=[
        dict(type='SlantCorrelation'),
        dict(type='ForwardClassification', extractor='digits'),
        dict(type='FID', extractor='digits'),
        dict(type='KID', extractor='digits', subset_size=100),
    ],
)
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
