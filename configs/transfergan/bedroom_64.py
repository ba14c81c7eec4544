# TransferGAN from ImageNet to 100,000 LSUN Bedrooms: batches of 64, 40,000 iterations.
_base_ = ['../_base_/transfergan_64.py', '../_base_/datasets/lsun_bedroom_64_target.py']
