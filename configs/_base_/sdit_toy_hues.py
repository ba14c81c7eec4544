# Discs, squares and triangles on bright gradients at 16x16, in four hues, of any saturation and lightness: 2,000 to
# learn from, 400 to score on, with masks.
_base_ = ['./sdit_toy.py']
_objects = dict(
    type='ToyObjects',
    image_size=16,
    colours=['yellow', 'blue', 'green', 'orange'],
    colour_space='hsv',
    shapes=['disc', 'square', 'triangle'],
    background='gradient',
    background_range=(0.6, 0.9),
    size=(0.44, 0.69),
    position=(0.2, 0.8),
    labelled='colour',
)
train_dataloader = dict(dataset=dict(num_per_class=500, **_objects))
val_dataloader = dict(dataset=dict(num_per_class=100, split='test', with_masks=True, **_objects))
_classifier = dict(classifier=dict(type='DigitClassifier', image_size=16, in_channels=3, width=8), lr=2e-3, iters=300)
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    metrics=[
        dict(type='ForwardClassification', **_classifier),
        dict(type='ReverseClassification', **_classifier),
        dict(type='LPIPSDiversity', pairing='within_input', distance='pixel'),
        dict(type='DiversityLocalization'),
    ],
)
test_dataloader, test_evaluator = val_dataloader, val_evaluator
