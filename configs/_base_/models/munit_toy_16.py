# MUNIT at the size of toys: 75,126 parameters of translators and 18,082 of discriminators, for images of 16x16.
_base_ = ['./munit.py']
_width = dict(base_channels=8)
model = dict(
    data_preprocessor=dict(_delete_=True, type='ImagePreprocessor', flip=0.0),
    networks=dict(
        content_encoders=dict(num_downs=1, num_res=1, **_width),
        style_encoders=dict(num_downs=2, **_width),
        decoders=dict(num_ups=1, num_res=1, mlp_channels=64, **_width),
        discriminators=dict(base_channels=16, num_layers=2, num_scales=1),
    ),
)
_adam = dict(optimizer=dict(lr=5e-4))
optim_wrapper = dict(discriminator=_adam, generator=_adam)
train_cfg = dict(max_iters=500, val_interval=500)
default_hooks = dict(checkpoint=dict(interval=500))
