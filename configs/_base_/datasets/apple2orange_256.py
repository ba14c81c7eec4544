# Apples and oranges at 256x256, 100 + 100 images to learn from and to score on (TransferI2I, Table 2), in the layout of
# CycleGAN's sets: data/apple2orange/{trainA,trainB,testA,testB}. Training images are larger, to be cut at random.
_base_ = './unpaired_folders.py'
_folders = dict(apple='A', orange='B')
train_dataloader = dict(
    dataset=dict(
        rounds=100,  # so that an apple meets other oranges each time
        domains={
            name: dict(type='ImageFolder', data_root=f'data/apple2orange/train{end}', image_size=286, num_images=100)
            for name, end in _folders.items()
        },
    )
)
val_dataloader = dict(
    batch_size=10,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='UnpairedDomains',
        domains={
            name: dict(type='ImageFolder', data_root=f'data/apple2orange/test{end}', image_size=256, num_images=100)
            for name, end in _folders.items()
        },
    ),
)
val_cfg = dict(type='DomainTranslationLoop', num_samples=1)
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    extractors=dict(inception=dict(type='InceptionFeatures')),
    metrics=[
        dict(type='FID', extractor='inception'),
        dict(type='KID', extractor='inception', subsets=50, scale=100),
    ],
)
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
