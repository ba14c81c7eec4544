# A classifier of five shapes, red or blue, at 32x32, in whose features configs/transferi2i/toy_shapes_32.py compares
# images. It sees shapes alone: both colours have all five. Half a minute.
_base_ = ['shapes_16.py']
model = dict(networks=dict(classifier=dict(image_size=32)))
train_dataloader = dict(dataset=dict(image_size=32))
