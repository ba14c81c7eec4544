# StarGAN between the eleven colours of objects at 128x128: 200,000 generator updates on 16 images each, five critic
# updates to each of them; the learning rate falls to 0 over the second half.
_base_ = ['../default_runtime.py', '../_base_/models/stargan.py', '../_base_/evaluation_domains_reverse.py']
_domains = ['blue', 'brown', 'yellow', 'green', 'grey', 'orange', 'pink', 'purple', 'red', 'white', 'black']
model = dict(domains=_domains, networks=dict(generator=dict(num_domains=11), critic=dict(num_domains=11)))
_colours = dict(type='LabelledImageFolder', image_size=128, class_order=_domains, cache='ram')
train_dataloader = dict(
    batch_size=80,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(_colours, data_root='data/colour/train'),
)
val_dataloader = dict(dataset=dict(_colours, data_root='data/colour/test'))
train_cfg = dict(type='GameTrainLoop', max_iters=200_000, val_interval=50_000)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=100_000, end=200_000, by_epoch=False)]
param_scheduler = dict(critic=_decay, generator=_decay)
default_hooks = dict(checkpoint=dict(interval=10_000), sample_grid=dict(type='DomainTranslationGridHook'))
