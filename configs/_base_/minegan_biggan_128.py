# MineGAN on BigGAN's ImageNet model: two miners on the same noise, one for z and one in place of the class embedding
# (thesis section A.2.1), and a critic that ignores the label. A leaf adds the target set. 300 iterations of mining are
# the authors' code's; the thesis gives no number of iterations.
_base_ = ['../default_runtime.py', './models/biggan_128.py', './evaluation_few_shot.py']
_source = dict(type='TransferredWeights', checkpoint='checkpoints/biggan_imagenet_128.pth')
model = dict(
    type='MineGAN',
    networks=dict(
        _delete_=True,
        generators=[dict(init_cfg=dict(prefix='generator', **_source), **_base_.model.networks.generator)],
        miners=[
            dict(
                type='ConditionalMiner',
                miner_z=dict(type='MLPMiner', dims=[128, 128, 128, 128, 120]),
                miner_c=dict(type='MLPMiner', dims=[128, 128, 128, 128, 128]),
            )
        ],
        critic=dict(projection=False, init_cfg=dict(prefix='critic', **_source), **_base_.model.networks.critic),
    ),
    stages=[dict(name='mine', iters=300, train=['miners', 'critic']), dict(name='finetune', iters=4700)],
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
