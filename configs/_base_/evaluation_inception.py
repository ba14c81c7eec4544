# The published FID: 50,000 generated images, drawn in batches of 100 with the statistics of the batch.
val_cfg = dict(type='GenerationLoop', num_images=50000, batch_size=100, batch_statistics=True)
val_evaluator = dict(
    type='GenerationEvaluator',
    extractors=dict(inception=dict(type='InceptionFeatures')),
    metrics=[dict(type='FID', extractor='inception')],
)
test_cfg = val_cfg
test_evaluator = val_evaluator
