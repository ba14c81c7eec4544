"""Miners."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmgentransfer.models.miners import MLPMiner
from mmgentransfer.registry import MODELS


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def built(**kwargs):
    miner = MLPMiner(**kwargs)
    miner.init_weights()
    return miner


@pytest.mark.parametrize(
    ('kwargs', 'expected'),
    [
        ({'dims': (8, 64, 128, 256, 512), 'norm': 'pixel'}, 173_504),
        ({'dims': (8, 32, 64, 128)}, 10_720),
        ({'dims': (128, 128, 128, 128, 120)}, 65_016),
        ({'dims': (128, 128, 128, 128, 128)}, 66_048),
        ({'dims': (16, 16, 16)}, 544),
        ({'dims': (128, 128, 128)}, 33_024),
        ({'dims': (4, 128, 128)}, 17_152),
        ({'dims': (4, 16, 16)}, 352),
        ({'dims': (120, 120, 120, 120, 120), 'act': None, 'spectral_norm': True}, 58_080),
        ({'dims': (120, 120, 120, 120, 128), 'act': None, 'spectral_norm': True}, 59_048),
        ({'dims': (512, 512, 512)}, 525_312),
    ],
    ids=lambda v: '-'.join(map(str, v['dims'])) if isinstance(v, dict) else str(v),
)
def test_parameter_counts(kwargs, expected):
    assert sum(p.numel() for p in MLPMiner(**kwargs).parameters()) == expected


def test_interface():
    miner = MODELS.build({'type': 'MLPMiner', 'dims': [8, 32, 64]})
    assert (miner.in_features, miner.out_features) == (8, 64)
    assert miner(torch.randn(5, 8)).shape == (5, 64)


@pytest.mark.parametrize('act', ['relu', None])
@pytest.mark.parametrize('norm', ['pixel', None])
def test_definition(act, norm):
    miner = built(dims=(4, 6, 5, 3), act=act, norm=norm)
    with torch.no_grad():
        for layer in miner.layers:
            layer.bias.normal_()
    x = u = torch.randn(7, 4)
    for i, layer in enumerate(miner.layers):
        x = x @ layer.weight.T + layer.bias
        if i < 2:
            x = x.clamp(min=0) if act else x
            x = x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt() if norm else x
    torch.testing.assert_close(miner(u), x)


class TestInitialisation:
    def test_scaled_to_the_fan_in(self):
        miner = built(dims=(400, 300, 500))
        assert miner.layers[0].weight.std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
        assert miner.layers[1].weight.std().item() == pytest.approx((1 / 300) ** 0.5, rel=0.02)
        assert all(layer.bias.eq(0).all() for layer in miner.layers)
        # Normal, not uniform: the largest of 120,000 values is beyond four standard deviations.
        assert miner.layers[0].weight.abs().max() > 4 * (2 / 400) ** 0.5

    def test_linear_miner_has_the_gain_of_a_linear_map(self):
        miner = built(dims=(400, 300, 500), act=None)
        assert miner.layers[0].weight.std().item() == pytest.approx((1 / 400) ** 0.5, rel=0.02)

    @pytest.mark.parametrize('kwargs', [{}, {'norm': 'pixel'}, {'act': None}])
    def test_latents_start_with_a_variance_near_one(self, kwargs):
        latents = built(dims=(128, 256, 256, 256), **kwargs)(torch.randn(512, 128))
        assert latents.var().item() == pytest.approx(1, abs=0.25)

    def test_normal(self):
        miner = built(dims=(300, 200, 300), init={'type': 'normal', 'std': 0.3})
        assert all(layer.weight.std().item() == pytest.approx(0.3, rel=0.02) for layer in miner.layers)

    @pytest.mark.parametrize('spectral_norm', [True, False])
    def test_orthogonal(self, spectral_norm):
        miner = built(dims=(12, 12, 12), init={'type': 'orthogonal'}, spectral_norm=spectral_norm)
        for layer in miner.layers:
            torch.testing.assert_close(layer.weight @ layer.weight.T, torch.eye(12), atol=1e-4, rtol=0)

    @pytest.mark.parametrize(
        'init', [{'type': 'uniform'}, {'type': 'normal'}, {'type': 'orthogonal', 'std': 1.0}, {'std': 0.1}]
    )
    def test_unknown(self, init):
        with pytest.raises(ValueError, match=r"init=.* is unknown: use dict\(type='scaled'\)"):
            MLPMiner(dims=(4, 4), init=init)

    def test_init_cfg_is_applied_last_and_once(self):
        miner = built(dims=(4, 6, 3), init_cfg={'type': 'Constant', 'layer': 'Linear', 'val': 0.25})
        assert all(layer.weight.eq(0.25).all() for layer in miner.layers)
        miner.init_weights()
        assert all(layer.weight.eq(0.25).all() for layer in miner.layers)


class TestSpectralNorm:
    def test_largest_singular_value_is_one(self):
        miner = built(dims=(16, 16, 24), init={'type': 'normal', 'std': 3.0}, spectral_norm=True)
        for _ in range(100):
            miner(torch.randn(2, 16))
        for layer in miner.layers:
            assert torch.linalg.matrix_norm(layer.weight, ord=2).item() == pytest.approx(1, abs=2e-3)

    def test_estimate_is_up_to_date_right_after_the_initialisation(self):
        miner = built(dims=(16, 16, 24), init={'type': 'normal', 'std': 3.0}, spectral_norm=True).eval()
        for layer in miner.layers:
            assert torch.linalg.matrix_norm(layer.weight, ord=2).item() == pytest.approx(1, abs=0.1)

    def test_eval_mode_moves_nothing(self):
        miner = built(dims=(8, 8), spectral_norm=True).eval()
        before = {k: v.clone() for k, v in miner.state_dict().items()}
        miner(torch.randn(4, 8))
        assert all(torch.equal(v, before[k]) for k, v in miner.state_dict().items())


def test_gradient_passes_through_to_every_layer_and_the_noise():
    miner = built(dims=(8, 16, 16, 4), norm='pixel')
    u = torch.randn(32, 8, requires_grad=True)
    miner(u).square().sum().backward()
    assert u.grad.abs().max() > 0
    assert all(p.grad.isfinite().all() and p.grad.abs().max() > 0 for p in miner.parameters())


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        ({'dims': (8,)}, r'dims=\(8,\)'),
        ({'dims': (8, 0, 4)}, r'dims=\(8, 0, 4\)'),
        ({'dims': (8, 4), 'act': 'gelu'}, "act='gelu'"),
        ({'dims': (8, 4), 'norm': 'batch'}, "norm='batch'"),
    ],
)
def test_wrong_settings(kwargs, match):
    with pytest.raises(ValueError, match=match):
        MLPMiner(**kwargs)


@pytest.mark.parametrize('shape', [(5, 7), (8,), (2, 3, 8)])
def test_wrong_noise(shape):
    with pytest.raises(ValueError, match=r'\(N, 8\)'):
        MLPMiner(dims=(8, 4))(torch.randn(shape))


def test_layers_are_linear_with_bias():
    assert all(isinstance(m, nn.Linear) and m.bias is not None for m in MLPMiner(dims=(8, 4, 2)).layers)
