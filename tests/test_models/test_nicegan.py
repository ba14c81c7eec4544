"""NICE-GAN: its networks, who learns from what, translations and what it refuses."""

import numpy as np
import pytest
import torch
from domain_baseline_toys import SIDE, nicegan_config, noise, two_domains
from translator_toys import build, learners, optimizers, prepared

from mmgentransfer.models.baselines import NICEGANDiscriminator, NICEGANGenerator
from mmgentransfer.models.baselines.nicegan_networks import InstanceLayerNorm
from mmgentransfer.models.layers.spectral import raw_weight

D = {f'discriminators.{name}' for name in ('disc', 'square')}
G = {f'generators.{name}' for name in ('disc', 'square')}


def test_parameters_of_nicegan():
    with torch.device('meta'):
        sizes = [
            sum(p.numel() for p in network.parameters()) for network in (NICEGANGenerator(), NICEGANDiscriminator())
        ]

    def norm(c):  # two numbers of the mixture, scale and offset
        return 4 * c

    first = 128 * 256 * 9 + 256 + norm(256)
    blocks = 6 * (2 * 256 * 256 * 9 + 2 * 2 * 256)
    ups = sum(2 * o * o * 9 + norm(o) + o * 4 * o + 4 * o + norm(o) for o in (128, 64))
    generator = first + 4 * 256 * 256 + blocks + ups + 64 * 3 * 49

    def conv(i, o):
        return i * o * 16 + o

    encoder = conv(3, 64) + conv(64, 128) + 256 + (256 * 128 + 128) + 1
    local = conv(256, 512) + 512 * 16
    large = conv(256, 512) + conv(512, 1024) + conv(1024, 2048) + 2048 * 16
    assert sizes == [generator, encoder + conv(128, 256) + local + large] == [8_104_640, 46_874_433]


@pytest.mark.parametrize('network', [NICEGANGenerator(128, base_channels=16), NICEGANDiscriminator(base_channels=16)])
def test_weights_and_biases_are_pytorchs(network):
    network.init_weights()
    for layer in network.modules():
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)):
            weight = raw_weight(layer)
            bound = weight[0].numel() ** -0.5
            assert 0.9 * bound < weight.abs().max() <= bound
            assert layer.bias is None or 0.7 * bound < layer.bias.abs().max() <= bound


@pytest.mark.parametrize(('side', 'local', 'large'), [(256, 30, 6), (128, 14, 2)])
def test_sizes_of_score_maps(side, local, large):
    with torch.device('meta'):
        hidden, scores = NICEGANDiscriminator(base_channels=4)(torch.empty(1, 3, side, side))
    assert hidden.shape == (1, 8, side // 4, side // 4)
    assert [tuple(part.shape[1:]) for part in scores] == [(1, local, local), (1, large, large), (1,)]


def test_mixed_norm_by_hand():
    norm = InstanceLayerNorm(2, (0.0, 0.0), affine=False)  # one half of each
    x = torch.tensor([[1.0, 3.0], [5.0, 7.0]])[None, :, None, :]
    scale, offset = torch.tensor([[2.0, 1.0]]), torch.tensor([[0.0, 1.0]])
    # instance: -1, 1 in both channels; layer: mean 4, variance 5
    layer = torch.tensor([[-3.0, -1.0], [1.0, 3.0]]) / 5**0.5
    mixed = (torch.tensor([[-1.0, 1.0], [-1.0, 1.0]]) + layer) / 2
    wanted = torch.stack([2 * mixed[0], mixed[1] + 1])[None, :, None, :]
    torch.testing.assert_close(norm(x, scale, offset), wanted, rtol=1e-4, atol=1e-4)


def test_attention_weighs_the_maps_and_begins_at_nothing():
    network = NICEGANDiscriminator(base_channels=4, local_downs=0, global_downs=1)
    network.init_weights()
    network.eval()
    images = torch.randn(2, 3, SIDE, SIDE)
    plain = network.encoder(images)
    torch.testing.assert_close(network.encode(images), torch.nn.functional.leaky_relu(plain, 0.2))
    with torch.no_grad():
        network.gate.fill_(0.7)
    weighted = torch.cat([plain, plain], 1) * network.attention.weight[:, :, None, None]
    wanted = torch.nn.functional.leaky_relu(0.7 * network.mix(weighted) + plain, 0.2)
    hidden, scores = network(images)
    torch.testing.assert_close(hidden, wanted)
    pooled = torch.cat([plain.mean((2, 3)), plain.amax((2, 3))], 1)
    torch.testing.assert_close(scores.attention, network.attention(pooled))


@pytest.mark.parametrize(
    ('player', 'term', 'wanted'),
    [
        ('discriminator', 'adversarial', D),
        ('generator', 'adversarial', G),
        ('generator', 'cycle', G),
        ('generator', 'reconstruction', G),
    ],
)
def test_who_learns_from_what(player, term, wanted):
    model = build(nicegan_config())
    assert learners(model, player, prepared(model, two_domains()), term) == wanted


def test_encoders_are_left_alone_in_the_generators_move():
    model = build(nicegan_config(moves=[dict(player='generator')]))
    before = {name: p.clone() for name, p in model.discriminators.named_parameters()}
    model.train_step(two_domains(), optimizers(model))
    assert all(torch.equal(p, before[name]) for name, p in model.discriminators.named_parameters())


def test_terms_written_out():
    model = build(nicegan_config())
    batch = prepared(model, two_domains())
    a, b = batch['disc'], batch['square']
    d, g = model.discriminators, model.generators
    terms = model.generator_losses(batch)
    model.eval()  # no power iterations from here on
    terms = model.generator_losses(batch)
    fake_b, fake_a = g['square'](d['disc'].encode(a)), g['disc'](d['square'].encode(b))
    scores = [*d['square'](fake_b)[1], *d['disc'](fake_a)[1]]
    torch.testing.assert_close(terms['adversarial'], sum((s - 1).square().mean() for s in scores))
    back_a, back_b = g['disc'](d['square'].encode(fake_b)), g['square'](d['disc'].encode(fake_a))
    torch.testing.assert_close(terms['cycle'], (back_a - a).abs().mean() + (back_b - b).abs().mean())
    own_a, own_b = g['disc'](d['disc'].encode(a)), g['square'](d['square'].encode(b))
    torch.testing.assert_close(terms['reconstruction'], (own_a - a).abs().mean() + (own_b - b).abs().mean())
    real = [*d['square'](b)[1], *d['disc'](a)[1]]
    wanted = sum((r - 1).square().mean() + s.square().mean() for r, s in zip(real, scores, strict=True))
    torch.testing.assert_close(model.discriminator_losses(batch)['adversarial'], wanted)


def test_translate_both_ways_and_mixed():
    model = build(nicegan_config())
    images = noise(3).movedim(1, -1).numpy()
    there, back = (model.translate(images, target) for target in ('square', 'disc'))
    assert there.shape == images.shape
    assert there.dtype == np.uint8
    assert (there != back).any()
    mixed = model.translate(images, [[1, 0], [0, 1], [1, 0]])
    np.testing.assert_array_equal(mixed, np.stack([back[0], there[1], back[2]]))
    model.eval()
    values = model.data_preprocessor(dict(images=noise(3)))['images']
    with torch.no_grad():
        own = model.reconstruct_values(values, torch.tensor([[1.0, 0.0]] * 3))
        torch.testing.assert_close(own, model.generators['disc'](model.discriminators['disc'].encode(values)))


def test_what_nicegan_refuses():
    networks = nicegan_config()['networks']
    wrong = {name: cfg | dict(in_channels=6) for name, cfg in networks['generators'].items()}
    with pytest.raises(ValueError, match=r'generators\.disc\.in_channels is 6'):
        build(nicegan_config(networks=networks | dict(generators=wrong)))
    one = networks['discriminators']['disc']
    with pytest.raises(ValueError, match=r"discriminators are \['disc', 'squares'\]"):
        build(nicegan_config(networks=networks | dict(discriminators=dict(disc=one, squares=one))))
    with pytest.raises(ValueError, match='lower global_downs'):
        NICEGANDiscriminator(base_channels=4)(torch.zeros(1, 3, 64, 64))
    with pytest.raises(ValueError, match='feature_size=8'):
        NICEGANGenerator(8, base_channels=4, num_blocks=1, feature_size=8)(torch.zeros(1, 8, 4, 4))
    with pytest.raises(ValueError, match='local_downs=-1'):
        NICEGANDiscriminator(local_downs=-1)
