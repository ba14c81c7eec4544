# digits.py with the independent Wasserstein critic (thesis eq. 2.6) as its test, the form of the IW of Tables 2.1 to
# 2.4: a new critic tells the 400 images of the digit that no run trains on from generated ones.
# mmgentransfer train configs/transfergan/digits_iw.py --test
_base_ = ['digits.py']
test_cfg = dict(num_images=400)
test_evaluator = dict(
    extractors=dict(_delete_=True),
    metrics=[
        dict(
            type='IndependentWasserstein', critic=dict(type='WGANGPCritic28', dim=16), iters=300, batch_size=32, lr=1e-3
        )
    ],
)
