# StarGAN between the eleven colours of objects at 128x128.
_base_ = ['../_base_/models/stargan.py', '../_base_/evaluation_domains_reverse.py']
_domains = ['blue', 'brown', 'yellow', 'green', 'grey', 'orange', 'pink', 'purple', 'red', 'white', 'black']
model = dict(domains=_domains, networks=dict(generator=dict(num_domains=11), critic=dict(num_domains=11)))
_colours = dict(type='LabelledImageFolder', image_size=128, class_order=_domains, cache='ram')
train_dataloader = dict(
    batch_size=80,  # 16 of each update
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(_colours, data_root='data/colour/train'),
)
val_dataloader = dict(dataset=dict(_colours, data_root='data/colour/test'))
