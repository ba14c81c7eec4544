# CycleGAN on Freiburg Forest: depth of one half of the images and labels of the other, unpaired and without colour;
# SegNets with skip connections (thesis table 4.8). freiburg_cyclegan_nir.py has near-infrared in place of depth.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/modalities_forest.py',
    '../_base_/datasets/freiburg_forest.py',
    '../_base_/evaluation_forest_unseen.py',
]
_ways = [('depth', 1, 'segmentation', 5), ('segmentation', 5, 'depth', 1)]
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
                decoder=dict(type='SegNetDecoder', side_info='skip', out_channels=o),
            )
            for source, i, target, o in _ways
        },
        discriminators={name: dict(type='PatchGANDiscriminator', in_channels=i) for name, i, _, _ in _ways},
    ),
    losses=dict(
        depth=dict(type='BerhuLoss'),
        segmentation=dict(type='CrossEntropyLoss'),
        adversarial=dict(type='LSGANLoss'),
        cycle=dict(type='ModalitySumLoss', loss_weight=10),
    ),
    moves=[dict(player='critic'), dict(player='generator')],
)
train_dataloader = dict(dataset=dict(sets=dict(_delete_=True, RS=['segmentation'], RDN=['depth'])))
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=400_000, val_interval=50_000)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
val_cfg = dict(tasks=[dict(name='D2S', source=['depth'], target='segmentation')])
test_cfg = val_cfg
