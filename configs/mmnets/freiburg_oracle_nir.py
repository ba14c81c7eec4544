# As freiburg_oracle.py, with near-infrared in place of depth.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/modalities_forest.py',
    '../_base_/datasets/freiburg_forest.py',
    '../_base_/evaluation_forest_unseen.py',
]
_both = ['nir', 'segmentation']
model = dict(
    type='MixAndMatchNets',
    modalities=dict(
        _delete_=True,
        nir={{_base_.model.modalities.nir}},
        segmentation={{_base_.model.modalities.segmentation}},
    ),
    graph=dict(sets=dict(NS=_both)),
    networks=dict(
        encoders={m: dict(type='SegNetEncoder', in_channels=c) for m, c in zip(_both, (1, 5))},
        decoders={m: dict(type='SegNetDecoder', out_channels=c) for m, c in zip(_both, (1, 5))},
        discriminators={},
    ),
    losses=dict(
        segmentation=dict(type='CrossEntropyLoss', loss_weight=100), nir=dict(type='BerhuLoss', loss_weight=10)
    ),
    moves=[dict(player='generator')],
)
train_dataloader = dict(dataset=dict(sets=dict(_delete_=True, NS=_both), split_file=None))
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=400_000, val_interval=50_000)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
val_cfg = dict(tasks=[dict(name='N2S', source=['nir'], target='segmentation')])
test_cfg = val_cfg
