# Between red discs and blue squares at 32x32, from a GAN of triangles and crosses: train toy_source_shapes-32x32.py
# first, and for the scores ../classifiers/shapes_32.py and colours_32.py.
_base_ = ['./toy_biggan_shapes-16x16.py']
_shape = dict(image_size=32, init_cfg=dict(checkpoint='work_dirs/transferi2i/toy_source_shapes-32x32'))
model = dict(
    networks=dict(
        generator=dict(channel_mults=[4, 4, 2, 1], noise_size=32, **_shape),
        discriminator=dict(channel_mults=[1, 2, 4, 4], **_shape),
    ),
)
train_dataloader = dict(dataset=dict(dataset=dict(image_size=32)))
val_dataloader = dict(dataset=dict(image_size=32))
_hint = 'python tools/train.py trains configs/classifiers/shapes_32.py and colours_32.py'
_judge = dict(classifier=dict(image_size=32), hint=_hint)
val_evaluator = dict(
    extractors=dict(
        shapes=dict(checkpoint='work_dirs/classifiers/shapes_32', **_judge),
        colours=dict(checkpoint='work_dirs/classifiers/colours_32', **_judge),
    )
)
test_dataloader, test_evaluator = val_dataloader, val_evaluator
