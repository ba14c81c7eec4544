# M&MNets with pseudo-pairs on opponent colours of ten flowers: R - G with G - B, and R - G of other images with RGB;
# G - B to RGB never met (thesis table 4.1). Data: tools/dataset_converters/flowers_opponent.py
_base_ = [
    '../_base_/datasets/mmnets_loaders.py',
    '../_base_/mmnets_opponent_100k.py',
    '../_base_/evaluation_opponent.py',
]
_data = dict(
    type='AlignedModalities',
    data_root='data/flowers_opponent',
    image_size=128,
    modalities=dict(
        theta1=dict(type='OpponentReader', channel='theta1', folder='rgb'),
        theta2=dict(type='OpponentReader', channel='theta2', folder='rgb'),
        theta3=dict(type='ImageReader', folder='rgb'),
    ),
    cache='ram',
)
train_dataloader = dict(
    batch_size=4,  # of each set
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        dataset=dict(**_data, split='train'),
        sets=dict(T12=['theta1', 'theta2'], T13=['theta1', 'theta3']),
        split_file='data/flowers_opponent/sets.json',
    ),
)
val_dataloader = dict(num_workers=0, dataset=dict(**_data, split='test'))
test_dataloader = val_dataloader
