# As digits_two_sources.py, with two more sources that don't know the target: a GAN of 2 and 3, and one of 4 and 5.
_base_ = ['digits_two_sources.py']
_names = ('0and1', '2and3', '4and5', '6and7')
model = dict(
    networks=dict(
        generators=[
            dict(
                type='WGANGPGenerator28',
                noise_size=128,
                dim=16,
                init_cfg=dict(
                    type='TransferredWeights',
                    checkpoint=f'work_dirs/transfergan/digits_source_{_name}',
                    prefix='generator',
                ),
            )
            for _name in _names
        ],
        miners=[dict(type='MLPMiner', dims=[128, 128, 128]) for _ in _names],
    ),
)
val_evaluator = dict(
    metrics=[
        dict(type='FID', extractor='digits'),
        dict(type='KMMD', extractor='digits'),
        dict(type='MeanVariance'),
        dict(type='ClassShares', extractor='digits', classes=[1, 7]),
        dict(type='NearestTrainingImage'),
        dict(type='SelectorDistribution', target=[0.3, 0.0, 0.0, 0.7]),
    ]
)
test_evaluator = val_evaluator
