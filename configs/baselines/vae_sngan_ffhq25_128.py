# A supervised VAE of 25 FFHQ faces, from scratch (thesis Fig. 3.6).
_base_ = ['../_base_/datasets/ffhq25_128.py', '../_base_/vae_sngan_128.py']
train_dataloader = dict(batch_size=25, dataset=dict(with_indices=True))
