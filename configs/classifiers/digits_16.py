# As digits_28.py, for the digits at 16x16.
_base_ = ['digits_28.py']
model = dict(networks=dict(classifier=dict(image_size=16)))
train_dataloader = dict(dataset=dict(image_size=16))
