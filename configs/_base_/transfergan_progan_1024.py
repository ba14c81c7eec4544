# Fine-tuning ProGAN's CelebA-HQ model at 1024 px. A leaf adds the target set. The thesis gives no number of iterations.
_base_ = ['../default_runtime.py', './models/progan.py', './evaluation_few_shot.py']
_source = dict(type='TransferredWeights', checkpoint='checkpoints/progan_celebahq_1024.pth')
model = dict(
    networks=dict(
        generator=dict(init_cfg=dict(prefix='generator', **_source)),
        critic=dict(init_cfg=dict(prefix='critic', **_source)),
    )
)
custom_hooks = [dict(type='EMAHook', networks=['generator'], momentum=0.999)]
train_cfg = dict(type='GameTrainLoop', max_iters=20000, val_interval=5000, val_at_start=True)
val_cfg = dict(batch_size=10)
test_cfg = val_cfg
default_hooks = dict(sample_grid=dict(num_images=20))
