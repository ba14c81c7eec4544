# MUNIT between two hues of rendered objects at 16x16, one of the six pairs of four. A minute on a free CPU core.
_base_ = ['../_base_/models/munit_toy_16.py', '../_base_/datasets/toy_hues_pair.py']
model = dict(domains=['yellow', 'blue'])
