# UDIT on Handbags-texture: flat red bags (A) to textured ones, mostly black (B); the colour is kept
# (extractor_handbags_color.py).
_base_ = ['../_base_/datasets/biased_handbags_texture.py', '../_base_/models/munit_pool_index.py']
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
                reduce_dim=8,
                num_classes=11,
                init_cfg=dict(
                    type='TransferredWeights',
                    prefix='classifier',
                    checkpoint='work_dirs/udit/extractor_handbags_color/best',
                ),
            ),
        )
    ),
)
