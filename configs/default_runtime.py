# What every experiment shares: hooks, logging, randomness. Experiments inherit it and add model, data and schedule.
default_scope = 'mmgentransfer'

default_hooks = dict(
    runtime_info=dict(type='GameInfoHook', interval=50),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='AtomicCheckpointHook', interval=1000, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    stage=dict(type='StageHook'),
    sample_grid=dict(type='SampleGridHook', num=10),
    progress=dict(type='ProgressHook'),
)
custom_hooks = []
log_processor = dict(by_epoch=False, window_size=50)
visualizer = dict(type='Visualizer', vis_backends=[dict(type='TensorboardVisBackend')])

randomness = dict(seed=0)
model_wrapper_cfg = dict(type='SelfSynchronised')
env_cfg = dict(cudnn_benchmark=True, mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
log_level = 'INFO'
load_from = None
resume = False
