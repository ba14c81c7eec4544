# Fine-tuning SNGAN's conditional ImageNet model at 128 px, without classes: its norms are averaged over them, and its
# critic scores without the projection. A leaf adds the target set. The thesis gives no number of iterations.
_base_ = ['../default_runtime.py', './models/sngan_128.py', './evaluation_few_shot.py']
_source = dict(type='TransferredWeights', checkpoint='checkpoints/sngan_imagenet_128.pth')
model = dict(
    networks=dict(
        generator=dict(init_cfg=dict(prefix='generator', strategy='cond_to_uncond', **_source)),
        critic=dict(init_cfg=dict(prefix='critic', strategy='cond_to_uncond', **_source)),
    )
)
train_cfg = dict(type='GameTrainLoop', max_iters=5000, val_interval=1000, val_at_start=True, repeat_images=True)
val_evaluator = dict(
    metrics=[
        dict(type='FID', extractor='inception'),
        dict(type='KMMD', extractor='inception'),
        dict(type='MeanVariance'),
    ]
)
test_evaluator = val_evaluator
custom_hooks = [dict(type='NearestGridHook', num_samples=1000)]
