# A ProGAN source at 256 px from scratch, on LSUN cars; the other categories with --cfg-options
# train_dataloader.dataset.data_root=FOLDER val_dataloader.dataset.data_root=FOLDER. It does not grow: where the
# published models can be had, they are better sources. Batches of 16, 500,000 iterations, both ours.
_base_ = '../_base_/transfergan_progan_256.py'
model = dict(networks=dict(generator=dict(init_cfg=None), critic=dict(init_cfg=None)))
_cars = dict(type='ImageFolder', data_root='data/lsun/car_train', image_size=256, cache='none', check='none')
train_dataloader = dict(
    batch_size=16,
    num_workers=8,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=_cars,
)
val_dataloader = dict(
    batch_size=50,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(num_images=50000, **_cars),
)
test_dataloader = val_dataloader
train_cfg = dict(max_iters=500000, val_interval=25000, val_at_start=False)
