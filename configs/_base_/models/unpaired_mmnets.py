# Unpaired M&MNets (thesis appendix A.3.2): least squares with the label 0.9, cycle 10, autoencoder 10, pools of 50
# images; 200,000 iterations, the learning rate falling to 0 over the second half. Domains are a config's own.
model = dict(
    type='UnpairedMixAndMatchNets',
    data_preprocessor=dict(type='ModalityPreprocessor'),
    losses=dict(
        adversarial=dict(type='LSGANLoss', real_label=0.9, critic_scale=0.5),
        cycle=dict(type='ModalitySumLoss', loss_weight=10),
        autoencoder=dict(type='ModalitySumLoss', loss_weight=10),
    ),
    moves=[dict(player='critic'), dict(player='generator')],
    pool_size=50,
)
_adam = dict(optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=200_000)
_decay = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=100_000, end=200_000, by_epoch=False)]
param_scheduler = dict(critic=_decay, generator=_decay)
