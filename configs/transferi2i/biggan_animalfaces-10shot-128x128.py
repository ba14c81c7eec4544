# Between 149 kinds of animal faces, ten training images of each.
# Folders are numbered from 0 in the order of the classes' names, see README.md.
_base_ = ['../_base_/transferi2i_biggan_128.py']
_num = 149
_domains = [f'{index:03d}' for index in range(_num)]
_images = dict(type='LabelledImageFolder', image_size=128, class_order=_domains, cache='none')
model = dict(
    domains=_domains,
    networks=dict(generator=dict(num_classes=_num), discriminator=dict(num_classes=_num)),
)
train_dataloader = dict(
    dataset=dict(type='WithSources', dataset=dict(data_root='data/animal_faces/train', num_per_class=10, **_images))
)
val_dataloader = dict(dataset=dict(data_root='data/animal_faces/test', **_images))
val_cfg = dict(num_inputs=100)
test_dataloader, test_cfg = val_dataloader, val_cfg
