# A classifier of real digits. Its 256 features stand in for Inception's in the scores of the digit experiments
# (fid_digits, kmmd_digits), and its decisions give classifier_error_digits.
_base_ = ['../default_runtime.py', '../_base_/datasets/digits_28.py']

model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
    networks=dict(classifier=dict(type='DigitClassifier', image_size=28)),
    losses=dict(cross_entropy=dict(type='AuxiliaryClassifierLoss')),
    moves=[dict(player='classifier')],
)
optim_wrapper = dict(
    constructor='PlayerOptimWrappers', classifier=dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.999)))
)
train_dataloader = dict(batch_size=100, dataset=dict(labelled=True, split='all'))
train_cfg = dict(type='GameTrainLoop', max_iters=300)
val_dataloader = None
test_dataloader = None
default_hooks = dict(checkpoint=dict(interval=300), sample_grid=None)
