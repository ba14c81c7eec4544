# FID and KID of 100 translations to each class, from test images of the others, against the class's real test images.
# The scores without a class in their names are the means over classes, mFID and mKID (x100); the numbers of images on
# both sides are beside each class's scores. With few real images FID is biased upwards: compare equal numbers only.
val_cfg = dict(type='DomainTranslationLoop', num_samples=1, num_inputs=100)
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    extractors=dict(inception=dict(type='InceptionFeatures')),
    metrics=[
        dict(type='FID', extractor='inception'),
        dict(type='KID', extractor='inception', subsets=50, scale=100),
    ],
)
