# DRIT on Handbags-texture, with which UDIT is compared (thesis section 5.6): flat red bags and textured ones, most of
# them black.
# mmgentransfer make-biased-set configs/_base_/biased_sets/handbags_texture.py writes the manifests.
_base_ = ['../_base_/datasets/biased_handbags_texture.py', '../_base_/drit_128.py']
train_dataloader = dict(batch_size=24)  # of each domain: 4 + 4 for each of three updates
