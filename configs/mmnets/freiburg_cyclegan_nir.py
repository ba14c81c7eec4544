# As freiburg_cyclegan.py, with near-infrared in place of depth.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/modalities_forest.py',
    '../_base_/datasets/freiburg_forest.py',
    '../_base_/evaluation_forest_unseen.py',
]
_ways = [('nir', 1, 'segmentation', 5), ('segmentation', 5, 'nir', 1)]
model = dict(
    type='CycleGAN',
    modalities=dict(
        _delete_=True,
        nir={{_base_.model.modalities.nir}},
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
        nir=dict(type='BerhuLoss'),
        segmentation=dict(type='CrossEntropyLoss'),
        adversarial=dict(type='LSGANLoss'),
        cycle=dict(type='ModalitySumLoss', loss_weight=10),
    ),
    moves=[dict(player='critic'), dict(player='generator')],
)
train_dataloader = dict(dataset=dict(sets=dict(_delete_=True, RS=['segmentation'], RDN=['nir'])))
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=400_000, val_interval=50_000)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
val_cfg = dict(tasks=[dict(name='N2S', source=['nir'], target='segmentation')])
test_cfg = val_cfg
