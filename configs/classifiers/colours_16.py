# A classifier of red and blue at 16x16, of the shapes of shapes_16.py: the colour of TransferI2I's toys. Some seconds.
_base_ = ['shapes_16.py']
model = dict(networks=dict(classifier=dict(num_classes=2)))
train_dataloader = dict(dataset=dict(labelled='colour'))
train_cfg = dict(max_iters=300)
default_hooks = dict(checkpoint=dict(interval=300))
