"""Spectral normalisation of layers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmgentransfer.models.layers.spectral import raw_weight, reset_spectral, spectral


@pytest.mark.parametrize('layer', [nn.Linear(6, 4), nn.Conv2d(3, 5, 3), nn.Embedding(7, 4)])
def test_largest_singular_value_becomes_one(layer):
    raw = layer.weight.detach().clone()
    module = spectral(layer)
    assert module is layer
    reset_spectral(module, 200)
    module.eval()
    assert torch.equal(raw_weight(module), raw)
    largest = torch.linalg.matrix_norm(raw.flatten(1), 2)
    torch.testing.assert_close(module.weight, raw / largest, rtol=1e-4, atol=1e-5)


def test_one_power_iteration_a_use_in_training_and_none_in_evaluation():
    torch.manual_seed(0)
    layer = spectral(nn.Linear(6, 4))
    norm = layer.parametrizations.weight[0]
    norm._u.copy_(nn.functional.normalize(torch.ones(4), dim=0))
    norm._v.copy_(nn.functional.normalize(torch.ones(6), dim=0))
    weight, u, v = raw_weight(layer).detach(), norm._u.clone(), norm._v.clone()
    layer.eval()
    torch.testing.assert_close(layer.weight, weight / (u @ weight @ v))
    assert torch.equal(norm._u, u)
    layer.train()
    layer(torch.randn(2, 6))
    u = nn.functional.normalize(weight @ v, dim=0)
    v = nn.functional.normalize(weight.T @ u, dim=0)
    torch.testing.assert_close(norm._u, u)
    torch.testing.assert_close(norm._v, v)


def test_weight_of_a_plain_layer_is_its_weight():
    layer = nn.Linear(2, 2)
    assert raw_weight(layer) is layer.weight
    reset_spectral(layer)  # has none, and is left alone


def test_reset_follows_a_changed_weight_and_keeps_the_mode():
    layer = spectral(nn.Linear(6, 6))
    with torch.no_grad():
        raw_weight(layer).copy_(torch.diag(torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 10.0])))
    layer.eval()
    reset_spectral(layer, 50)
    assert not layer.parametrizations.weight[0].training
    assert layer.weight[5, 5].item() == pytest.approx(1.0, abs=1e-4)
