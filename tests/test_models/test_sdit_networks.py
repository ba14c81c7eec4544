"""SDIT's networks: sizes, shapes, what reaches what."""

from __future__ import annotations

import pytest
import torch
from sdit_toys import STARGAN, VARIANTS, WITHOUT_CIN, sdit_config
from translator_toys import build

from mmgentransfer.models.layers import ConditionalInstanceNorm
from mmgentransfer.models.methods.sdit import (
    CINBottleneck,
    CodeMLP,
    FeatureAttention,
    LabelConditionedEncoder,
    SDITDiscriminator,
    SDITGenerator,
    fuse,
)


def size(module):
    return sum(p.numel() for p in module.parameters())


def on_meta(make):
    with torch.device('meta'):
        return make()


# ---------------------------------------------------------------------- numbers of parameters


@pytest.mark.parametrize(
    ('num', 'encoder', 'total', 'judge128', 'judge256'),
    [
        (4, 7_762_240, 20_106_626, 44_901_576, 45_000_648),
        (5, 7_765_376, 20_109_762, 44_909_768, 45_033_416),
        (10, 7_781_056, 20_125_442, 44_950_728, 45_197_256),
    ],
)
def test_numbers_of_parameters(num, encoder, total, judge128, judge256):
    generator = on_meta(lambda: SDITGenerator(num_domains=num))
    assert size(generator.encoder) == encoder
    assert size(generator.mapping) == 1_054_976
    assert size(generator.translator) == 4_718_592
    assert size(generator.attention) == 5_905_666
    assert size(generator.decoder) == 665_152
    assert size(generator) == total
    assert size(on_meta(lambda: SDITDiscriminator(num_domains=num))) == judge128
    assert size(on_meta(lambda: SDITDiscriminator(num_domains=num, image_size=256))) == judge256


@pytest.mark.parametrize(
    ('options', 'wanted'),
    [
        (dict(num_domains=4, attention=None), 14_200_960),
        (dict(attention=None), 14_204_096),
        (dict(mapping=None, translator=dict(norm='in')), 19_058_882),
        (dict(mapping=None, translator=None, attention=None), 8_430_528),
    ],
)
def test_numbers_of_parameters_of_variants(options, wanted):
    assert size(on_meta(lambda: SDITGenerator(**options))) == wanted


def test_numbers_of_parameters_of_parts():
    judge = on_meta(SDITDiscriminator)
    assert size(judge.layers) == 44_702_656
    assert (size(judge.score_head), size(judge.domain_head)) == (18_432, 40_960)
    assert (size(judge.code_head[0]), size(judge.code_head[2])) == (147_456, 264)
    assert size(on_meta(lambda: SDITDiscriminator(code_head=None))) == 44_762_048
    assert size(on_meta(lambda: SDITDiscriminator(code_head=dict(num_fc=2)))) == 44_909_840
    assert size(on_meta(lambda: FeatureAttention(256, num_blocks=6))) == 7_086_338
    assert size(on_meta(lambda: FeatureAttention(256, out_channels=256))) == 6_493_696
    six = on_meta(lambda: SDITGenerator(translator=dict(num_blocks=6)))
    assert (size(six.mapping), size(six.translator)) == (1_581_312, 7_077_888)
    one_sided = on_meta(lambda: SDITGenerator(translator=dict(cin_mode='beta')))
    assert one_sided.mapping.layers[-1].out_features == 2048


def test_numbers_of_parameters_of_the_toys():
    tiny = sdit_config()['networks']
    generator, judge = (
        on_meta(lambda c=c, k=k: k(**{x: y for x, y in c.items() if x != 'type'}))
        for c, k in ((tiny['generator'], SDITGenerator), (tiny['discriminator'], SDITDiscriminator))
    )
    parts = (generator.encoder, generator.mapping, generator.translator, generator.attention, generator.decoder)
    assert [size(part) for part in parts] == [9512, 4320, 9216, 4818, 3240]
    assert (size(generator), size(judge)) == (31_106, 44_610)
    two = dict(num_blocks=2)
    small = dict(encoder=two, translator=two, attention=dict(num_blocks=1), mapping=dict(hidden=64))
    assert size(on_meta(lambda: SDITGenerator(num_domains=4, base_channels=16, **small))) == 493_922
    judge = dict(num_domains=4, image_size=32, base_channels=16, num_layers=4)
    assert size(on_meta(lambda: SDITDiscriminator(**judge))) == 185_720


# ---------------------------------------------------------------------- shapes


def test_shapes_at_128():
    generator = on_meta(SDITGenerator)
    images, domains = torch.empty(2, 3, 128, 128, device='meta'), torch.empty(2, 5, device='meta')
    features, attention = generator.encode(images, domains)
    style = generator.style(torch.empty(2, 8, device='meta'))
    assert features.shape == (2, 256, 32, 32)
    assert attention.shape == (2, 1, 32, 32)
    assert style.shape == (2, 4096)
    assert generator.decode(features, attention, style).shape == (2, 3, 128, 128)
    judgement = on_meta(SDITDiscriminator)(images)
    assert judgement.scores.shape == (2, 1, 2, 2)
    assert judgement.domains.shape == (2, 5)
    assert judgement.codes.shape == (2, 8)


def test_shapes_at_256():
    judge = on_meta(lambda: SDITDiscriminator(num_domains=4, image_size=256))
    judgement = judge(torch.empty(1, 3, 256, 256, device='meta'))
    assert [tuple(part.shape) for part in judgement] == [(1, 1, 4, 4), (1, 4), (1, 8)]
    assert judge.code_head[2].in_features == 128


def test_images_are_in_range():
    model = build(sdit_config())
    images = model.generator(torch.randn(3, 3, 16, 16) * 5, torch.eye(4)[:3], torch.randn(3, 2) * 5)
    assert images.shape == (3, 3, 16, 16)
    assert images.abs().max() <= 1


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(translator=dict(norm='bn')), "norm='bn' is unknown"),
        (dict(translator=dict(cin_mode='alpha')), "cin_mode='alpha' is unknown"),
        (dict(translator=dict(num_blocks=0)), 'num_blocks=0'),
        (dict(translator=dict(norm='in')), 'mapping must be None'),
        (dict(mapping=None), 'needs a mapping'),
        (dict(translator=None, mapping=None), 'attention needs a translator'),
        (dict(attention=None, fusion='gate'), r"fusion='gate' must be one of \['none'\] without attention"),
        (dict(fusion='none'), 'must be one of .* with attention'),
        (dict(encoder=dict(padding_mode='reflect')), "padding_mode='reflect' hides the target"),
        (dict(encoder=dict(in_channels=1)), 'in_channels follows from the generator'),
        (dict(attention=dict(out_channels=3)), 'out_channels=3 must be 1'),
        (dict(mapping=dict(hidden=0)), 'CodeMLP.hidden=0'),
        (dict(num_down=0), 'num_down=0 must be at least 1'),
    ],
)
def test_generators_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        on_meta(lambda: SDITGenerator(**options))


def test_unknown_options_of_parts_are_refused():
    with pytest.raises(TypeError, match='num_block'):
        on_meta(lambda: SDITGenerator(encoder=dict(num_block=3)))


def test_discriminators_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r'image_size=100 must be a multiple of 2\^num_layers=64'):
        SDITDiscriminator(image_size=100)
    for head in (dict(fc=2), dict(code_dim=0)):
        with pytest.raises(ValueError, match='code_head='):
            on_meta(lambda head=head: SDITDiscriminator(code_head=head))
    with pytest.raises(ValueError, match='image_size=16, got images'):
        build(sdit_config()).discriminator(torch.zeros(1, 3, 32, 32))


@pytest.mark.parametrize(
    ('images', 'domains', 'message'),
    [
        (torch.zeros(1, 3, 15, 16), torch.zeros(1, 4), 'multiples of 2, got 15x16'),
        (torch.zeros(1, 1, 16, 16), torch.zeros(1, 4), 'in_channels=3'),
        (torch.zeros(1, 3, 16, 16), torch.zeros(1, 3), r'shape \(1, 4\), got \(1, 3\)'),
    ],
)
def test_inputs_that_do_not_fit_are_refused(images, domains, message):
    with pytest.raises(ValueError, match=message):
        build(sdit_config()).generator(images, domains, torch.zeros(1, 2))


# ---------------------------------------------------------------------- conditional instance norm


def test_conditional_instance_norm_by_hand():
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    out = ConditionalInstanceNorm(1)(x, torch.tensor([[2.0]]), torch.tensor([[-1.0]]))
    torch.testing.assert_close(out.flatten(), torch.tensor([-3.68327, -1.89442, -0.10558, 1.68327]), atol=1e-4, rtol=0)
    offset = ConditionalInstanceNorm(1, gamma_offset=1.5)(x, torch.tensor([[0.5]]), torch.tensor([[-1.0]]))
    torch.testing.assert_close(offset, out)


def test_moments_of_conditional_instance_norm():
    x, gamma, beta = torch.randn(2, 3, 9, 9), torch.randn(2, 3), torch.randn(2, 3)
    norm = ConditionalInstanceNorm(3)

    def check(out, mean, deviation):
        torch.testing.assert_close(out.mean((2, 3)), mean, atol=1e-4, rtol=0)
        torch.testing.assert_close(out.var((2, 3), unbiased=False).sqrt(), deviation, atol=1e-4, rtol=0)

    check(norm(x, gamma, beta), beta, gamma.abs())
    check(norm(x, None, beta), beta, torch.ones(2, 3))
    check(norm(x, gamma), torch.zeros(2, 3), gamma.abs())
    torch.testing.assert_close(norm(3 * x + 7, gamma, beta), norm(x, gamma, beta), atol=1e-4, rtol=0)


@pytest.mark.parametrize(('mode', 'kinds'), [('both', ['beta', 'gamma']), ('gamma', ['gamma']), ('beta', ['beta'])])
def test_each_norm_has_its_own_slice(mode, kinds):
    """The released code's norms share one."""
    width = 5
    bottleneck = CINBottleneck(width, num_blocks=3, cin_mode=mode)
    mapping = CodeMLP(bottleneck.num_parameters, code_dim=2, hidden=4)
    with torch.no_grad():
        mapping.layers[-1].weight.zero_()
        mapping.layers[-1].bias.copy_(torch.arange(bottleneck.num_parameters))
    seen = []
    for block in bottleneck.blocks:
        for norm in block.norms:
            norm.register_forward_hook(lambda m, args, kwargs, out: seen.append(kwargs), with_kwargs=True)
    bottleneck(torch.randn(2, width, 4, 4), mapping(torch.randn(2, 2)))
    assert len(seen) == 6
    for index, given in enumerate(seen):
        assert sorted(given) == kinds
        for place, kind in enumerate(kinds):
            first = (len(kinds) * index + place) * width
            assert given[kind][1].tolist() == list(range(first, first + width))


# ---------------------------------------------------------------------- fusion


def test_fusion_by_hand():
    e, f, a = torch.full((1, 2, 3, 3), 2.0), torch.full((1, 2, 3, 3), 6.0), torch.full((1, 1, 3, 3), 0.25)
    assert fuse(e, f, a, 'residual').unique().tolist() == [3.0]
    assert fuse(e, f, a, 'gate').unique().tolist() == [1.5]
    assert fuse(e, f, None, 'none').unique().tolist() == [6.0]
    e, f = torch.randn(2, 1, 2, 3, 3)
    assert torch.equal(fuse(e, f, torch.zeros(1, 1, 3, 3), 'residual'), e)
    assert torch.equal(fuse(e, f, torch.ones(1, 1, 3, 3), 'residual'), f)


# ---------------------------------------------------------------------- what reaches what


def test_the_target_reaches_the_features():
    torch.manual_seed(0)
    encoder = LabelConditionedEncoder(num_domains=4, base_channels=8)
    images, domains = torch.rand(1, 3, 32, 32) * 2 - 1, torch.eye(4)
    with torch.no_grad():
        assert (encoder(images, domains[:1]) - encoder(images, domains[1:2])).abs().max() > 0.1


def test_code_and_target_reach_the_image():
    model = build(sdit_config())
    images = torch.rand(8, 3, 16, 16) * 2 - 1
    domains = torch.eye(4)[[0, 1] * 4]
    with torch.no_grad():
        base = model.generator(images, domains, torch.tensor([[1.0, -0.5]] * 8))
        other_code = model.generator(images, domains, torch.tensor([[-1.0, 0.7]] * 8))
        other_target = model.generator(images, domains.flip(0), torch.tensor([[1.0, -0.5]] * 8))
    assert (base - other_code).abs().mean() > 0.02
    assert (base - other_target).abs().mean() > 0.05


@pytest.mark.parametrize('bias', [-50.0, 50.0])
def test_attention_at_its_ends(bias):
    generator = build(sdit_config()).generator
    with torch.no_grad():
        generator.attention.norm.weight.zero_()
        generator.attention.norm.bias.fill_(bias)
    images, domains = torch.rand(2, 3, 16, 16) * 2 - 1, torch.eye(4)[:2]
    codes = torch.tensor([[1.0, -0.5], [-1.0, 0.7]])
    outputs = [generator(images, domains, code.expand(2, -1)) for code in codes]
    if bias > 0:
        features, _ = generator.encode(images, domains)
        wanted = generator.decoder(generator.translator(features, generator.style(codes[:1].expand(2, -1))))
        torch.testing.assert_close(outputs[0], wanted, atol=1e-6, rtol=0)
        return
    assert torch.equal(*outputs)
    outputs[0].square().sum().backward()
    for part in (generator.mapping, generator.translator):
        assert max(p.grad.abs().max() for p in part.parameters()) < 1e-20
    assert min(p.grad.abs().max() for p in generator.encoder.parameters()) > 1e-8


@pytest.mark.parametrize('options', [WITHOUT_CIN, STARGAN])
def test_without_conditional_norms_codes_are_ignored(options):
    model = build(sdit_config(**options))
    images, domains = torch.rand(2, 3, 16, 16), torch.eye(4)[:2]
    assert torch.equal(*(model.generator(images, domains, torch.randn(2, 2)) for _ in range(2)))
    assert not any('mapping' in name for name, _ in model.generator.named_parameters())
    assert not any('code_head' in name for name, _ in model.discriminator.named_parameters())


@pytest.mark.parametrize('name', ['full', 'without_cin', 'stargan', 'full_channel_attention'])
def test_no_hidden_state(name):
    generator = build(sdit_config(**VARIANTS[name])).generator
    images, domains, codes = torch.rand(4, 3, 16, 16), torch.eye(4), torch.randn(4, 2)
    with torch.no_grad():
        train = generator.train()(images, domains, codes)
        assert torch.equal(train, generator.eval()(images, domains, codes))
        torch.testing.assert_close(generator(images[:1], domains[:1], codes[:1]), train[:1], atol=1e-5, rtol=0)
    assert not list(generator.buffers())


def test_normal_weights_on_demand():
    """Otherwise PyTorch's own stay."""
    default = build(sdit_config()).generator.mapping.layers[0].weight
    assert default.abs().max() <= 2**-0.5
    drawn = build(sdit_config(**VARIANTS['normal_weights'])).generator
    assert 0.015 < drawn.mapping.layers[2].weight.std() < 0.025
    assert drawn.mapping.layers[2].bias.abs().max() == 0
    assert drawn.decoder.layers[1].weight.unique().tolist() == [1.0]
