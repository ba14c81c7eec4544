# A GAN of ten LSUN classes together, without their labels, from the GAN of Places (thesis Fig. 2.5, left).
# Batches of 64, 25,000 iterations.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/wgan_gp_resnet_64.py',
    '../_base_/datasets/lsun10_64_target.py',
    '../_base_/evaluation_inception.py',
]
_source = 'work_dirs/transfergan/source_places_64'
model = dict(
    networks=dict(
        generator=dict(init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='generator')),
        critic=dict(init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='critic')),
    )
)
train_cfg = dict(type='GameTrainLoop', max_iters=25000, val_interval=2500, val_at=[250], val_at_start=True)
val_cfg = dict(num_images=100000)  # as many as there are real ones; of an AC-GAN 10,000 of each class
test_cfg = val_cfg
default_hooks = dict(sample_grid=dict(num_images=100, batch_statistics=True))
