# IcGAN between four hues of rendered objects of 16x16. A minute.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/icgan.py',
    '../_base_/evaluation_domains.py',
]
_domains = ['yellow', 'green', 'blue', 'orange']
_network = dict(image_size=16, base_channels=16)
model = dict(
    domains=_domains,
    networks=dict(
        generator=dict(_network, num_domains=4, noise_size=16),
        discriminator=dict(_network, num_domains=4),
        noise_encoder=dict(_network, out_size=16, hidden=64),
        label_encoder=dict(_network, out_size=4, hidden=64),
    ),
    stages=[
        dict(name='gan', iters=600, train=['discriminator', 'generator']),
        dict(name='encoders', iters=400, train=['noise_encoder', 'label_encoder']),
    ],
)
_shapes = ['disc', 'square', 'triangle']
_hues = dict(type='ToyObjects', image_size=16, labelled='colour', colours=_domains, colour_space='hsv', shapes=_shapes)
train_dataloader = dict(
    num_workers=0,
    collate_fn=dict(type='stack_batch'),
    batch_size=64,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(_hues, num_per_class=500),
)
val_dataloader = dict(num_workers=0, dataset=dict(_hues, split='test', num_per_class=50))
val_evaluator = dict(
    metrics=[dict(type='LPIPSDiversity', pairing='within_domain', distance='pixel'), dict(type='ReconstructionL1')]
)
train_cfg = dict(type='GameTrainLoop', max_iters=1000, val_interval=1000)
default_hooks = dict(checkpoint=dict(interval=500), sample_grid=dict(type='DomainTranslationGridHook'))
