# TransferGAN from SNGAN's ImageNet model to 25 FFHQ faces (thesis Fig. 3.6).
_base_ = ['../_base_/transfergan_sngan_128.py', '../_base_/datasets/ffhq25_128.py']
