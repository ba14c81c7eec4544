"""From a source with classes to networks without, and what an error says about a checkpoint that does not fit."""

from __future__ import annotations

import pytest
import torch
from mmengine.registry import DefaultScope

from mmgentransfer.checkpoints import TransferredWeights
from mmgentransfer.checkpoints.describe import compare, config_of_network, facts_of
from mmgentransfer.models.backbones.wgan_gp_28 import WGANGPCritic28
from mmgentransfer.registry import MODELS

SNGAN = dict(image_size=32, base_channels=2)
GENERATOR = dict(type='SNGANGenerator', noise_size=6, **SNGAN)
CRITIC = dict(type='SNGANDiscriminator', **SNGAN)
BIGGAN = dict(image_size=32, base_channels=1, num_classes=3)
SMALL = {
    'StyleGANGenerator': dict(image_size=16, noise_size=8, channels=(8, 8, 4)),
    'StyleGANDiscriminator': dict(image_size=16, channels=(8, 8, 4)),
    'ProGANGenerator': dict(image_size=16, noise_size=8, base_channels=32, max_channels=8),
    'ProGANDiscriminator': dict(image_size=16, base_channels=32, max_channels=8),
    'BigGANGenerator': dict(noise_size=16, embedding_size=5, **BIGGAN),
    'BigGANDiscriminator': BIGGAN,
    'SNGANGenerator': dict(noise_size=6, **SNGAN),
    'SNGANDiscriminator': SNGAN,
    'WGANGPGenerator': dict(image_size=16, base_channels=2, noise_size=6),
    'WGANGPCritic': dict(image_size=16, base_channels=2),
    'WGANGPGenerator28': dict(dim=2, noise_size=6),
    'WGANGPCritic28': dict(dim=2),
}


def build(seed: int, config: dict):
    torch.manual_seed(seed)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        network = MODELS.build(config)
    network.init_weights()
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if 'norm' in name and tensor.is_floating_point():
                tensor.add_(torch.rand_like(tensor))
    return network


@pytest.fixture
def saved(tmp_path):
    """Saves a network as one of a checkpoint and returns the file."""

    def save(network, name: str, cfg: str | None = None) -> str:
        state = {f'{name}.{key}': value for key, value in network.state_dict().items()}
        meta = {} if cfg is None else dict(cfg=cfg)
        torch.save(dict(state_dict=state, meta=meta), tmp_path / 'source.pth')
        return str(tmp_path / 'source.pth')

    return save


def test_norms_become_the_mean_over_the_classes(saved):
    source, target = build(1, GENERATOR | dict(num_classes=3)), build(2, GENERATOR)
    report = TransferredWeights(saved(source, 'generator'), 'generator', 'cond_to_uncond')(target)
    before, after = source.state_dict(), target.state_dict()
    tables = {name for name, tensor in before.items() if 'norm' in name and tensor.ndim == 2}
    assert set(report.averaged) == tables
    assert len(tables) == 3 * 2 * 2  # three blocks, two norms, scale and offset
    assert set(report.copied) == set(after) - tables
    for name, tensor in after.items():
        if name in tables:
            torch.testing.assert_close(tensor, (before[name][0] + before[name][1] + before[name][2]) / 3)
        else:
            assert torch.equal(tensor, before[name]), name
    same = build(3, GENERATOR | dict(num_classes=3))
    same.load_state_dict({n: t.mean(0).expand_as(t) if n in tables else t for n, t in before.items()})
    noise = torch.randn(4, 6)
    with torch.no_grad():
        torch.testing.assert_close(target(noise), same(noise, torch.tensor([0, 1, 2, 0])))


def test_a_critic_loses_its_projection(saved):
    source, target = build(1, CRITIC | dict(num_classes=3)), build(2, CRITIC)
    report = TransferredWeights(saved(source, 'critic'), 'critic', 'cond_to_uncond')(target)
    assert all(name.startswith('embedding.') for name in report.unused)
    assert len(report.unused) == 3
    assert report.copied == list(target.state_dict())
    images = torch.rand(4, 3, 32, 32)
    source.projection = False
    with torch.no_grad():
        torch.testing.assert_close(target.eval()(images), source.eval()(images, torch.zeros(4, dtype=torch.int64)))


def test_a_source_without_classes_is_no_conditional_one(saved):
    path = saved(build(1, GENERATOR), 'generator')
    with pytest.raises(ValueError, match=r'no conditional norms and no projection.*take strategy "copy"'):
        TransferredWeights(path, 'generator', 'cond_to_uncond')(build(2, GENERATOR))


def test_a_critic_without_the_planes_of_the_class(saved):
    """It scores an image as the source would with all planes 0."""
    source, target = build(1, dict(type='WGANGPCritic28', dim=2, num_classes=10)), WGANGPCritic28(dim=2)
    report = TransferredWeights(saved(source, 'critic'), 'critic', 'strip_onehot')(target)
    assert report.cut == ['convs.0.weight']
    assert str(report) == f'{len(target.state_dict()) - 1} tensors copied; 1 cut (convs.0.weight)'
    assert torch.equal(target.convs[0].weight, source.convs[0].weight[:, :1])
    images = torch.rand(3, 1, 28, 28)
    x = torch.cat([images, torch.zeros(3, 10, 28, 28)], 1)
    with torch.no_grad():
        for conv in source.convs:
            x = torch.nn.functional.leaky_relu(conv(x), 0.2)
        torch.testing.assert_close(target(images), source.score_head(x.flatten(1)).squeeze(1))


@pytest.mark.parametrize(('source', 'target'), [(0, 0), (3, 10)])
def test_nothing_to_strip(source, target, saved):
    path = saved(build(1, dict(type='WGANGPCritic28', dim=2, num_classes=source)), 'critic')
    with pytest.raises(ValueError, match=r'exactly one layer.*fewer inputs.*none does'):
        TransferredWeights(path, 'critic', 'strip_onehot')(WGANGPCritic28(dim=2, num_classes=target))


@pytest.mark.parametrize('kind', SMALL)
def test_every_family_is_known_by_its_names(kind):
    network = build(1, dict(type=kind, **SMALL[kind]))
    facts = facts_of(network.state_dict())
    text = compare(network.state_dict(), network)
    assert text.startswith(f'the checkpoint holds a {kind} (')
    assert 'differs' not in text
    for key in ('image_size', 'noise_size', 'out_channels', 'in_channels', 'num_classes'):
        if key in facts:
            assert facts[key] == (4 if (kind, key) == ('BigGANGenerator', 'noise_size') else getattr(network, key)), key


@pytest.mark.parametrize(
    ('source', 'target', 'expected'),
    [
        (
            GENERATOR | dict(image_size=64, channel_mults=(4, 4, 2, 2, 1)),
            GENERATOR,
            r'a SNGANGenerator \(image_size=64, blocks=4, .* is a SNGANGenerator \(image_size=32, blocks=3, .*'
            r'which differs in image_size, blocks, width; the checkpoint does not fit',
        ),
        (GENERATOR | dict(base_channels=4), GENERATOR, r'.*width=16.*width=8.*differs in width; '),
        (GENERATOR | dict(noise_size=7), GENERATOR, r'.*noise_size=7.*noise_size=6.*differs in noise_size; '),
        (GENERATOR | dict(num_classes=5), GENERATOR, r'.*num_classes=5.*num_classes=0.*differs in num_classes; '),
        (
            dict(type='WGANGPGenerator28', dim=2, noise_size=6),
            GENERATOR,
            r'a WGANGPGenerator28 \(noise_size=6, num_classes=0\).*which differs in type; ',
        ),
    ],
    ids=['resolution', 'width', 'noise', 'classes', 'family'],
)
def test_errors_say_what_the_checkpoint_holds(source, target, expected, saved):
    path = saved(build(1, source), 'generator')
    with pytest.raises(ValueError, match=f'(?s)into SNGANGenerator: the checkpoint holds {expected}'):
        TransferredWeights(path, 'generator')(build(2, target))


def test_the_config_in_a_checkpoint_says_the_type(saved):
    cfg = "custom = import_me()\nmodel = dict(networks=dict(generators=[dict(type='MyGenerator', noise_size=9)]))\n"
    path = saved(build(1, GENERATOR | dict(noise_size=9)), 'generators.0', cfg)
    with pytest.raises(ValueError, match=r'holds a MyGenerator \(.*noise_size=9.*which differs in type, noise_size'):
        TransferredWeights(path, 'generators.0')(build(2, GENERATOR))


@pytest.mark.parametrize(
    'text', [None, 'model = ', 'x = 1', 'model = dict(networks=open("x"))', 'model = dict(networks=dict(critic=[]))']
)
def test_configs_that_can_not_be_read_are_left_alone(text):
    assert config_of_network(text, 'generator') is None
