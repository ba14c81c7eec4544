# MineGAN on MNIST from an unconditional GAN of all ten digits to 1,000 images of a 9, on-manifold (thesis Table A.2).
# Adam and batches of 64 as in thesis section A.2.1; 10,000 + 10,000 iterations as in the authors' code, where the
# thesis is silent.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/wgan_gp_28_mnist.py',
    '../_base_/datasets/mnist_28_target.py',
    '../_base_/evaluation_mnist.py',
]
_source = dict(type='TransferredWeights', checkpoint='work_dirs/minegan/source_mnist_uncond')
model = dict(
    type='MineGAN',
    networks=dict(
        _delete_=True,
        generators=[dict(init_cfg=dict(prefix='generator', **_source), **_base_.model.networks.generator)],
        miners=[dict(type='MLPMiner', dims=[128, 128, 128])],
        critic=dict(init_cfg=dict(prefix='critic', **_source), **_base_.model.networks.critic),
    ),
    stages=[dict(name='mine', iters=10000, train=['miners', 'critic']), dict(name='finetune', iters=10000)],
)
_adam = dict(optimizer=dict(lr=4e-4, betas=(0.5, 0.999)))
optim_wrapper = dict(critic=_adam, generator=_adam)
train_cfg = dict(type='GameTrainLoop', max_iters=20000, val_interval=2000, val_at_start=True)
