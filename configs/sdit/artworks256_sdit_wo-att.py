# SDIT without attention between photos and the styles of three painters at 256x256: thesis table 6.4, figure 6.7 (b).
# The painters have few images; model.target_sampling=uniform asks for them as often as for photos.
_base_ = ['../_base_/sdit_40k.py']
_domains = ['photo', 'cezanne', 'ukiyoe', 'monet']
model = dict(
    domains=_domains,
    networks=dict(
        generator=dict(num_domains=4, attention=None),
        discriminator=dict(num_domains=4, image_size=256),
    ),
)
_artworks = dict(type='LabelledImageFolder', image_size=256, class_order=_domains, cache='ram')
train_dataloader = dict(batch_size=20, dataset=dict(data_root='data/artworks/train', **_artworks))  # 4 of each update
val_dataloader = dict(dataset=dict(data_root='data/artworks/test', **_artworks))
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    metrics=[
        dict(type='ReverseClassification'),
        dict(type='LPIPSDiversity', pairing='within_domain'),
        dict(type='LPIPSDiversity', pairing='within_input'),
    ],
)
test_dataloader, test_evaluator = val_dataloader, val_evaluator
