# As pairwise_colors_128.py, between photos and three painters' styles at 256x256 (thesis table 6.4).
_base_ = ['./pairwise_colors_128.py']
_domains = ['photo', 'cezanne', 'ukiyoe', 'monet']
_artworks = dict(image_size=256, class_order=_domains)
model = dict(domains=_domains)
train_dataloader = dict(dataset=dict(data_root='data/artworks/train', **_artworks))
val_dataloader = dict(dataset=dict(data_root='data/artworks/test', **_artworks))
