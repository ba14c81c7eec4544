# MineGAN from two sources: a GAN of the digits 0 and 1 and one of 6 and 7 are mined together for 200 images
# of 1s and 7s.
# Train the sources first: python tools/train.py configs/transfergan/digits_source.py --cfg-options
#   train_dataloader.dataset.classes=[0,1] train_cfg.max_iters=1000 --work-dir work_dirs/transfergan/digits_source_0and1
# and the same with classes=[6,7] and work_dirs/transfergan/digits_source_6and7
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/digits_28_target.py',
    '../_base_/evaluation_digits_target.py',
]
_sources = ['work_dirs/transfergan/digits_source_0and1', 'work_dirs/transfergan/digits_source_6and7']
model = dict(
    type='MineGAN',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
    networks=dict(
        generators=[
            dict(
                type='WGANGPGenerator28',
                noise_size=128,
                dim=16,
                init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='generator'),
            )
            for _source in _sources
        ],
        miners=[dict(type='MLPMiner', dims=[128, 128, 128]) for _ in _sources],
        critic=dict(
            type='WGANGPCritic28',
            dim=16,
            init_cfg=dict(type='TransferredWeights', checkpoint=_sources[0], prefix='critic'),
        ),
    ),
    selector=dict(type='FrequencySelector', window=200),
    losses=dict(adversarial=dict(type='WassersteinLoss'), gradient_penalty=dict(type='GradientPenalty')),
    moves=[dict(player='critic', repeat=3), dict(player='generator')],
    stages=[
        dict(name='mine', iters=250, train=['miners', 'critic']),
        dict(name='finetune', iters=150, lr=dict(critic=1e-4, generator=1e-4)),
    ],
)
_adam = dict(optimizer=dict(type='Adam', lr=5e-4, betas=(0.5, 0.9)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
_digits = dict(_delete_=True, type='Digits', image_size=28, train_per_class=200)
train_dataloader = dict(dataset=dict(**_digits, split='train', mixture={'1': 60, '7': 140}))
val_dataloader = dict(dataset=dict(**_digits, split='test', mixture={'1': 90, '7': 210}))
test_dataloader = val_dataloader
val_evaluator = dict(
    metrics=[
        dict(type='FID', extractor='digits'),
        dict(type='KMMD', extractor='digits'),
        dict(type='MeanVariance'),
        dict(type='ClassShares', extractor='digits', classes=[1, 7]),
        dict(type='NearestTrainingImage'),
        dict(type='SelectorDistribution', target=[0.3, 0.7]),
    ]
)
test_evaluator = val_evaluator
train_cfg = dict(type='GameTrainLoop', max_iters=400, val_interval=50, repeat_images=True)
default_hooks = dict(checkpoint=dict(interval=200))
