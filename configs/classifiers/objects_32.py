# A classifier of the colour of rendered objects at 32x32, by which toy_opponent.py is scored. A few seconds.
_base_ = ['../default_runtime.py']
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
    networks=dict(classifier=dict(type='DigitClassifier', image_size=32, in_channels=3, num_classes=9, width=8)),
    losses=dict(cross_entropy=dict(type='AuxiliaryClassifierLoss')),
    moves=[dict(player='classifier')],
)
optim_wrapper = dict(
    constructor='PlayerOptimWrappers', classifier=dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.999)))
)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='ToyObjects',
        image_size=32,
        num_per_class=200,
        labelled='colour',
        colours=['blue', 'brown', 'green', 'orange', 'pink', 'purple', 'red', 'turquoise', 'yellow'],
        shapes=['disc', 'square', 'triangle'],
        textures=['plain', 'stripes'],
        size=(0.5, 0.8),
    ),
)
train_cfg = dict(type='GameTrainLoop', max_iters=300)
default_hooks = dict(checkpoint=dict(interval=300), sample_grid=None)
