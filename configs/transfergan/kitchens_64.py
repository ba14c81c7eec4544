# TransferGAN from ImageNet to 50,000 LSUN Kitchens: batches of 64, 40,000 iterations.
_base_ = ['../_base_/transfergan_64.py', '../_base_/datasets/lsun_kitchen_64_target.py']
