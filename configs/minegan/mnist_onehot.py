# MineGAN on MNIST from a conditional GAN, seen as ten generators with shared weights, to 1,000 images of a 9,
# on-manifold (thesis section A.2.2). 10,000 iterations of mining (100,000 off-manifold) and no fine-tuning, as in the
# authors' code. The critic starts at random: the source's takes one-hot planes beside the image.
_base_ = './mnist_uncond.py'
_source = 'work_dirs/minegan/source_mnist_onehot'
model = dict(
    networks=dict(
        generators=dict(
            _delete_=True,
            type='OneHotGeneratorFamily',
            generator=dict(
                type='WGANGPGenerator28',
                noise_size=128,
                dim=64,
                num_classes=10,
                init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='generator'),
            ),
        ),
        miners=[dict(type='MLPMiner', dims=[128, 128, 128]) for _class in range(10)],
        critic=dict(init_cfg=None),
    ),
    selector=dict(type='FrequencySelector', window=1000),
    stages=[dict(name='mine', iters=10000, train=['miners', 'critic'])],
)
train_cfg = dict(max_iters=10000)
val_evaluator = dict(
    metrics=[
        dict(type='FID', extractor='inception'),
        dict(type='FID', extractor='digits'),
        dict(type='ClassifierError', extractor='digits', target=9),
        dict(type='SelectorDistribution'),
    ]
)
test_evaluator = val_evaluator
