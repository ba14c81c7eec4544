# MineGAN from ProGAN's CelebA-HQ model to CelebA-HQ's women (thesis section A.2.3, whose figure is missing).
_base_ = ['../_base_/minegan_progan_1024.py', '../_base_/datasets/celebahq_women_1024.py']
