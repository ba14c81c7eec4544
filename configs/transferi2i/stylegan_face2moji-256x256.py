# Face to moji: 100 + 100 images to train on, 100 + 100 to score on (supplement, Table 2).
_base_ = ['../_base_/transferi2i_stylegan_256.py']
_folders = dict(face='A', moji='B')
_images = dict(type='ImageFolder', image_size=256, num_images=100)
_train = {name: dict(data_root=f'data/face2moji/train{part}', **_images) for name, part in _folders.items()}
_test = {name: dict(data_root=f'data/face2moji/test{part}', **_images) for name, part in _folders.items()}
model = dict(domains=['face', 'moji'])
train_dataloader = dict(dataset=dict(domains=_train))
val_dataloader = dict(dataset=dict(domains=_test))
test_dataloader = val_dataloader
