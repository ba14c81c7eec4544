# MineGAN from ProGAN's CelebA-HQ model to FFHQ's children, off-manifold (thesis Figs. 3.4 and 3.5, right).
_base_ = ['../_base_/minegan_progan_1024.py', '../_base_/datasets/ffhq_children_1024.py']
