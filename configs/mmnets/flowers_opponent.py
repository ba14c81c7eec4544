# M&MNets with pseudo-pairs on opponent colours of ten flowers: R - G with G - B, and R - G of other images with RGB;
# G - B to RGB never met (thesis table 4.1). The accuracy is that of configs/classifiers/flowers_128.py; without it the
# distance from the true images is left. Data: tools/dataset_converters/flowers_opponent.py
_base_ = [
    '../_base_/datasets/mmnets_loaders.py',
    '../_base_/mmnets_opponent_100k.py',
    '../_base_/evaluation_opponent.py',
]
_data = dict(
    type='AlignedModalities',
    data_root='data/flowers_opponent',
    image_size=128,
    modalities=dict(
        theta1=dict(type='OpponentReader', channel='theta1', folder='rgb'),
        theta2=dict(type='OpponentReader', channel='theta2', folder='rgb'),
        theta3=dict(type='ImageReader', folder='rgb'),
    ),
    cache='ram',
)
train_dataloader = dict(
    batch_size=4,  # of each set
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        dataset=dict(**_data, split='train'),
        sets=dict(T12=['theta1', 'theta2'], T13=['theta1', 'theta3']),
        split_file='data/flowers_opponent/sets.json',
    ),
)
_classes = ['passion_flower', 'petunia', 'rose', 'wallflower', 'watercress']
_classes += ['water_lily', 'cyclamen', 'foxglove', 'frangipani', 'hibiscus']
val_dataloader = dict(num_workers=0, dataset=dict(**_data, split='test', class_order=_classes))
test_dataloader = val_dataloader
val_evaluator = dict(
    metrics=[
        dict(type='MapError', modality='theta3'),
        dict(
            type='TranslatedClassifierAccuracy',
            modality='theta3',
            extractor=dict(
                type='ClassifierFeatures',
                classifier=dict(type='TorchvisionClassifier', arch='resnet18', num_classes=10),
                checkpoint='work_dirs/classifiers/flowers_128',
                hint='mmgentransfer train configs/classifiers/flowers_128.py',
            ),
        ),
        dict(type='AlignmentFactor'),
    ]
)
test_evaluator = val_evaluator
