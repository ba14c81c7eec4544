# Source GAN on CelebA: batches of 128, 10,000 iterations.
_base_ = ['../_base_/source_gan_64.py', '../_base_/datasets/celeba_64.py']
train_cfg = dict(max_iters=10000, val_interval=1000)
