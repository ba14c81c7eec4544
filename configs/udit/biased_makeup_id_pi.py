# As biased_makeup_id.py, with pooling indices.
_base_ = ['../_base_/datasets/biased_makeup.py', '../_base_/models/munit_pool_index.py']
model = dict(
    type='UDIT',
    domains=['A', 'B'],
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
