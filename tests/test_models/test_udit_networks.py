"""MUNIT's networks and those with pooling indices: sizes, shapes, and what their layers compute."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mmgentransfer.models.backbones import MultiScaleDiscriminator
from mmgentransfer.models.layers import ConditionalInstanceNorm, MUNITLayerNorm
from mmgentransfer.models.methods.udit.networks import (
    AdaINMLP,
    ContentCode,
    MUNITContentEncoder,
    MUNITDecoder,
    MUNITStyleEncoder,
)
from mmgentransfer.models.methods.udit.pool_index_networks import (
    PoolIndexContentEncoder,
    PoolIndexDecoder,
    PoolIndexStyleEncoder,
)

PIXELS = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])


def size(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ('kind', 'options', 'wanted'),
    [
        (MUNITContentEncoder, {}, 5_385_856),
        (MUNITStyleEncoder, {}, 2_764_936),
        (MUNITDecoder, {}, 6_875_395),
        (MultiScaleDiscriminator, {}, 8_271_171),
        (PoolIndexContentEncoder, {}, 40_555_136),
        (PoolIndexStyleEncoder, {}, 667_272),
        (PoolIndexDecoder, {}, 40_754_563),
        (PoolIndexDecoder, dict(sharing='per_layer'), 42_201_987),
        (PoolIndexContentEncoder, dict(res_kernel=3), 9_097_856),
        (PoolIndexDecoder, dict(res_kernel=3), 9_297_283),
    ],
)
def test_sizes(kind, options, wanted):
    with torch.device('meta'):
        assert size(kind(**options)) == wanted


def test_shapes_at_128():
    with torch.device('meta'):
        images, style = torch.empty(2, 3, 128, 128), torch.empty(2, 8)
        code = MUNITContentEncoder()(images)
        assert code.content.shape == (2, 256, 32, 32)
        assert code.side == ()
        assert MUNITStyleEncoder()(images).shape == (2, 8)
        decoder = MUNITDecoder()
        assert size(decoder.mlp) == 1_120_768
        assert decoder.mlp.heads[0].out_features == 4096
        assert decoder(code, style).shape == images.shape
        maps = MultiScaleDiscriminator()(images)
        assert [tuple(m.shape) for m in maps] == [(2, 1, 8, 8), (2, 1, 4, 4), (2, 1, 2, 2)]
        code = PoolIndexContentEncoder(res_kernel=3)(images)
        assert code.content.shape == (2, 256, 16, 16)
        assert [tuple(s.shape[1:]) for s in code.side] == [(64, 64, 64), (128, 32, 32), (256, 16, 16)]
        assert PoolIndexStyleEncoder()(images).shape == (2, 8)
        assert PoolIndexDecoder(res_kernel=3)(code, style).shape == images.shape


@pytest.mark.parametrize(
    ('options', 'side', 'wanted'),
    [
        (dict(), 64, [4, 2, 1]),
        (dict(num_layers=3), 32, [4, 2, 1]),
        (dict(num_layers=2), 32, [8, 4, 2]),
        (dict(num_layers=2, num_scales=1), 16, [4]),
    ],
)
def test_discriminators_maps_at_small_sides(options, side, wanted):
    maps = MultiScaleDiscriminator(base_channels=2, **options)(torch.zeros(1, 3, side, side))
    assert [m.shape[-1] for m in maps] == wanted


def test_images_too_small_for_the_discriminator():
    with pytest.raises(ValueError, match='at least 64, got 32x32'):
        MultiScaleDiscriminator(base_channels=2)(torch.zeros(1, 3, 32, 32))


def test_second_scale_sees_the_average_of_what_lies_inside():
    network = MultiScaleDiscriminator(base_channels=2, num_layers=1, num_scales=2)
    images = torch.rand(1, 3, 8, 8)
    corner = images[0, :, :2, :2].mean((1, 2))  # a 3x3 window around (0, 0), of which four pixels lie inside
    small = F.avg_pool2d(images, 3, stride=2, padding=1, count_include_pad=False)
    torch.testing.assert_close(small[0, :, 0, 0], corner)
    torch.testing.assert_close(network(images)[1], network.scales[1](small))


def test_adaptive_instance_norm():
    norm = ConditionalInstanceNorm(1)
    ten, two = torch.tensor([[10.0]]), torch.tensor([[2.0]])
    expected = torch.tensor([7.316730, 9.105577, 10.894423, 12.683271])
    torch.testing.assert_close(norm(PIXELS, two, ten).flatten(), expected, atol=1e-5, rtol=0)
    negative = norm(PIXELS, -two, ten)
    assert negative.std(unbiased=False).item() == pytest.approx(2, abs=1e-4)
    assert negative[0, 0, 0, 0] > negative[0, 0, 1, 1]


def test_munit_layer_norm():
    norm = MUNITLayerNorm(1)
    assert 0 <= norm.weight.item() < 1
    nn.init.ones_(norm.weight)
    expected = torch.tensor([-1.161886, -0.387295, 0.387295, 1.161886])
    torch.testing.assert_close(norm(PIXELS).flatten(), expected, atol=1e-5, rtol=0)
    x, wide = torch.randn(2, 3, 4, 4), MUNITLayerNorm(3)
    torch.testing.assert_close(wide(3 * x + 7), wide(x), atol=1e-4, rtol=0)


def test_order_of_shifts_and_scales():
    mlp = AdaINMLP(style_dim=2, channels=3, num_norms=2, hidden=4)
    nn.init.zeros_(mlp.heads[0].weight)
    mlp.heads[0].bias.data = torch.arange(12.0)
    (shift1, scale1), (shift2, scale2) = mlp(torch.zeros(1, 2))
    assert [v[0].tolist() for v in (shift1, scale1, shift2, scale2)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]


def test_shared_shifts_and_scales_with_a_head_each():
    mlp = AdaINMLP(style_dim=2, channels=3, num_norms=4, hidden=4, sharing='shared', heads='split')
    for head, start in zip(mlp.heads, (0.0, 3.0), strict=True):
        nn.init.zeros_(head.weight)
        head.bias.data = start + torch.arange(3.0)
    pairs = mlp(torch.zeros(1, 2))
    assert len(pairs) == 4
    assert all(shift[0].tolist() == [0, 1, 2] and scale[0].tolist() == [3, 4, 5] for shift, scale in pairs)
    mlp = AdaINMLP(style_dim=2, channels=2, num_norms=2, hidden=4, heads='split')
    for head, start in zip(mlp.heads, (0.0, 4.0), strict=True):
        nn.init.zeros_(head.weight)
        head.bias.data = start + torch.arange(4.0)
    assert [[v[0].tolist() for v in pair] for pair in mlp(torch.zeros(1, 2))] == [[[0, 1], [4, 5]], [[2, 3], [6, 7]]]


def test_pooling_and_unpooling():
    value, index = F.max_pool2d(PIXELS, 2, return_indices=True)
    assert (value.item(), index.item()) == (4, 3)
    assert F.max_unpool2d(value, index, 2).flatten().tolist() == [0, 0, 0, 4]


@pytest.mark.parametrize('use_indices', [True, False])
def test_decoder_puts_values_where_the_maxima_were(use_indices):
    torch.manual_seed(0)
    options = dict(base_channels=2, num_res=1, kernel=3, res_kernel=3)
    images, style = torch.randn(2, 3, 16, 16), torch.randn(2, 8)
    encoder = PoolIndexContentEncoder(**options)
    decoder = PoolIndexDecoder(mlp_channels=8, use_indices=use_indices, **options)
    code = encoder(images)
    swapped = ContentCode(code.content, tuple(part.flip(0) for part in code.side))
    assert torch.equal(decoder(code, style), decoder(swapped, style)) is not use_indices


def test_indices_must_be_those_of_the_encoder():
    decoder = PoolIndexDecoder(base_channels=2, num_res=1, res_kernel=3)
    with pytest.raises(ValueError, match='3 multipliers needs as many tensors of pooling indices, got 0'):
        decoder(ContentCode(torch.zeros(1, 8, 2, 2)), torch.zeros(1, 8))


def test_sides_that_can_not_be_halved_or_padded():
    with pytest.raises(ValueError, match=r'multiples of 8, got 20x16'):
        PoolIndexContentEncoder(base_channels=2, res_kernel=3)(torch.zeros(1, 3, 20, 16))
    with pytest.raises(ValueError, match='at least 32, got 16x16'):
        PoolIndexContentEncoder(base_channels=2)(torch.zeros(1, 3, 16, 16))
    smallest = MUNITContentEncoder(base_channels=2, num_res=1)
    assert smallest(torch.zeros(1, 3, smallest.min_side, smallest.min_side)).content.shape[-1] == 2
    for kind in (MUNITStyleEncoder, PoolIndexStyleEncoder):
        network = kind(base_channels=2)
        assert network(torch.zeros(1, 3, network.min_side, network.min_side)).shape == (1, 8)
        with pytest.raises(ValueError, match='at least'):
            network(torch.zeros(1, 3, network.min_side - 1, network.min_side - 1))


def test_weights_are_drawn_as_in_munit():
    torch.manual_seed(0)
    decoder = MUNITDecoder(base_channels=16)
    decoder.init_weights()
    conv, linear = decoder.blocks[0].conv1, decoder.mlp.trunk[2]
    for layer, fan_in in ((conv, conv.in_channels * 9), (linear, linear.in_features)):
        assert layer.weight.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.05)
        assert not layer.bias.any()
    discriminator = MultiScaleDiscriminator(base_channels=16)
    discriminator.init_weights()
    assert discriminator.scales[0][4].weight.std().item() == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize(
    ('make', 'message'),
    [
        (lambda: MUNITDecoder(sharing='all'), "sharing='all'"),
        (lambda: MUNITDecoder(heads='two'), "heads='two'"),
        (lambda: MUNITDecoder(mlp_layers=1), 'mlp_layers=1'),
        (lambda: MUNITDecoder(num_res=0), 'num_res=0 must be at least 1'),
        (lambda: PoolIndexContentEncoder(kernel=4), 'kernel=4 must be an odd number'),
        (lambda: PoolIndexDecoder(base_channels=2, res_kernel=2), 'res_kernel=2 must be an odd number'),
        (lambda: MultiScaleDiscriminator(num_scales=0), 'num_scales=0 must be at least 1'),
    ],
)
def test_wrong_options(make, message):
    with pytest.raises(ValueError, match=message):
        make()
