# Attributes of CelebA's faces, the centre 178 x 178 of each at 128 x 128; 2,000 test images. Scored by identity,
# through VGG-Face, and by diversity (thesis tables 6.1 and 6.2).
_base_ = ['./sdit_40k.py']
_of_attributes = dict(exclusive=False)
model = dict(losses=dict(discriminator_domain=_of_attributes, generator_domain=_of_attributes))
_faces = dict(
    type='AttributeImages',
    data_root='data/celeba/img_align_celeba',
    table='data/celeba/list_attr_celeba.txt',
    image_size=128,
    crop=178,
    cache='none',
)
train_dataloader = dict(batch_size=80, dataset=dict(split='train', **_faces))  # 16 of each update
val_dataloader = dict(dataset=dict(split='test', **_faces))
val_evaluator = dict(
    type='DomainTranslationEvaluator',
    extractors=dict(vggface=dict(type='VGGFaceFeatures', weights='checkpoints/vgg_face_dag.pth')),
    metrics=[
        dict(type='IDDistance', extractor='vggface'),
        dict(type='LPIPSDiversity', pairing='within_domain'),
        dict(type='LPIPSDiversity', pairing='within_input'),
    ],
)
test_dataloader, test_evaluator = val_dataloader, val_evaluator
