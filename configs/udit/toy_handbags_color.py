# UDIT on rendered handbags of 16x16: black to red, with the texture kept. Harder: a wide reduction can be fooled.
# mmgentransfer train configs/udit/extractor_toy_texture.py --work-dir work_dirs/udit/extractor_toy_texture_d2 \
#     --cfg-options model.networks.classifier.reduce_dim=2
# mmgentransfer train configs/udit/toy_handbags_color.py
_base_ = [
    '../_base_/datasets/toy_handbags_color.py',
    '../_base_/models/munit_toy_16.py',
]
_kept = dict(
    type='ReducedSemanticExtractor',
    backbone=dict(type='SmallConvBackbone'),
    reduce_dim=2,
    num_classes=2,
    image_size=16,
    init_cfg=dict(type='TransferredWeights', prefix='classifier', checkpoint='work_dirs/udit/extractor_toy_texture_d2'),
)
model = dict(
    type='UDIT',
    domains=['black', 'red'],
    losses=dict(semantic=dict(type='SemanticConstraintLoss', loss_weight=1, extractor=_kept)),
)
