# Ten scene classes of LSUN with labels (thesis section 2.4.2): data/lsun10/<class>/train. The reference are the 10,000
# images of each class, also for models that were trained on fewer of them.
_base_ = './target_loaders_64.py'
_lsun10 = dict(
    _delete_=True,
    type='LabelledImageFolder',
    data_root='data/lsun10',
    image_size=64,
    split='train',
    class_order=[
        'bedroom',
        'kitchen',
        'dining_room',
        'conference_room',
        'living_room',
        'bridge',
        'tower',
        'classroom',
        'church_outdoor',
        'restaurant',
    ],
    num_per_class=10000,
)
train_dataloader = dict(dataset=_lsun10)
val_dataloader = dict(dataset=_lsun10)
test_dataloader = val_dataloader
