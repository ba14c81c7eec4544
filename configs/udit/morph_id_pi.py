# UDIT on MORPH: young (A) and old (B), ten men for each woman; the identity is kept by VGG-Face.
_base_ = ['../_base_/datasets/biased_morph.py', '../_base_/models/munit_pool_index.py']
model = dict(
    type='UDIT',
    domains=['A', 'B'],
    data_preprocessor=dict(random_crop=128),
    losses=dict(
        semantic=dict(
            type='SemanticConstraintLoss',
            loss_weight=10,
            extractor=dict(
                type='ReducedSemanticExtractor',
                backbone=dict(type='VGGFaceBackbone', weights='checkpoints/vgg_face_dag.pth'),
            ),
        )
    ),
)
