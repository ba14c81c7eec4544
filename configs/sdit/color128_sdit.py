# SDIT between four colours of objects at 128x128: thesis table 6.3 and figure 6.7 (a).
_base_ = ['../_base_/sdit_40k.py']
_domains = ['yellow', 'blue', 'green', 'orange']
model = dict(domains=_domains, networks=dict(generator=dict(num_domains=4), discriminator=dict(num_domains=4)))
_objects = dict(type='LabelledImageFolder', image_size=128, class_order=_domains, cache='ram')
train_dataloader = dict(batch_size=20, dataset=dict(data_root='data/colour/train', **_objects))  # 4 of each update
val_dataloader = dict(dataset=dict(data_root='data/colour/test', **_objects))
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    metrics=[
        dict(type='ReverseClassification'),
        dict(type='LPIPSDiversity', pairing='within_domain'),
        dict(type='LPIPSDiversity', pairing='within_input'),
    ],
)
test_dataloader, test_evaluator = val_dataloader, val_evaluator
