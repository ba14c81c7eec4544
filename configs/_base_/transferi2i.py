# What two domains and several classes share. One run has all stages; one that is left out of model.stages is skipped,
# and its networks start as their init_cfg says.
_base_ = ['../default_runtime.py']
model = dict(
    type='TransferI2I',
    data_preprocessor=dict(type='ImagePreprocessor'),
    networks=dict(encoder=dict(type='DiscriminatorEncoder'), adaptor=dict(type='HierarchicalAdaptor')),
    losses=dict(alignment=dict(type='AdaptorAlignmentLoss'), reconstruction=dict(type='FeatureReconstructionLoss')),
    moves=[dict(player='discriminator'), dict(player='generator')],
)
optim_wrapper = dict(constructor='PlayerOptimWrappers')
train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='stack_batch'),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=4,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
)
val_cfg = dict(type='DomainTranslationLoop', num_samples=1)
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    extractors=dict(inception=dict(type='InceptionFeatures')),
    metrics=[dict(type='FID', extractor='inception'), dict(type='KID', extractor='inception', scale=100)],
)
test_dataloader, test_cfg, test_evaluator = val_dataloader, val_cfg, val_evaluator
default_hooks = dict(sample_grid=dict(type='DomainTranslationGridHook'))
