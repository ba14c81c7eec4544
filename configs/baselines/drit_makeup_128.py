# DRIT on Biased makeup (thesis section 5.6): women with makeup, and no makeup, mostly men.
# mmgentransfer make-biased-set configs/_base_/biased_sets/makeup.py writes the manifests.
_base_ = ['../_base_/datasets/biased_makeup.py', '../_base_/drit_128.py']
train_dataloader = dict(batch_size=24)  # of each domain: 4 + 4 for each of three updates
