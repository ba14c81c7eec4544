# TransferGAN from ImageNet to Oxford Flowers: batches of 64, 40,000 iterations.
_base_ = ['../_base_/transfergan_64.py', '../_base_/datasets/flowers_64_target.py']
