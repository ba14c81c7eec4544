# FID while training, and as the test the independent Wasserstein critic (thesis eq. 2.6) at 64 px: it is trained anew
# on the images of test_dataloader, which no GAN was trained on, and on as many generated ones as LSUN holds out.
_base_ = './evaluation_inception.py'
test_cfg = dict(num_images=10000)
test_evaluator = dict(
    extractors=dict(_delete_=True),
    metrics=[
        dict(
            type='IndependentWasserstein',
            critic=dict(type='WGANGPCritic', image_size=64, base_channels=64),
            iters=5000,
            batch_size=64,
        )
    ],
)
