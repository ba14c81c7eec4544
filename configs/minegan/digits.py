# MineGAN on the digits: mine the frozen source GAN of nine digits for the left-out one, then fine-tune everything.
# Train the source first: python tools/train.py configs/transfergan/digits_source.py
#   --cfg-options train_dataloader.dataset.exclude=[9] --work-dir work_dirs/transfergan/digits_source_no9
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/digits_28_target.py',
    '../_base_/evaluation_digits_target.py',
]
_source = 'work_dirs/transfergan/digits_source_no9'
model = dict(
    type='MineGAN',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
    networks=dict(
        generators=[
            dict(
                type='WGANGPGenerator28',
                noise_size=128,
                dim=16,
                init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='generator'),
            )
        ],
        miners=[dict(type='MLPMiner', dims=[128, 128, 128])],
        critic=dict(
            type='WGANGPCritic28',
            dim=16,
            init_cfg=dict(type='TransferredWeights', checkpoint=_source, prefix='critic'),
        ),
    ),
    losses=dict(adversarial=dict(type='WassersteinLoss'), gradient_penalty=dict(type='GradientPenalty')),
    moves=[dict(player='critic', repeat=3), dict(player='generator')],
    stages=[dict(name='mine', iters=200, train=['miners', 'critic']), dict(name='finetune', iters=200)],
)
_adam = dict(optimizer=dict(type='Adam', lr=5e-4, betas=(0.5, 0.9)))
optim_wrapper = dict(constructor='PlayerOptimWrappers', critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=400, val_interval=100, val_at_start=True, repeat_images=True)
default_hooks = dict(checkpoint=dict(interval=200))
