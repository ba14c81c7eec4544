# Mining alone on the 8x8 digits: 100 images of a digit from a source that knows it (on-manifold).
# Train the source first: python tools/train.py configs/transfergan/digits8_source.py
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/digits_8.py',
    '../_base_/models/mlp_8.py',
    '../_base_/evaluation_digits_8.py',
]
_source = 'work_dirs/transfergan/digits8_source'
model = dict(
    _delete_=True,
    type='MineGAN',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
    networks=dict(
        generators=[
            dict(
                type='MLPGenerator',
                dims=[8, 64, 128, 64],
                image_size=8,
                init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='generator'),
            )
        ],
        miners=[dict(type='MLPMiner', dims=[8, 8, 8])],
        critic=dict(
            type='MLPCritic',
            dims=[64, 128, 64, 1],
            image_size=8,
            init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='critic'),
        ),
    ),
    losses=dict(adversarial=dict(type='WassersteinLoss'), gradient_penalty=dict(type='GradientPenalty')),
    moves=[dict(player='critic', repeat=3), dict(player='generator')],
    stages=[dict(name='mine', iters=800, train=['miners', 'critic'])],
)
train_dataloader = dict(dataset=dict(classes=[9], split='train', num_images=100))
val_dataloader = dict(dataset=dict(classes=[9]))
test_dataloader = val_dataloader
val_evaluator = dict(
    metrics=[
        dict(type='FID', extractor='digits'),
        dict(type='MeanVariance'),
        dict(type='ClassifierError', extractor='digits', target=9),
    ]
)
test_evaluator = val_evaluator
train_cfg = dict(type='GameTrainLoop', max_iters=800, val_interval=400, repeat_images=True)
default_hooks = dict(checkpoint=dict(interval=800))
