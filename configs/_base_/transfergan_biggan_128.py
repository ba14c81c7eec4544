# Fine-tuning BigGAN's ImageNet model as a GAN of one class: its class embedding is one row, which starts as the mean of
# all (the target has no label), or as that of a class. Without a label the critic scores without the projection, as
# MineGAN's. A leaf adds the target set. The thesis gives no number of iterations.
_base_ = ['../default_runtime.py', './models/biggan_128.py', './evaluation_few_shot.py']
_source = dict(type='TransferredWeights', checkpoint='checkpoints/biggan_imagenet_128.pth', strategy='one_class')
model = dict(
    networks=dict(
        generator=dict(num_classes=1, init_cfg=dict(prefix='generator', **_source)),
        critic=dict(num_classes=1, projection=False, init_cfg=dict(prefix='critic', **_source)),
    )
)
train_cfg = dict(type='GameTrainLoop', max_iters=5000, val_interval=500, val_at_start=True)
val_evaluator = dict(
    metrics=[
        dict(type='FID', extractor='inception'),
        dict(type='KMMD', extractor='inception'),
        dict(type='InferenceTime'),
    ]
)
test_evaluator = val_evaluator
