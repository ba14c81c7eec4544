# The handwritten digits 5, 7, 8 and 9 of ../../transferi2i/toy_biggan_mnist-32x32.py as one domain and 6 as the other.
_digits = dict(type='Digits', image_size=32, split='train', num_per_class=100)
train_dataloader = dict(
    batch_size=8,  # of each domain
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='UnpairedDomains',
        rounds=100,
        domains={'others': dict(classes=[5, 7, 8, 9], **_digits), '6': dict(classes=[6], **_digits)},
    ),
)
