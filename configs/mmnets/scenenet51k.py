# The ablations' part of SceneNet RGB-D: 50 frames of each of 1,000 videos, 500 of them with labels and 500 with depth;
# the first frame of 1,000 other videos is the test (thesis section 4.6.1).
# Data: tools/dataset_converters/scenenet.py with --51k
_base_ = './scenenet.py'
train_dataloader = dict(dataset=dict(dataset=dict(split='train51k')))
val_dataloader = dict(dataset=dict(split='test51k'))
test_dataloader = val_dataloader
