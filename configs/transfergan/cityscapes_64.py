# TransferGAN from ImageNet to Cityscapes: batches of 64, 40,000 iterations.
_base_ = ['../_base_/transfergan_64.py', '../_base_/datasets/cityscapes_64_target.py']
