# StarGAN between photos and three painters' styles at 256x256 (thesis table 6.4).
_base_ = ['../_base_/models/stargan.py', '../_base_/evaluation_domains_reverse.py']
_domains = ['photo', 'cezanne', 'ukiyoe', 'monet']
model = dict(
    domains=_domains,
    networks=dict(generator=dict(num_domains=4), critic=dict(num_domains=4, image_size=256)),
)
_artworks = dict(type='LabelledImageFolder', image_size=256, class_order=_domains, cache='none')
train_dataloader = dict(
    batch_size=80,  # 16 of each update
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(_artworks, data_root='data/artworks/train'),
)
val_dataloader = dict(dataset=dict(_artworks, data_root='data/artworks/test'))
