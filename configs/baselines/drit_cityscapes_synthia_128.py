# DRIT from Cityscapes by day to Synthia, mostly by night (thesis section 5.6).
# mmgentransfer make-biased-set configs/_base_/biased_sets/cityscapes_synthia.py writes the manifests.
_base_ = ['../_base_/datasets/biased_cityscapes_synthia.py', '../_base_/drit_128.py']
model = dict(data_preprocessor=dict(random_crop=128))
train_dataloader = dict(batch_size=24)  # of each domain: 4 + 4 for each of three updates
