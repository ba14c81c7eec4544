# MUNIT between two kinds of artworks at 256x256, one of the six pairs of SDIT's four (thesis table 6.4). Nothing in its
# networks depends on the images' side.
_base_ = ['munit_colors_128.py']
_domains = ['photo', 'monet']
_folders = {
    name: dict(type='ImageFolder', data_root=f'data/artworks/train/{name}', image_size=256, cache='none')
    for name in _domains
}
model = dict(domains=_domains)
train_dataloader = dict(dataset=dict(domains=dict(_delete_=True, **_folders)))
