# SDIT of attributes that combine freely, on drawn faces at 32x32; of blond and brown hair a face has one.
_base_ = ['../_base_/sdit_toy.py']
_attributes = ['bangs', 'eyeglasses', 'smile', 'blond', 'brown']
_of_attributes = dict(exclusive=False)
model = dict(
    domains=_attributes,
    exclusive_groups=[['blond', 'brown']],
    networks=dict(
        generator=dict(
            base_channels=16,
            encoder=dict(num_blocks=2),
            mapping=dict(hidden=64),
            translator=dict(num_blocks=2),
            attention=dict(num_blocks=1),
        ),
        discriminator=dict(image_size=32, base_channels=16, num_layers=4),
    ),
    losses=dict(discriminator_domain=_of_attributes, generator_domain=_of_attributes),
)
_faces = dict(type='ToyAttributeFaces', image_size=32, selected=_attributes)
train_dataloader = dict(dataset=dict(num_images=2000, **_faces))
val_dataloader = dict(dataset=dict(num_images=200, split='test', **_faces))
_classifier = dict(type='DigitClassifier', image_size=32, in_channels=3, width=8)
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    metrics=[
        dict(type='ForwardClassification', classifier=_classifier, lr=2e-3, iters=300),
        dict(type='LPIPSDiversity', pairing='within_input', distance='pixel'),
    ],
)
test_dataloader, test_evaluator = val_dataloader, val_evaluator
train_cfg = dict(type='GameTrainLoop', max_iters=2000, val_interval=1000)
