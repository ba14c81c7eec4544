# MineGAN from two ProGANs, of LSUN cars and buses, to red vehicles (thesis Table 3.1). The critic starts as the cars'.
_base_ = ['../_base_/transfergan_progan_256.py', '../_base_/datasets/red_vehicles_256.py']
_sources = [f'checkpoints/progan_lsun_{_name}_256.pth' for _name in ('car', 'bus')]
model = dict(
    type='MineGAN',
    networks=dict(
        _delete_=True,
        generators=[
            dict(
                type='ProGANGenerator',
                image_size=256,
                init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='generator'),
            )
            for _source in _sources
        ],
        miners=[dict(type='MLPMiner', dims=[8, 64, 128, 256, 512], norm='pixel') for _source in _sources],
        critic=_base_.model.networks.critic,
    ),
    selector=dict(type='FrequencySelector', window=1000),
    stages=[dict(name='mine', iters=1000, train=['miners', 'critic']), dict(name='finetune', iters=19000)],
)
custom_hooks = [dict(type='EMAHook', networks=['miners', 'generators'], momentum=0.999)]
val_evaluator = dict(
    metrics=[
        dict(type='FID', extractor='inception'),
        dict(type='KMMD', extractor='inception'),
        dict(type='SelectorDistribution', target=[0.3, 0.7]),
    ]
)
test_evaluator = val_evaluator
