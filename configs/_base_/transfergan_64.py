# Fine-tuning at 64 px (thesis section 2.3.4): both networks start from one source GAN. A leaf adds the target set.
_base_ = ['../default_runtime.py', './models/wgan_gp_resnet_64.py', './evaluation_inception_iw_64.py']
_source = 'work_dirs/transfergan/source_imagenet_64'
model = dict(
    networks=dict(
        generator=dict(init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='generator')),
        critic=dict(init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='critic')),
    )
)
train_cfg = dict(type='GameTrainLoop', max_iters=40000, val_interval=1000, val_at_start=True)
default_hooks = dict(sample_grid=dict(num_images=100, batch_statistics=True))
