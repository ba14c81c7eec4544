# color_anchor_blue.py with the adversarial loss alone, as the text of the thesis has it: pooling indices are all that
# ties an output to its input.
_base_ = ['color_anchor_blue.py']
model = dict(losses=dict(cycle=dict(loss_weight=0), autoencoder=dict(loss_weight=0)))
