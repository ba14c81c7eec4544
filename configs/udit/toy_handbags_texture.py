# UDIT on rendered handbags of 16x16: flat to striped, with the colour kept. Half a minute on a free CPU core.
# mmgentransfer train configs/udit/extractor_toy_color.py
# mmgentransfer train configs/udit/toy_handbags_texture.py
_base_ = [
    '../_base_/datasets/toy_handbags_texture.py',
    '../_base_/models/munit_toy_16.py',
]
_kept = dict(
    type='ReducedSemanticExtractor',
    backbone=dict(type='SmallConvBackbone'),
    reduce_dim=8,
    num_classes=2,
    image_size=16,
    init_cfg=dict(type='TransferredWeights', prefix='classifier', checkpoint='work_dirs/udit/extractor_toy_color'),
)
model = dict(
    type='UDIT',
    domains=['flat', 'textured'],
    losses=dict(semantic=dict(type='SemanticConstraintLoss', loss_weight=1, extractor=_kept)),
)
