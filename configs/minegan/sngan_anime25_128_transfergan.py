# TransferGAN from SNGAN's ImageNet model to 25 anime faces (thesis Fig. 3.6).
_base_ = ['../_base_/transfergan_sngan_128.py', '../_base_/datasets/anime25_128.py']
