# UDIT on Handbags-color: flat black bags (A) to red ones, mostly textured (B); the texture is kept
# (extractor_handbags_texture.py).
_base_ = ['../_base_/datasets/biased_handbags_color.py', '../_base_/models/munit_pool_index.py']
model = dict(
    type='UDIT',
    domains=['A', 'B'],
    losses=dict(
        semantic=dict(
            type='SemanticConstraintLoss',
            loss_weight=10,
            extractor=dict(
                type='ReducedSemanticExtractor',
                backbone=dict(type='TorchvisionBackbone'),
                reduce_dim=32,
                num_classes=2,
                init_cfg=dict(
                    type='TransferredWeights',
                    prefix='classifier',
                    checkpoint='work_dirs/udit/extractor_handbags_texture/best',
                ),
            ),
        )
    ),
)
