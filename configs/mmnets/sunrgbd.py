# M&MNets with pseudo-pairs on SUN RGB-D: 5,000 colour images with labels, 5,000 others with depth; depth to labels and
# back never met (thesis tables 4.6 and 4.7). tools/dist_train.sh configs/mmnets/sunrgbd.py 8
# Data: tools/dataset_converters/sunrgbd.py; mmgentransfer check-data configs/mmnets/sunrgbd.py
_base_ = [
    '../_base_/datasets/sunrgbd.py',
    '../_base_/mmnets_500k.py',
    '../_base_/evaluation_scenes.py',
]
