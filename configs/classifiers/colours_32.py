# A classifier of red and blue at 32x32, of the shapes of shapes_32.py. Some seconds.
_base_ = ['shapes_32.py']
model = dict(networks=dict(classifier=dict(num_classes=2)))
train_dataloader = dict(dataset=dict(labelled='colour'))
train_cfg = dict(max_iters=300)
default_hooks = dict(checkpoint=dict(interval=300))
