# Recolouring of rendered objects without pairs: four colours, blue the anchor; red, green and yellow never met. Half a
# minute on a CPU core.
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
train_dataloader = dict(
    batch_size=4,  # of each domain
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='UnpairedDomains',
        dataset=dict(
            type='ToyObjects',
            image_size=32,
            num_per_class=200,
            labelled='colour',
            colours=_domains,
            shapes=['disc', 'square', 'triangle'],
            textures=['plain', 'stripes', 'checks'],
            background_range=(0.3, 0.7),
            position=(0.5, 0.5),
        ),
    ),
)
train_cfg = dict(type='GameTrainLoop', max_iters=100)
default_hooks = dict(checkpoint=dict(interval=100), sample_grid=None)
