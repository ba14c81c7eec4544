# The colour of rendered handbags of 16x16, at D = 8: what a UDIT that changes their texture keeps. Seconds.
_base_ = ['../_base_/models/semantic_extractor.py']
model = dict(
    data_preprocessor=dict(flip=0.0),
    networks=dict(classifier=dict(backbone=dict(_delete_=True, type='SmallConvBackbone'), reduce_dim=8, image_size=16)),
)
optim_wrapper = dict(classifier=dict(optimizer=dict(lr=2e-3), paramwise_cfg=None))
_bags = dict(
    type='ToyObjects',
    image_size=16,
    shapes=['bag'],
    colours=['red', 'black'],
    textures=['plain', 'stripes'],
    background_range=(0.88, 1.0),
    size=(0.8, 0.95),
    labelled='colour',
)
_each = [f'{texture} {colour}' for texture in ('plain', 'stripes') for colour in ('red', 'black')]
_loader = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(batch_size=50, dataset=dict(_bags, seed=1, counts=dict.fromkeys(_each, 250)), **_loader)
val_dataloader = dict(dataset=dict(_bags, split='test', seed=1, counts=dict.fromkeys(_each, 100)), **_loader)
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=200, val_interval=200)
# scored once, at its end: the latest checkpoint is the best
default_hooks = dict(checkpoint=dict(_delete_=True, type='AtomicCheckpointHook', interval=200, max_keep_ckpts=2))
