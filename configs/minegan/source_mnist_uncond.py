# Source GAN on MNIST, unconditional, all ten digits (thesis section A.2.2): 10,000 iterations with batches of 50.
# Leave a digit out with --cfg-options train_dataloader.dataset.class_order=[0,1,2,3,4,5,6,7,8] and its own --work-dir.
_base_ = [
    '../default_runtime.py',
    '../_base_/models/wgan_gp_28_mnist.py',
    '../_base_/datasets/mnist_28.py',
    '../_base_/evaluation_mnist.py',
]
train_cfg = dict(type='GameTrainLoop', max_iters=10000, val_interval=2000)
val_evaluator = dict(metrics=[dict(type='FID', extractor='inception'), dict(type='FID', extractor='digits')])
test_evaluator = val_evaluator
