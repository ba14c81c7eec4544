# SDIT between four hues of objects at 16x16, in a minute on a CPU core.
_base_ = ['../_base_/sdit_toy_hues.py']
model = dict(
    domains=['yellow', 'blue', 'green', 'orange'],
    networks=dict(
        generator=dict(
            num_domains=4,
            base_channels=8,
            num_down=1,
            encoder=dict(num_blocks=1),
            mapping=dict(code_dim=2, hidden=32),
            translator=dict(num_blocks=2),
            attention=dict(num_blocks=1),
        ),
        discriminator=dict(num_domains=4, image_size=16, base_channels=16, num_layers=3, code_head=dict(code_dim=2)),
    ),
)
train_cfg = dict(type='GameTrainLoop', max_iters=600, val_interval=600)
