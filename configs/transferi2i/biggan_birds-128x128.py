# Between 555 birds (NABirds).
# Folders are numbered from 0 in the order of the classes' names, see README.md.
_base_ = ['../_base_/transferi2i_biggan_128.py']
_num = 555
_domains = [f'{index:03d}' for index in range(_num)]
_images = dict(type='LabelledImageFolder', image_size=128, class_order=_domains, cache='none')
model = dict(
    domains=_domains,
    networks=dict(generator=dict(num_classes=_num), discriminator=dict(num_classes=_num)),
)
train_dataloader = dict(dataset=dict(type='WithSources', dataset=dict(data_root='data/nabirds/train', **_images)))
val_dataloader = dict(dataset=dict(data_root='data/nabirds/test', **_images))
val_cfg = dict(num_inputs=100)
test_dataloader, test_cfg = val_dataloader, val_cfg
