# UDIT from Cityscapes by day (A) to Synthia, mostly by night (B); the time of day is kept (extractor_daytime.py).
_base_ = ['../_base_/datasets/biased_cityscapes_synthia.py', '../_base_/models/munit_pool_index.py']
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
                backbone=dict(type='TorchvisionBackbone'),
                reduce_dim=16,
                num_classes=2,
                init_cfg=dict(
                    type='TransferredWeights', prefix='classifier', checkpoint='work_dirs/udit/extractor_daytime/best'
                ),
            ),
        )
    ),
)
