# The red discs and blue squares of ../../transferi2i/toy_biggan_shapes-32x32.py, the same 100 of each, as two domains.
_base_ = ['./toy_shapes_16.py']
train_dataloader = dict(dataset=dict(dataset=dict(image_size=32)))
