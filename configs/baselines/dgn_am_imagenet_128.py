# DGN-AM on BigGAN's ImageNet model, towards a class of ImageNet (thesis Table 3.2, on-manifold). The code is z and the
# class embedding; the classifier is torchvision's ResNet-50. The published row uses the authors' own generator, of
# a CaffeNet's codes. Steps as on the digits: nothing else has been tried. The other classes: tape player 848, broccoli
# 937, fire engine 555, harvester 595.
_base_ = [
    '../default_runtime.py',
    '../_base_/datasets/imagenet_cock_128.py',
    '../_base_/evaluation_few_shot.py',
]
_source = dict(type='TransferredWeights', checkpoint='checkpoints/biggan_imagenet_128.pth', prefix='generator')
model = dict(
    type='DGNAM',
    data_preprocessor=dict(type='ImagePreprocessor'),
    networks=dict(
        generator=dict(type='BigGANGenerator', image_size=128, noise_size=120, num_classes=1000, init_cfg=_source),
        classifier=dict(type='TorchvisionClassifier', arch='resnet50', weights='IMAGENET1K_V1'),
    ),
    target=7,
    step_size=0.05,
    decay=0.002,
)
optim_wrapper = dict(constructor='PlayerOptimWrappers')
train_cfg = dict(type='GameTrainLoop', max_iters=0)
val_evaluator = dict(
    metrics=[
        dict(type='FID', extractor='inception'),
        dict(type='KMMD', extractor='inception'),
        dict(type='InferenceTime'),
    ]
)
test_evaluator = val_evaluator
default_hooks = dict(sample_grid=dict(num=None, interval=1))
