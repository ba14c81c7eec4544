# Source GAN on MNIST, conditional: a one-hot class beside z in the generator, one-hot planes beside the image in the
# critic (thesis section A.2.2). 30,000 iterations with batches of 50, as in the authors' code.
_base_ = './source_mnist_uncond.py'
model = dict(networks=dict(generator=dict(num_classes=10), critic=dict(num_classes=10)))
train_cfg = dict(max_iters=30000)
