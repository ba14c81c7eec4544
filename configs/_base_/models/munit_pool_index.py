# As munit.py, with the networks that pass pooling indices on (thesis tables A.13 to A.17).
_base_ = ['./munit.py']
model = dict(
    networks=dict(
        content_encoders=dict(type='PoolIndexContentEncoder'),
        style_encoders=dict(type='PoolIndexStyleEncoder'),
        decoders=dict(type='PoolIndexDecoder'),
    ),
)
