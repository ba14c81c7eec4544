# MineGAN from BigGAN's ImageNet model to a class of ImageNet, on-manifold (thesis Table 3.2).
_base_ = ['../_base_/minegan_biggan_128.py', '../_base_/datasets/imagenet_cock_128.py']
