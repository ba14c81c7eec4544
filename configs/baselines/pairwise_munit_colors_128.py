# The six MUNITs of munit_colors_pairs.py as one translator between four colours, scored together as SDIT is (thesis
# table 6.3). Nothing is trained: a run of 0 iterations scores them.
# mmgentransfer sweep configs/baselines/munit_colors_pairs.py
# mmgentransfer train configs/baselines/pairwise_munit_colors_128.py
_base_ = ['../_base_/models/munit.py', '../_base_/evaluation_domains.py']
_domains = ['yellow', 'blue', 'green', 'orange']
_runs = 'work_dirs/baselines/munit_colors_pairs'
model = dict(
    _delete_=True,
    type='PairwiseTranslators',
    domains=_domains,
    data_preprocessor=dict(type='ImagePreprocessor'),
    pairs=[
        dict(domains=[a, b], model={{_base_.model}}, checkpoint=f'{_runs}/{a}_{b}/seed0')
        for i, a in enumerate(_domains)
        for b in _domains[i + 1 :]
    ],
)
optim_wrapper = dict(_delete_=True, constructor='PlayerOptimWrappers')
param_scheduler = dict(_delete_=True)
_objects = dict(type='LabelledImageFolder', image_size=128, class_order=_domains, cache='ram')
train_dataloader = dict(
    batch_size=16,  # for the classifier of the reverse classification
    num_workers=2,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(_objects, data_root='data/colour/train'),
)
val_dataloader = dict(dataset=dict(_objects, data_root='data/colour/test'))
val_evaluator = dict(
    metrics=[
        dict(type='ReverseClassification'),
        dict(type='LPIPSDiversity', pairing='within_domain'),
        dict(type='LPIPSDiversity', pairing='within_input'),
    ]
)
train_cfg = dict(type='GameTrainLoop', max_iters=0)
default_hooks = dict(sample_grid=None)  # of a training
