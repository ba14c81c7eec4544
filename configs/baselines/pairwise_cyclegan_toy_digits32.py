# The CycleGAN of cyclegan_toy_digits32.py as a translator to 6, scored as the others are. Nothing is trained: a run of
# 0 iterations scores it.
_base_ = ['cyclegan_toy_digits32.py', '../_base_/evaluation_toy_digits_to_6_32.py']
_domains = ['others', '6']
model = dict(
    _delete_=True,
    type='PairwiseTranslators',
    domains=_domains,
    data_preprocessor=dict(type='ImagePreprocessor'),
    pairs=[
        dict(domains=_domains, model={{_base_.model}}, checkpoint='work_dirs/baselines/cyclegan_toy_digits32'),
    ],
)
optim_wrapper = dict(_delete_=True, constructor='PlayerOptimWrappers')
train_cfg = dict(max_iters=0)
