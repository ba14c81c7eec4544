# M&MNets on opponent colours of rendered objects: R - G (theta 1) with G - B (theta 2), and R - G with RGB (theta 3) of
# other objects, in the form of thesis Table 4.1. Theta 2 to 3 never met. Each of the two tells the five colours apart,
# but theta 2 hardly shows red: there G is as B, as in the grey background. The classifier of nine colours that scores
# them is configs/classifiers/objects_32.py. A minute and a quarter on a CPU core.
_base_ = ['../default_runtime.py', '../_base_/models/mmnets_opponent.py', '../_base_/evaluation_opponent.py']
# Without norms, which would take away how red a plain surface is. One convolution a stage, but twice as wide as in
# toy_scenes.py, as 400 iterations are few for colours.
_stages = dict(stage_channels=(16, 32, 64), stage_blocks=(1, 1, 1), norm_cfg=None, init=dict(type='kaiming'))
_aligned = dict(freeze=['encoders.theta1'], settings=dict(noise=0.5), reset_optimizers=True)
_weights = dict(theta3=1000, adversarial=10, autoencoder=1, latent=10)
model = dict(
    networks=dict(
        _delete_=True,
        encoders=dict(
            theta1=dict(type='SegNetEncoder', in_channels=1, **_stages),
            theta2=dict(type='SegNetEncoder', in_channels=1, **_stages),
            theta3=dict(type='SegNetEncoder', in_channels=3, **_stages),
        ),
        decoders=dict(
            theta1=dict(type='SegNetDecoder', out_channels=1, **_stages),
            theta2=dict(type='SegNetDecoder', out_channels=1, **_stages),
            theta3=dict(type='SegNetDecoder', out_channels=3, out_act='tanh', **_stages),
        ),
        discriminators=dict(theta3=dict(type='RGBDiscriminator', channels=(8, 16, 32), init=dict(type='kaiming'))),
    ),
    stages=[
        dict(
            name='translators',
            iters=400,
            loss_weights=dict(theta3=100, adversarial=1, autoencoder=0, latent=0, pseudo=0),
        ),
        dict(name='alignment', iters=400, loss_weights=dict(**_weights, pseudo=0), **_aligned),
        dict(
            name='pseudo-pairs',
            iters=200,
            loss_weights=dict(**_weights, pseudo=100),
            lr=dict(generator=2e-4, critic=2e-4),
            **_aligned,
        ),
    ],
)
_adam = dict(optimizer=dict(type='Adam', lr=2e-3, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
_colours = ['blue', 'brown', 'green', 'orange', 'pink', 'purple', 'red', 'turquoise', 'yellow']
_shown = ['blue', 'green', 'pink', 'red', 'yellow']
_objects = dict(
    type='ToyObjects',
    image_size=32,
    labelled='colour',
    colours=_colours,
    shapes=['disc', 'square', 'triangle'],
    textures=['plain', 'stripes'],
    size=(0.5, 0.8),
)
train_dataloader = dict(
    batch_size=8,  # of each set
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='DisjointSets',
        dataset=dict(type='OpponentColours', dataset=dict(**_objects, counts=dict.fromkeys(_shown, 160))),
        sets=dict(T12=['theta1', 'theta2'], T13=['theta1', 'theta3']),
    ),
)
val_dataloader = dict(
    batch_size=60,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='OpponentColours', dataset=dict(**_objects, counts=dict.fromkeys(_shown, 60), split='test')),
)
test_dataloader = val_dataloader
val_evaluator = dict(
    metrics=[
        dict(type='MapError', modality='theta3'),
        dict(
            type='TranslatedClassifierAccuracy',
            modality='theta3',
            extractor=dict(
                type='ClassifierFeatures',
                classifier=dict(type='DigitClassifier', image_size=32, in_channels=3, num_classes=9, width=8),
                checkpoint='work_dirs/classifiers/objects_32',
                hint='mmgentransfer train configs/classifiers/objects_32.py',
            ),
        ),
        dict(type='AlignmentFactor'),
    ]
)
test_evaluator = val_evaluator
train_cfg = dict(type='GameTrainLoop', max_iters=1000, val_interval=200)
default_hooks = dict(checkpoint=dict(interval=400), sample_grid=dict(type='TranslationGridHook'))
