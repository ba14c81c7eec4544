# Colour, 8-bit maps of depth and near-infrared, and five classes, as Freiburg Forest has them; samples are flipped and
# cropped while training.
model = dict(
    data_preprocessor=dict(type='ModalityPreprocessor', flip=0.5, crop_size=256),
    modalities=dict(
        rgb=dict(type='ImageModality'),
        depth=dict(type='MapModality'),
        nir=dict(type='MapModality'),
        segmentation=dict(
            type='SegmentationModality',
            num_classes=5,
            class_names=['sky', 'trail', 'grass', 'vegetation', 'obstacle'],
            palette=[(0, 120, 255), (170, 170, 170), (0, 255, 0), (102, 102, 51), (0, 0, 0)],
        ),
    ),
)
