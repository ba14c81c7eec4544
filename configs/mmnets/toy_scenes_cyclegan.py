# CycleGAN on rendered scenes: the depth of one half of them and the labels of the other, unpaired and without colour;
# translators with skip connections, as in thesis table 4.4. A minute on a CPU core.
_base_ = ['../default_runtime.py', '../_base_/datasets/toy_scenes.py', '../_base_/evaluation_scenes_unseen.py']
_stages = dict(stage_channels=(8, 16, 32), stage_blocks=(2, 2, 2), init=dict(type='kaiming'))
_encoder, _decoder = dict(type='SegNetEncoder', **_stages), dict(type='SegNetDecoder', side_info='skip', **_stages)
_critic = dict(type='PatchGANDiscriminator', base_channels=8, num_downs=2, init=dict(type='kaiming'))
model = dict(
    type='CycleGAN',
    data_preprocessor=dict(type='ModalityPreprocessor'),
    modalities=dict(
        depth=dict(type='DepthModality'),
        segmentation=dict(
            type='SegmentationModality', num_classes=5, class_names=['wall', 'floor', 'disc', 'box', 'triangle']
        ),
    ),
    networks=dict(
        generators={
            f'{source}_to_{target}': dict(
                type='EncoderDecoder',
                encoder=dict(in_channels=i, **_encoder),
                decoder=dict(out_channels=o, **_decoder),
            )
            for source, i, target, o in [('depth', 1, 'segmentation', 5), ('segmentation', 5, 'depth', 1)]
        },
        discriminators=dict(depth=dict(in_channels=1, **_critic), segmentation=dict(in_channels=5, **_critic)),
    ),
    losses=dict(
        depth=dict(type='BerhuLoss'),
        segmentation=dict(type='CrossEntropyLoss'),
        adversarial=dict(type='LSGANLoss'),
        cycle=dict(type='ModalitySumLoss', loss_weight=10),
    ),
    moves=[dict(player='critic'), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_dataloader = dict(dataset=dict(sets=dict(_delete_=True, S=['segmentation'], D=['depth'])))
train_cfg = dict(type='GameTrainLoop', max_iters=600, val_interval=150)
default_hooks = dict(checkpoint=dict(interval=300), sample_grid=None)
