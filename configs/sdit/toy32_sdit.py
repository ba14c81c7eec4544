# SDIT between four hues of objects at 32x32. With the weights of 16x16 (reconstruction 10, latent code 3) the code, not
# the input, rules shape and place; with a reconstruction of 50 alone it does nothing.
_base_ = ['../_base_/sdit_toy_hues.py']
_latent = dict(loss_weight=10)
model = dict(
    domains=['yellow', 'blue', 'green', 'orange'],
    networks=dict(
        generator=dict(
            num_domains=4,
            base_channels=16,
            encoder=dict(num_blocks=2),
            mapping=dict(code_dim=2, hidden=64),
            translator=dict(num_blocks=2),
            attention=dict(num_blocks=1),
        ),
        discriminator=dict(num_domains=4, image_size=32, base_channels=16, num_layers=4, code_head=dict(code_dim=2)),
    ),
    losses=dict(reconstruction=dict(loss_weight=50), generator_latent=_latent, discriminator_latent=_latent),
)
_side = dict(image_size=32)
train_dataloader = dict(dataset=_side)
val_dataloader = dict(dataset=_side)
_classifier = dict(classifier=dict(type='DigitClassifier', in_channels=3, width=8, **_side), lr=2e-3, iters=300)
val_evaluator = dict(
    metrics=[
        dict(type='ForwardClassification', **_classifier),
        dict(type='ReverseClassification', **_classifier),
        dict(type='LPIPSDiversity', pairing='within_input', distance='pixel'),
        dict(type='DiversityLocalization'),
    ],
)
test_dataloader, test_evaluator = val_dataloader, val_evaluator
train_cfg = dict(type='GameTrainLoop', max_iters=1500, val_interval=1500)
