# The GAN of the digits 0 to 4 that toy_biggan_mnist-32x32.py starts from.
_base_ = ['./toy_source_shapes-32x32.py']
model = dict(networks=dict(generator=dict(num_classes=5, out_channels=1), critic=dict(num_classes=5, in_channels=1)))
train_dataloader = dict(
    dataset=dict(
        _delete_=True, type='Digits', image_size=32, split='train', classes=[0, 1, 2, 3, 4], labelled=True, relabel=True
    )
)
train_cfg = dict(max_iters=1500)
