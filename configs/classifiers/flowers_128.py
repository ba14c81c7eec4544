# The classifier of translated flowers (thesis Table 4.1, which names none): ResNet-18 with the ImageNet weights that
# torchvision has and a new head, fine-tuned on the real training images of both sets of flowers_opponent.py.
_base_ = ['../default_runtime.py']
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0), flip=0.5),
    networks=dict(classifier=dict(type='TorchvisionClassifier', arch='resnet18', num_classes=10, new_head=True)),
    losses=dict(cross_entropy=dict(type='AuxiliaryClassifierLoss')),
    moves=[dict(player='classifier')],
)
optim_wrapper = dict(
    constructor='PlayerOptimWrappers', classifier=dict(optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05))
)
param_scheduler = dict(
    classifier=dict(type='CosineAnnealingLR', T_max=1000, eta_min=1e-6, by_epoch=False, begin=0, end=1000)
)
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='LabelledImageFolder',
        data_root='data/flowers_opponent/rgb/train',
        image_size=128,
        class_order=[
            'passion_flower',
            'petunia',
            'rose',
            'wallflower',
            'watercress',
            'water_lily',
            'cyclamen',
            'foxglove',
            'frangipani',
            'hibiscus',
        ],
    ),
)
train_cfg = dict(type='GameTrainLoop', max_iters=1000)
default_hooks = dict(checkpoint=dict(interval=1000), sample_grid=None)
