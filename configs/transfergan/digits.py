# TransferGAN on the digits: a source GAN of the other nine digits, fine-tuned on 100 images of the left-out one.
# Train the source first: python tools/train.py configs/transfergan/digits_source.py
#   --cfg-options train_dataloader.dataset.exclude=[9] --work-dir work_dirs/transfergan/digits_source_no9
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/digits_28_target.py',
    '../_base_/models/wgan_gp_28.py',
    '../_base_/evaluation_digits_target.py',
]
_source = 'work_dirs/transfergan/digits_source_no9'
model = dict(
    networks=dict(
        generator=dict(init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='generator')),
        critic=dict(init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='critic')),
    )
)
train_cfg = dict(type='GameTrainLoop', max_iters=400, val_interval=100, val_at_start=True, repeat_images=True)
default_hooks = dict(checkpoint=dict(interval=200))
