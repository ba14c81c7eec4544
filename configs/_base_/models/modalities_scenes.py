# Colour, depth in metres and 13 + 1 classes of indoor scenes, as SUN RGB-D and SceneNet have them; samples are flipped
# and scaled while training.
_classes = dict(
    unknown=(0, 0, 0),
    bed=(0, 0, 255),
    books=(233, 89, 48),
    ceiling=(0, 218, 0),
    chair=(149, 0, 240),
    floor=(222, 241, 24),
    furniture=(255, 206, 206),
    objects=(0, 224, 229),
    picture=(106, 136, 204),
    sofa=(117, 29, 41),
    table=(240, 35, 235),
    tv=(0, 167, 156),
    wall=(249, 139, 0),
    window=(225, 229, 194),
)
model = dict(
    data_preprocessor=dict(type='ModalityPreprocessor', flip=0.5, scale=(0.9, 1.1)),
    modalities=dict(
        rgb=dict(type='ImageModality'),
        depth=dict(type='DepthModality'),
        segmentation=dict(
            type='SegmentationModality',
            num_classes=14,
            void=0,  # trained as a class, but not scored
            class_names=list(_classes),
            palette=list(_classes.values()),
        ),
    ),
)
