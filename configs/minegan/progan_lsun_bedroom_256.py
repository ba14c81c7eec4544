# MineGAN from four ProGANs, of LSUN living rooms, kitchens, bridges and churches, to 200 bedrooms (thesis Table 3.1).
# The critic starts as the kitchens' (thesis section A.2.4).
_base_ = './progan_lsun_tower_256.py'
model = dict(networks=dict(critic=dict(init_cfg=dict(checkpoint='checkpoints/progan_lsun_kitchen_256.pth'))))
train_dataloader = dict(dataset=dict(data_root='data/lsun/bedroom_train'))
val_dataloader = dict(dataset=dict(data_root='data/lsun/bedroom_train'))
test_dataloader = val_dataloader
