# TransferGAN from ImageNet to Labelled Faces in the Wild: batches of 64, 40,000 iterations.
_base_ = ['../_base_/transfergan_64.py', '../_base_/datasets/lfw_64_target.py']
