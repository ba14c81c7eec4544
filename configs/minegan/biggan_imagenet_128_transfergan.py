# TransferGAN from BigGAN's ImageNet model to a class of it, whose number must be known: the one of these methods that
# needs the target's label, for the generator's embedding and the critic's projection (thesis Table 3.2, on-manifold).
# Class 7 of BigGAN's is n01514668, cock.
_base_ = ['../_base_/transfergan_biggan_128.py', '../_base_/datasets/imagenet_cock_128.py']
_label = dict(init_cfg=dict(source_class=7))
model = dict(networks=dict(generator=_label, critic=dict(projection=True, **_label)))
_set = dict(_delete_=True, type='LabelledImageFolder', data_root='data/imagenet/train', image_size=128)
train_dataloader = dict(dataset=dict(class_order=['n01514668'], num_per_class=500, **_set))
