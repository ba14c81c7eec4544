# M&MNets with pseudo-pairs on SceneNet RGB-D: 75,000 colour images with labels, 75,000 of other videos with depth
# (thesis tables 4.4 and 4.5). Data: tools/dataset_converters/scenenet.py
_base_ = [
    '../_base_/datasets/scenenet.py',
    '../_base_/mmnets_500k.py',
    '../_base_/evaluation_scenes.py',
]
