# MineGAN on a ProGAN: the miner of thesis section A.2.1 (8-64-128-256-512, 173,504 parameters). A leaf adds the target
# set. 1,000 of the 20,000 iterations mine; the thesis gives neither number.
_base_ = './transfergan_progan_1024.py'
model = dict(
    type='MineGAN',
    networks=dict(
        _delete_=True,
        generators=[_base_.model.networks.generator],
        miners=[dict(type='MLPMiner', dims=[8, 64, 128, 256, 512], norm='pixel')],
        critic=_base_.model.networks.critic,
    ),
    stages=[dict(name='mine', iters=1000, train=['miners', 'critic']), dict(name='finetune', iters=19000)],
)
custom_hooks = [dict(type='EMAHook', networks=['miners', 'generators'], momentum=0.999)]
