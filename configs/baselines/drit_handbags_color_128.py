# DRIT on Handbags-color (thesis section 5.6): flat black bags to red ones, most of them textured.
# mmgentransfer make-biased-set configs/_base_/biased_sets/handbags_color.py writes the manifests.
_base_ = ['../_base_/datasets/biased_handbags_color.py', '../_base_/drit_128.py']
train_dataloader = dict(batch_size=24)  # of each domain: 4 + 4 for each of three updates
