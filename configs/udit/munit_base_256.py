# MUNIT with its own settings: 256x256, one image of each domain, 1,000,000 iterations, and both terms of the
# discriminators in full. 256x256 are cut at random out of 286x286; for images of 4:3 take image_size=(256, 341).
_base_ = ['../_base_/datasets/unpaired_folders.py', '../_base_/models/munit.py']
_images = dict(type='ImageFolder', image_size=286)
model = dict(
    domains=['A', 'B'], data_preprocessor=dict(random_crop=256), losses=dict(adversarial=dict(critic_scale=1.0))
)
train_dataloader = dict(
    dataset=dict(
        domains=dict(
            A=dict(_images, data_root='data/translation/trainA'), B=dict(_images, data_root='data/translation/trainB')
        ),
        rounds=100,
    )
)
train_cfg = dict(max_iters=1_000_000)
