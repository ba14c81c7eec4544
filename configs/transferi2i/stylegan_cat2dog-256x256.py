# Cat to dog: 100 images of each.
_base_ = ['../_base_/transferi2i_stylegan_256.py']
_folders = dict(cat='A', dog='B')
_images = dict(type='ImageFolder', image_size=256, num_images=100)
_train = {name: dict(data_root=f'data/cat2dog/train{part}', **_images) for name, part in _folders.items()}
_test = {name: dict(data_root=f'data/cat2dog/test{part}', **_images) for name, part in _folders.items()}
model = dict(domains=['cat', 'dog'])
train_dataloader = dict(dataset=dict(domains=_train))
val_dataloader = dict(dataset=dict(domains=_test))
test_dataloader = val_dataloader
