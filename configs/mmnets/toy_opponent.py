# M&MNets on opponent colours of rendered objects of nine colours: R - G (theta 1) with G - B (theta 2), and R - G with
# RGB (theta 3) of other objects, in the form of thesis Table 4.1. Theta 2 to 3 never met, and neither of the two alone
# shows every colour. The accuracy is that of configs/classifiers/objects_32.py. A minute and a half on a CPU core.
_base_ = ['../default_runtime.py', '../_base_/models/mmnets_opponent.py', '../_base_/evaluation_opponent.py']
# SegNets as in toy_scenes.py: the instance norms of the flowers' nets would take away how red a plain surface is
_stages = dict(stage_channels=(8, 16, 32), stage_blocks=(2, 2, 2), init=dict(type='kaiming'))
_aligned = dict(freeze=['encoders.theta1'], settings=dict(noise=0.5), reset_optimizers=True)
_weights = dict(theta3=1000, adversarial=10, autoencoder=1, latent=10)
model = dict(
    networks=dict(
        _delete_=True,
        encoders=dict(
            theta1=dict(type='SegNetEncoder', in_channels=1, norm_cfg=None, **_stages),
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
            iters=300,
            loss_weights=dict(theta3=100, adversarial=1, autoencoder=0, latent=0, pseudo=0),
        ),
        dict(name='alignment', iters=300, loss_weights=dict(**_weights, pseudo=0), **_aligned),
        dict(
            name='pseudo-pairs',
            iters=150,
            loss_weights=dict(**_weights, pseudo=100),
            lr=dict(generator=1e-4, critic=1e-4),
            **_aligned,
        ),
    ],
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
_colours = ['blue', 'brown', 'green', 'orange', 'pink', 'purple', 'red', 'turquoise', 'yellow']
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
        dataset=dict(type='OpponentColours', dataset=dict(**_objects, num_per_class=100)),
        sets=dict(T12=['theta1', 'theta2'], T13=['theta1', 'theta3']),
    ),
)
val_dataloader = dict(
    batch_size=60,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='OpponentColours', dataset=dict(**_objects, num_per_class=40, split='test')),
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
train_cfg = dict(type='GameTrainLoop', max_iters=750, val_interval=150)
default_hooks = dict(checkpoint=dict(interval=300), sample_grid=dict(type='TranslationGridHook'))
