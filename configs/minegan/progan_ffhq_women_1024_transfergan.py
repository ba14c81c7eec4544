# TransferGAN from ProGAN's CelebA-HQ model to FFHQ's women (thesis Figs. 3.4 and 3.5, left).
_base_ = ['../_base_/transfergan_progan_1024.py', '../_base_/datasets/ffhq_women_1024.py']
