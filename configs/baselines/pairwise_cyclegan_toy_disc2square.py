# The CycleGAN of cyclegan_toy_disc2square.py as a translator from discs to squares, scored as the others are.
# Nothing is trained: a run of 0 iterations scores it.
_base_ = ['cyclegan_toy_disc2square.py', '../_base_/evaluation_toy_disc2square_32.py']
_domains = ['disc', 'square']
model = dict(
    _delete_=True,
    type='PairwiseTranslators',
    domains=_domains,
    data_preprocessor=dict(type='ImagePreprocessor'),
    pairs=[
        dict(domains=_domains, model={{_base_.model}}, checkpoint='work_dirs/baselines/cyclegan_toy_disc2square'),
    ],
)
optim_wrapper = dict(_delete_=True, constructor='PlayerOptimWrappers')
train_cfg = dict(max_iters=0)
