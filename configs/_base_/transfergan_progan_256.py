# Fine-tuning one of ProGAN's LSUN models at 256 px. A leaf adds the target set, and another source where it has one.
# The thesis gives no number of iterations.
_base_ = ['../default_runtime.py', './models/progan.py', './evaluation_few_shot.py']
_source = dict(type='TransferredWeights', checkpoint='checkpoints/progan_lsun_car_256.pth')
model = dict(
    networks=dict(
        generator=dict(image_size=256, init_cfg=dict(prefix='generator', **_source)),
        critic=dict(image_size=256, init_cfg=dict(prefix='critic', **_source)),
    )
)
custom_hooks = [dict(type='EMAHook', networks=['generator'], momentum=0.999)]
train_cfg = dict(type='GameTrainLoop', max_iters=20000, val_interval=5000, val_at_start=True)
