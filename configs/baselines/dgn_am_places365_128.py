# DGN-AM towards a category of Places365 (thesis Table 3.2, off-manifold): alley, 4 in the authors' list. The others:
# arch 12, art gallery 19, auditorium 27, ballroom 35. The classifier is the ResNet-18 that the authors published.
_base_ = './dgn_am_imagenet_128.py'
_set = dict(data_root='data/places365/train/a/alley')
model = dict(
    networks=dict(
        classifier=dict(
            arch='resnet18',
            weights='checkpoints/resnet18_places365.pth.tar',
            prefix='module',
            num_classes=365,
        )
    ),
    target=4,
)
train_dataloader = dict(dataset=_set)
val_dataloader = dict(dataset=_set)
test_dataloader = val_dataloader
