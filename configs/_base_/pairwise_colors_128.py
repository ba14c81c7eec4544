# Six models of two colours each as one translator between four, scored together as SDIT is (thesis table 6.3). Nothing
# is trained: a run of 0 iterations scores them. `pairs` are a config's own.
_base_ = ['../default_runtime.py', './evaluation_domains.py']
_domains = ['yellow', 'blue', 'green', 'orange']
model = dict(
    type='PairwiseTranslators',
    domains=_domains,
    data_preprocessor=dict(type='ImagePreprocessor'),
)
optim_wrapper = dict(constructor='PlayerOptimWrappers')
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
