# MineGAN from BigGAN's ImageNet model to a category of Places365, off-manifold (thesis Table 3.2).
_base_ = ['../_base_/minegan_biggan_128.py', '../_base_/datasets/places365_alley_128.py']
