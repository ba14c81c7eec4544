# Batches of images of several domains; `domains`, a data set for each, are a config's own.
train_dataloader = dict(
    batch_size=1,  # of each domain
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
    dataset=dict(type='UnpairedDomains'),
)
