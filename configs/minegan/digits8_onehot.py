# As digits8_uncond.py from a conditional source: the generators of its classes are mined together (section A.2.2). The
# critic starts as that of the unconditional source, since the conditional one takes labels.
_base_ = ['digits8_uncond.py']
_source = 'work_dirs/transfergan/digits8_source_onehot'
model = dict(
    networks=dict(
        generators=dict(
            _delete_=True,
            type='OneHotGeneratorFamily',
            generator=dict(
                type='MLPGenerator',
                dims=[8, 64, 128, 64],
                image_size=8,
                num_classes=10,
                init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='generator'),
            ),
        ),
        miners=[dict(type='MLPMiner', dims=[8, 8, 8]) for _ in range(10)],
    ),
    selector=dict(type='FrequencySelector', window=200),
)
val_evaluator = dict(metrics=[*_base_.val_evaluator.metrics, dict(type='SelectorDistribution')])
test_evaluator = val_evaluator
