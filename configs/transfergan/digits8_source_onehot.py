# Source GAN of the 8x8 digits whose networks take the digit as a one-hot vector.
_base_ = ['digits8_source.py']
model = dict(networks=dict(generator=dict(num_classes=10), critic=dict(num_classes=10)))
train_dataloader = dict(dataset=dict(labelled=True, relabel=True))
