"""The networks of CycleGAN, pix2pix and StarGAN against the original papers' sizes."""

import pytest
import torch

from mmgentransfer.models.backbones import (
    EncoderDecoder,
    PatchGANDiscriminator,
    ResNetGenerator,
    StarGANDiscriminator,
    StarGANGenerator,
    UNetGenerator,
)
from mmgentransfer.models.baselines import SharedBodyTranslator
from mmgentransfer.models.step_random import StepRandom

BN = dict(type='BN')


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


# of the authors' code
@pytest.mark.parametrize(
    ('make', 'wanted'),
    [
        (lambda: ResNetGenerator(), 11_378_179),
        (lambda: ResNetGenerator(num_blocks=6), 7_837_699),
        (lambda: UNetGenerator(), 54_413_955),
        (lambda: PatchGANDiscriminator(), 2_764_737),
        (lambda: PatchGANDiscriminator(in_channels=6, norm_cfg=BN), 2_768_705),
        (lambda: StarGANGenerator(), 8_430_528),
        (lambda: StarGANDiscriminator(), 44_762_048),
    ],
)
def test_parameters(make, wanted):
    with torch.device('meta'):
        assert count(make()) == wanted


def test_one_more_domain_costs_its_maps_and_its_logit():
    with torch.device('meta'):
        assert count(StarGANGenerator(num_domains=6)) - count(StarGANGenerator()) == 7 * 7 * 64
        assert count(StarGANDiscriminator(num_domains=6)) - count(StarGANDiscriminator()) == 2048 * 2 * 2


def test_shapes_at_full_size():
    with torch.device('meta'):
        images = torch.zeros(2, 3, 256, 256)
        assert ResNetGenerator()(images).shape == images.shape
        assert UNetGenerator(out_channels=5)(images).shape == (2, 5, 256, 256)
        assert PatchGANDiscriminator()(images).shape == (2, 1, 30, 30)
        small = images[:, :, :128, :128]
        assert StarGANGenerator()(small, torch.zeros(2, 5)).shape == small.shape
        assert [x.shape for x in StarGANDiscriminator()(small)] == [(2, 1, 2, 2), (2, 5)]


def seen_side(network, side):
    """The side of the square of input pixels that the middle one of a network's scores depends on."""
    torch.manual_seed(0)
    images = torch.rand(1, network.in_channels, side, side, requires_grad=True)
    scores = network(images)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    rows = images.grad.abs().sum((0, 1, 3)).nonzero()
    return int(rows.max() - rows.min()) + 1


def test_patches_are_70_pixels():
    assert seen_side(PatchGANDiscriminator(base_channels=2, norm_cfg=None), 128) == 70
    assert seen_side(PatchGANDiscriminator(base_channels=2, norm_cfg=None, num_downs=2), 64) == 34


def test_unet_levels():
    network = UNetGenerator(base_channels=2)
    assert [down[-2 if i in (1, 2, 3, 4, 5, 6) else -1].out_channels for i, down in enumerate(network.downs)] == [
        *(2, 4, 8, 16, 16, 16, 16, 16)
    ]
    dropouts = [any(type(layer).__name__ == 'StepDropout' for layer in up) for up in network.ups]
    assert dropouts == [False, True, True, True, False, False, False, False]
    assert network.input_multiple == 256


def test_unet_skips_reach_the_output():
    """Without what comes from further inside, each level's maps still matter."""
    torch.manual_seed(0)
    network = UNetGenerator(base_channels=2, num_downs=3, norm_cfg=None).eval()
    images = torch.randn(1, 3, 8, 8)
    before = network(images)
    with torch.no_grad():
        network.ups[1][1].weight.zero_()  # nothing passes from below the first level
    after = network(images)
    other = network(images + 1)
    assert not torch.equal(before, after)
    assert not torch.equal(after, other)


def test_dropout_follows_from_the_step():
    torch.manual_seed(0)
    network = UNetGenerator(base_channels=2, num_downs=6, norm_cfg=None)
    images = torch.randn(2, 3, 64, 64)

    def output(*counters, **share):
        for module in network.modules():
            if hasattr(module, 'random'):
                module.random = StepRandom(*counters, **share)
        return network(images)

    assert torch.equal(output(0, 1), output(0, 1))
    assert not torch.equal(output(0, 1), output(0, 2))
    network.eval()
    assert torch.equal(output(0, 1), output(0, 2))


def test_dropout_keeps_the_mean():
    layer = UNetGenerator(base_channels=2, num_downs=6).ups[1][-1]
    layer.random = StepRandom(0)
    output = layer(torch.ones(4, 10, 50, 50))
    assert set(output.unique().tolist()) == {0.0, 2.0}
    assert abs(output.mean() - 1) < 0.02


def test_target_domain_matters():
    torch.manual_seed(0)
    network = StarGANGenerator(num_domains=2, base_channels=4, num_blocks=1)
    images = torch.randn(2, 3, 8, 8)
    a, b = network(images, torch.tensor([[1, 0], [1, 0]])), network(images, torch.tensor([[1, 0], [0, 1]]))
    assert torch.equal(a[0], b[0])
    assert not torch.equal(a[1], b[1])
    assert a.abs().max() <= 1


def test_modalities_have_first_layers_of_their_own():
    torch.manual_seed(0)
    network = StarGANDiscriminator({'rgb': 3, 'depth': 1}, num_domains=2, image_size=8, base_channels=4, num_downs=2)
    scores, logits = network(torch.randn(3, 1, 8, 8), 'depth')
    assert scores.shape == (3, 1, 2, 2)
    assert logits.shape == (3, 2)
    scores.sum().backward()
    assert network.first['rgb'].weight.grad is None
    assert network.first['depth'].weight.grad is not None


def shared_body(**options):
    stages = dict(stage_channels=(4, 6), stage_blocks=(1, 1), norm_cfg=dict(type='IN'), init=dict(type='kaiming'))
    body = dict(
        type='EncoderDecoder',
        encoder=dict(type='SegNetEncoder', in_channels=4, **stages),
        decoder=dict(type='SegNetDecoder', out_channels=4, **stages),
    )
    return SharedBodyTranslator(
        **(dict(channels=dict(rgb=3, depth=1), width=4, body=body, init=dict(type='kaiming')) | options)
    )


def test_shared_body_translates_in_one_pass_as_one_by_one():
    torch.manual_seed(0)
    network = shared_body()
    network.init_weights()
    items = [(torch.randn(2, 3, 8, 8), 'rgb', 'depth'), (torch.randn(3, 1, 8, 8), 'depth', 'rgb')]
    items.append((items[0][0], 'rgb', 'rgb'))
    together = network(items)
    assert [tuple(x.shape) for x in together] == [(2, 1, 8, 8), (3, 3, 8, 8), (2, 3, 8, 8)]
    for item, output in zip(items, together, strict=True):
        torch.testing.assert_close(network([item])[0], output)


def test_shared_body_knows_its_target():
    """Also where the target's last convolution is the same."""
    torch.manual_seed(0)
    network = shared_body(channels=dict(a=1, b=1))
    network.init_weights()
    network.last['b'].load_state_dict(network.last['a'].state_dict())
    x = torch.randn(1, 1, 8, 8)
    to_a, to_b = network([(x, 'a', 'a'), (x, 'a', 'b')])
    assert not torch.allclose(to_a, to_b)


@pytest.mark.parametrize(
    ('make', 'message'),
    [
        (lambda: UNetGenerator(num_downs=1), 'num_downs=1 must be at least 2'),
        (lambda: UNetGenerator(dropout=1.0), r'dropout=1.0 must be in \[0, 1\)'),
        (lambda: UNetGenerator(num_downs=3)(torch.zeros(1, 3, 12, 12)), 'multiples of 8, got 12x12'),
        (lambda: ResNetGenerator(out_act='relu'), "out_act='relu' is unknown"),
        (lambda: ResNetGenerator(base_channels=2)(torch.zeros(1, 3, 10, 12)), 'multiples of 4, got 10x12'),
        (lambda: ResNetGenerator(base_channels=2)(torch.zeros(1, 1, 8, 8)), 'in_channels=3'),
        (lambda: PatchGANDiscriminator(num_downs=0), 'num_downs=0 must be at least 1'),
        (lambda: StarGANDiscriminator(image_size=96), 'image_size=96 must be a multiple of 2'),
        (
            lambda: StarGANDiscriminator(image_size=8, base_channels=2, num_downs=2)(torch.zeros(1, 3, 16, 16)),
            'image_size=8, got',
        ),
        (
            lambda: StarGANGenerator(base_channels=2, num_blocks=0)(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3)),
            r'domains of the shape \(1, 5\)',
        ),
        (lambda: shared_body(width=5), 'width=5 channels'),
        (
            lambda: EncoderDecoder(
                dict(type='SegNetEncoder', stage_channels=(4, 6), stage_blocks=(1, 1)),
                dict(type='SegNetDecoder', out_channels=1, stage_channels=(4, 8), stage_blocks=(1, 1)),
            ),
            'must be the same',
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
