# The VAE of thesis Fig. 3.6: SNGAN's generator as the decoder, from scratch, and a learned Gaussian for each of 25
# images. The thesis gives neither rates nor a number of iterations: the rates are ours, the iterations are BSA's.
_base_ = './bsa_sngan_128.py'
model = dict(
    _delete_=True,
    type='SupervisedVAE',
    data_preprocessor=dict(type='ImagePreprocessor'),
    networks=dict(
        encoder=dict(type='GaussianTable', num_images=25, size=128),
        decoder=dict(type='SNGANGenerator', image_size=128),
    ),
    losses=dict(
        pixel=dict(type='L1Loss'),
        perceptual=dict(type='PerceptualLoss', loss_weight=0.001),
        kl=dict(type='GaussianKLLoss', loss_weight=0.1),
    ),
    moves=[dict(player='autoencoder')],
)
optim_wrapper = dict(
    _delete_=True,
    constructor='PlayerOptimWrappers',
    autoencoder=dict(
        optimizer=dict(type='Adam', lr=2e-4),
        paramwise_cfg=dict(custom_keys={'encoder': dict(lr_mult=100)}),
    ),
)
