# The texture of rendered handbags of 16x16, at D = 8: what a UDIT that changes their colour keeps. Seconds.
_base_ = ['extractor_toy_color.py']
_texture = dict(dataset=dict(labelled='texture'))
train_dataloader, val_dataloader, test_dataloader = _texture, _texture, _texture
