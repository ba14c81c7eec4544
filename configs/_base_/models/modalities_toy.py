# The modalities of rendered scenes.
model = dict(
    data_preprocessor=dict(type='ModalityPreprocessor'),
    modalities=dict(
        rgb=dict(type='ImageModality'),
        depth=dict(type='DepthModality'),
        segmentation=dict(
            type='SegmentationModality', num_classes=5, class_names=['wall', 'floor', 'disc', 'box', 'triangle']
        ),
    ),
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
