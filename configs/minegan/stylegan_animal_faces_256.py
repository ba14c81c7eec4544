# MineGAN from StyleGAN's FFHQ model at 256 px to animal faces, as in the authors' code; not in the thesis. The miner is
# in front of the mapping network. Batches of 2, 100 of 50,000 iterations mine.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/stylegan_256.py',
    '../_base_/datasets/animal_faces_256.py',
    '../_base_/evaluation_few_shot.py',
]
_source = dict(type='TransferredWeights', checkpoint='checkpoints/stylegan_ffhq_256.pth')
model = dict(
    type='MineGAN',
    networks=dict(
        _delete_=True,
        generators=[dict(init_cfg=dict(prefix='generator', **_source), **_base_.model.networks.generator)],
        miners=[dict(type='StyleMiner', miner=dict(type='MLPMiner', dims=[512, 512, 512]), mixing=0.9)],
        critic=dict(init_cfg=dict(prefix='critic', **_source), **_base_.model.networks.critic),
    ),
    stages=[dict(name='mine', iters=100, train=['miners', 'critic']), dict(name='finetune', iters=49900)],
)
custom_hooks = [dict(type='EMAHook', networks=['generators'], momentum=0.999)]
train_cfg = dict(type='GameTrainLoop', max_iters=50000, val_interval=5000, val_at_start=True)
