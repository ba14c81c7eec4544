"""Self-attention over feature maps."""

from __future__ import annotations

import pytest
import torch

from mmgentransfer.models.layers.attention import SelfAttention
from mmgentransfer.models.layers.spectral import raw_weight


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


class TestSelfAttention:
    def test_formula(self):
        attention = SelfAttention(16).eval()
        with torch.no_grad():
            attention.gamma.fill_(0.5)
        x = torch.randn(2, 16, 4, 6)

        def at(conv, sample, row, column):
            return conv.weight[:, :, 0, 0] @ x[sample, :, row, column]

        def pooled(conv, sample, row, column):
            window = [at(conv, sample, 2 * row + i, 2 * column + j) for i in (0, 1) for j in (0, 1)]
            return torch.stack(window).amax(dim=0)

        got = attention(x)
        places = [(row, column) for row in range(2) for column in range(3)]
        for sample, row, column in ((0, 0, 0), (1, 3, 5), (1, 2, 1)):
            query = at(attention.query, sample, row, column)
            products = torch.stack([query @ pooled(attention.key, sample, *place) for place in places])
            weights = products.exp() / products.exp().sum()
            mixed = sum(w * pooled(attention.value, sample, *place) for w, place in zip(weights, places))
            wanted = x[sample, :, row, column] + 0.5 * attention.output.weight[:, :, 0, 0] @ mixed
            torch.testing.assert_close(got[sample, :, row, column], wanted, atol=1e-5, rtol=1e-4)

    def test_starts_as_the_identity(self):
        x = torch.randn(2, 8, 4, 4)
        assert torch.equal(SelfAttention(8)(x), x)

    def test_differentiable_twice(self):
        attention = SelfAttention(8).eval()
        with torch.no_grad():
            attention.gamma.fill_(1.0)
        x = torch.randn(2, 8, 4, 4, requires_grad=True)
        (gradient,) = torch.autograd.grad(attention(x).square().sum(), x, create_graph=True)
        gradient.square().sum().backward()
        assert raw_weight(attention.query).grad.abs().max() > 0
        assert torch.autograd.gradcheck(attention.double(), x.detach().double().requires_grad_(), atol=1e-4)
