# Recolouring of rendered objects without pairs: four colours, blue the anchor; red, green and yellow never met. Half a
# minute on a CPU core. Scored by how far an image is from itself after a translation and back, and by
# configs/classifiers/objects_32.py, if that was trained.
_base_ = ['../default_runtime.py']
_domains = ['blue', 'red', 'green', 'yellow']
_nets = dict(base_channels=8, kernel=3, num_res=2, init=dict(type='normal', std=0.05))
_critic = dict(type='PatchDiscriminator', base_channels=8, num_downs=3, init=dict(type='normal', std=0.05))
model = dict(
    type='UnpairedMixAndMatchNets',
    anchor='blue',
    data_preprocessor=dict(type='ModalityPreprocessor'),
    modalities={name: dict(type='ImageModality') for name in _domains},
    networks=dict(
        encoders={name: dict(type='PoolResEncoder', **_nets) for name in _domains},
        decoders={name: dict(type='UnpoolResDecoder', **_nets) for name in _domains},
        discriminators=dict.fromkeys(_domains, _critic),
    ),
    losses=dict(
        **{name: dict(type='PixelLoss', mode='l1') for name in _domains},
        adversarial=dict(type='LSGANLoss', real_label=0.9, critic_scale=0.5),
        cycle=dict(type='ModalitySumLoss', loss_weight=10),
        autoencoder=dict(type='ModalitySumLoss', loss_weight=10),
    ),
    moves=[dict(player='critic'), dict(player='generator')],
)
_adam = dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
_objects = dict(
    type='ToyObjects',
    image_size=32,
    labelled='colour',
    colours=_domains,
    shapes=['disc', 'square', 'triangle'],
    textures=['plain', 'stripes', 'checks'],
    background_range=(0.3, 0.7),
    position=(0.5, 0.5),
)
train_dataloader = dict(
    batch_size=4,  # of each domain
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='UnpairedDomains', dataset=dict(**_objects, num_per_class=200)),
)
train_cfg = dict(type='GameTrainLoop', max_iters=100, val_interval=100)
default_hooks = dict(checkpoint=dict(interval=100), sample_grid=None)
val_dataloader = dict(
    batch_size=50,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='UnpairedDomains', dataset=dict(**_objects, num_per_class=50, split='test')),
)
_pairs = [(a, b) for a in _domains for b in _domains if a != b]
_seen, _unseen = ([pair for pair in _pairs if ('blue' in pair) is seen] for seen in (True, False))
val_cfg = dict(
    type='TranslationLoop',
    tasks=[
        *(dict(name=f'{a}2{b}', source=[a], target=b) for a, b in _pairs),
        *(dict(name=f'{a}2{b}2{a}', source=[a], target=a, via=[b]) for a, b in _pairs),  # and back again
    ],
)
_classifier = dict(
    type='ClassifierFeatures',
    classifier=dict(type='DigitClassifier', image_size=32, in_channels=3, num_classes=9, width=8),
    checkpoint='work_dirs/classifiers/objects_32',
    hint='mmgentransfer train configs/classifiers/objects_32.py',
)
val_evaluator = dict(
    type='TranslationEvaluator',
    metrics=[
        dict(type='TranslatedClassifierAccuracy', modality=name, label=label, extractor=_classifier)
        for name, label in dict(blue=0, red=6, green=2, yellow=8).items()  # the classifier's classes
    ]
    + [
        dict(type='MapError', modality=name, tasks=[f'{name}2{b}2{name}' for b in _domains if b != name])
        for name in _domains
    ],
    means=dict(
        seen=[f'{a}2{b}' for a, b in _seen],
        unseen=[f'{a}2{b}' for a, b in _unseen],
        seen_and_back=[f'{a}2{b}2{a}' for a, b in _seen],
        unseen_and_back=[f'{a}2{b}2{a}' for a, b in _unseen],
    ),
)
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
