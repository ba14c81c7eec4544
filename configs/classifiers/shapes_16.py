# A classifier of five shapes, red or blue, at 16x16, in whose features configs/transferi2i/toy_few_images.py compares
# images, and which recognises 97 of 100 discs and squares or more. Half a minute.
_base_ = ['objects_32.py']
model = dict(networks=dict(classifier=dict(image_size=16, num_classes=5)))
optim_wrapper = dict(classifier=dict(optimizer=dict(lr=2e-3)))
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ToyObjects',
        image_size=16,
        shapes=['disc', 'square', 'triangle', 'cross', 'ring'],
        colours=['red', 'blue'],
        num_per_class=2000,
        seed=1,
        labelled='shape',
        background_range=(0.05, 0.15),
        size=(0.35, 0.55),
        position=(0.1, 0.9),
    )
)
train_cfg = dict(max_iters=1500)
default_hooks = dict(checkpoint=dict(interval=1500))
