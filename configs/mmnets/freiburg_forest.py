# M&MNets with pseudo-pairs on Freiburg Forest: depth and near-infrared to labels never met (thesis table 4.8).
# Data: tools/dataset_converters/freiburg_forest.py
_base_ = [
    '../_base_/datasets/freiburg_forest.py',
    '../_base_/mmnets_freiburg_500k.py',
    '../_base_/evaluation_forest.py',
]
