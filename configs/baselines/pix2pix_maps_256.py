# pix2pix from aerial photographs to maps at 256x256: L1 100 and a conditional critic of 70x70 patches; 200 epochs of
# 1,096 pairs, the learning rate falling to 0 over the second half. Data: data/maps/{photo,map}/{train,val}/<name>.jpg
_base_ = ['../default_runtime.py']
_iters = 200 * 1096
_names = ['photo', 'map']
model = dict(
    type='Pix2Pix',
    data_preprocessor=dict(type='ModalityPreprocessor', flip=0.5, crop_size=256),
    batch_statistics=True,
    modalities={name: dict(type='ImageModality') for name in _names},
    networks=dict(
        generators=dict(photo_to_map=dict(type='UNetGenerator')),
        discriminators=dict(photo_to_map=dict(type='PatchGANDiscriminator', in_channels=6, norm_cfg=dict(type='BN'))),
    ),
    losses=dict(
        **{name: dict(type='PixelLoss', mode='l1', loss_weight=100) for name in _names},
        adversarial=dict(type='LogisticLoss'),
    ),
    moves=[dict(player='critic'), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
_data = dict(
    type='AlignedModalities',
    data_root='data/maps',
    modalities={name: dict(type='ImageReader') for name in _names},
)
_loader = dict(num_workers=2, persistent_workers=True, collate_fn=dict(type='stack_batch'))
train_dataloader = dict(
    batch_size=1,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(split='train', image_size=286, **_data),
    **_loader,
)
train_cfg = dict(type='GameTrainLoop', max_iters=_iters, val_interval=20_000)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=_iters // 2, end=_iters, by_epoch=False)]
param_scheduler = dict(critic=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=None)
val_dataloader = dict(
    batch_size=1,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(split='val', image_size=256, **_data),
    **_loader,
)
val_cfg = dict(type='TranslationLoop', tasks=[dict(name='photo_to_map', source=['photo'], target='map')])
val_evaluator = dict(type='TranslationEvaluator', metrics=[dict(type='MapError', modality='map')])
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
