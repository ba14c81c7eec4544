# TransferGAN on rendered shapes: the GAN of discs and squares, fine-tuned on 100 triangles.
# Train the source first: python tools/train.py configs/transfergan/shapes_source.py
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/shapes_28.py',
    '../_base_/models/wgan_gp_28.py',
    '../_base_/evaluation_digits.py',
]
_source = 'work_dirs/transfergan/shapes_source'
model = dict(
    networks=dict(
        generator=dict(init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='generator')),
        critic=dict(init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='critic')),
    )
)
train_dataloader = dict(dataset=dict(shapes=['triangle'], num_images=100))
val_dataloader = dict(dataset=dict(shapes=['triangle'], num_images=400))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=400, val_interval=100, val_at_start=True)
default_hooks = dict(checkpoint=dict(interval=200))
