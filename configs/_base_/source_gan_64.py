# A source GAN at 64 px, from scratch (thesis section 2.3.3). A leaf adds the source set.
_base_ = ['../default_runtime.py', './models/wgan_gp_resnet_64.py', './evaluation_inception.py']
train_cfg = dict(type='GameTrainLoop', max_iters=50000, val_interval=5000)
default_hooks = dict(sample_grid=dict(num_images=100, batch_statistics=True))
