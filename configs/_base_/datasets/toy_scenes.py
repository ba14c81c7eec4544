# Rendered scenes, dealt out to pairs of colour and labels (RS) and pairs of colour and depth (RD) of other scenes.
_scenes = dict(type='ToyScenes', image_size=32, modalities=['rgb', 'depth', 'segmentation'])
train_dataloader = dict(
    batch_size=8,  # of each set
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(
        type='DisjointSets',
        dataset=dict(**_scenes, num_scenes=800),
        sets=dict(RS=['rgb', 'segmentation'], RD=['rgb', 'depth']),
    ),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(**_scenes, num_scenes=128, split='test'),
)
test_dataloader = val_dataloader
