# The colour, of 500 images of each of eleven: what a UDIT that changes the texture of handbags keeps (section 5.6.7).
_base_ = ['../_base_/models/semantic_extractor.py']
_colours = ['black', 'blue', 'brown', 'green', 'grey', 'orange', 'pink', 'purple', 'red', 'white', 'yellow']
_images = dict(type='LabelledImageFolder', data_root='data/colour_names', image_size=128, class_order=_colours)
model = dict(networks=dict(classifier=dict(reduce_dim=8, num_classes=11)))
train_dataloader = dict(dataset=dict(_images, num_per_class=450))
val_dataloader = dict(dataset=dict(_images, num_per_class=50, skip=450))
test_dataloader = val_dataloader
train_cfg = dict(type='GameTrainLoop', max_iters=3100, val_interval=310)  # 20 epochs
