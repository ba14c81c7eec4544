# A classifier of the digits 5 to 9 at 32x32, by which configs/transferi2i/toy_biggan_mnist-32x32.py is scored. Some
# seconds.
_base_ = ['digits_28.py']
model = dict(networks=dict(classifier=dict(image_size=32, num_classes=5)))
train_dataloader = dict(dataset=dict(image_size=32, classes=[5, 6, 7, 8, 9], relabel=True))
