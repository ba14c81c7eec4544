# MineGAN on an SNGAN: the miner of thesis section A.2.1 (8-32-64-128, 10,720 parameters). A leaf adds the target set.
# 1,000 of the 5,000 iterations mine; the thesis gives neither number.
_base_ = './transfergan_sngan_128.py'
model = dict(
    type='MineGAN',
    networks=dict(
        _delete_=True,
        generators=[_base_.model.networks.generator],
        miners=[dict(type='MLPMiner', dims=[8, 32, 64, 128])],
        critic=_base_.model.networks.critic,
    ),
    stages=[dict(name='mine', iters=1000, train=['miners', 'critic']), dict(name='finetune', iters=4000)],
)
