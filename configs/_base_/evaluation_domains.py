# Translations of test images to every other domain, 10 of each for methods with codes: how they differ within a domain
# and for one input, and what is lost of an image that keeps its own. `dataset` is a config's own. LPIPS needs its
# weights' file.
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='stack_batch'),
)
val_cfg = dict(type='DomainTranslationLoop', num_samples=10)
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    metrics=[
        dict(type='LPIPSDiversity', pairing='within_domain'),
        dict(type='LPIPSDiversity', pairing='within_input'),
        dict(type='ReconstructionL1'),
    ],
)
