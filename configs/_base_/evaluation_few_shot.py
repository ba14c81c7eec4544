# FID and KMMD of 5,000 generated images on Inception's features (thesis section 3.4), with running statistics: an
# image must not depend on its batch.
val_cfg = dict(type='GenerationLoop', num_images=5000, batch_size=50)
val_evaluator = dict(
    type='GenerationEvaluator',
    extractors=dict(inception=dict(type='InceptionFeatures')),
    metrics=[dict(type='FID', extractor='inception'), dict(type='KMMD', extractor='inception')],
)
test_cfg = val_cfg
test_evaluator = val_evaluator
