# CycleGAN on SUN RGB-D: depth of one half of the images and labels of the other, unpaired and without colour; SegNets
# with skip connections (thesis tables 4.6 and 4.7).
_base_ = [
    '../default_runtime.py',
    '../_base_/models/modalities_scenes.py',
    '../_base_/datasets/sunrgbd.py',
    '../_base_/evaluation_scenes_unseen.py',
]
_decoder = dict(type='SegNetDecoder', side_info='skip')
model = dict(
    type='CycleGAN',
    modalities=dict(
        _delete_=True,
        depth={{_base_.model.modalities.depth}},
        segmentation={{_base_.model.modalities.segmentation}},
    ),
    networks=dict(
        generators={
            f'{source}_to_{target}': dict(
                type='EncoderDecoder',
                encoder=dict(type='SegNetEncoder', in_channels=i),
                decoder=dict(out_channels=o, **_decoder),
            )
            for source, i, target, o in [('depth', 1, 'segmentation', 14), ('segmentation', 14, 'depth', 1)]
        },
        discriminators=dict(
            depth=dict(type='PatchGANDiscriminator', in_channels=1),
            segmentation=dict(type='PatchGANDiscriminator', in_channels=14),
        ),
    ),
    losses=dict(
        depth=dict(type='BerhuLoss'),
        segmentation=dict(type='CrossEntropyLoss'),
        adversarial=dict(type='LSGANLoss'),
        cycle=dict(type='ModalitySumLoss', loss_weight=10),
    ),
    moves=[dict(player='critic'), dict(player='generator')],
)
train_dataloader = dict(dataset=dict(sets=dict(_delete_=True, RS=['segmentation'], RD=['depth'])))
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=400_000, val_interval=50_000)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
