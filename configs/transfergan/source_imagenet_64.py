# Source GAN on ImageNet: batches of 128, 50,000 iterations.
_base_ = ['../_base_/source_gan_64.py', '../_base_/datasets/imagenet_64.py']
