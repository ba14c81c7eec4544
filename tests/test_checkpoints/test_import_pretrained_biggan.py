"""pytorch-pretrained-biggan's checkpoints, against that package."""

from __future__ import annotations

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN, BigGANConfig

from mmgentransfer.apis import import_checkpoint
from mmgentransfer.checkpoints import TransferredWeights
from mmgentransfer.checkpoints.importers import IMPORTERS
from mmgentransfer.registry import MODELS

IMPORTER = IMPORTERS['pytorch-pretrained-biggan']

# Whether a block doubles the side, its inputs and its outputs; the package has those for 128 pixels as its default.
LAYERS_128 = BigGANConfig().layers
HEAD_256 = [(False, 16, 16), (True, 16, 16), (False, 16, 16), (True, 16, 8), (False, 8, 8), (True, 8, 8)]
TAIL_256 = [(False, 8, 8), (True, 8, 4), (False, 4, 4), (True, 4, 2), (False, 2, 2), (True, 2, 1)]
CONFIGS = {
    128: dict(output_dim=128, layers=LAYERS_128),
    256: dict(output_dim=256, layers=HEAD_256 + TAIL_256),
    512: dict(output_dim=512, layers=[*HEAD_256, *TAIL_256, (False, 1, 1), (True, 1, 1)]),
}


def package_model(side=128, num_classes=6, width=4, **others):
    """The package's model with random weights, statistics, singular vectors and attention."""
    torch.manual_seed(side)
    model = BigGAN(BigGANConfig(channel_width=width, num_classes=num_classes, **(CONFIGS[side] | others)))
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.endswith(('bias', 'running_means')):
                tensor.normal_(0, 0.3)
            elif name.endswith(('running_vars', 'bn.weight', 'gamma')):
                tensor.uniform_(0.5, 1.5)
    # two power iterations from random vectors: neither of no use nor at their end
    for module in model.train().modules():
        for hook in list(module._forward_pre_hooks.values()) * 2:
            hook(module, None)
    return model.eval()


def imported(model):
    result = IMPORTER.convert(model.state_dict())
    network = MODELS.build(dict(result.networks['generator']))
    network.load_state_dict(result.state_dicts['generator'])
    return network.eval(), result


def assert_same(ours, theirs):
    assert theirs.std() > 1e-2
    assert (ours - theirs).abs().max() <= 1e-4 * theirs.abs().max()
    assert (ours - theirs).abs().max() <= 1e-2 * theirs.std()


def one_hot(labels, num_classes=6):
    return torch.eye(num_classes)[labels]


@pytest.mark.parametrize('side', CONFIGS)
def test_same_images(side):
    model = package_model(side)
    network, result = imported(model)
    z, labels = torch.randn(1, 128), torch.tensor([3])
    with torch.no_grad():
        assert_same(network(z, labels), model(z, one_hot(labels), 1.0))
    assert result.networks['generator'] == dict(
        type='BigGANDeepGenerator',
        image_size=side,
        base_channels=4,
        num_classes=6,
        noise_size=128,
        embedding_size=128,
        attention_resolutions=[64],
        num_stats=51,
        bottom_side=4,
    )
    assert result.missing == ['critic']
    assert (sorted(result.copied), result.unused) == (sorted(model.state_dict()), [])


class TestTruncation:
    @pytest.fixture(scope='class')
    def networks(self):
        model = package_model()
        return model, imported(model)[0]

    # a row of the table, between two rows (not in the middle), and below the first but one
    @pytest.mark.parametrize('truncation', [1.0, 0.4, 0.435, 0.58, 0.007])
    def test_same_images(self, networks, truncation):
        model, network = networks
        z, labels = truncation * torch.randn(2, 128), torch.tensor([5, 0])
        with torch.no_grad():
            theirs = model(z, one_hot(labels), truncation)
            assert_same(network(z, labels, truncation=truncation), theirs)
            network.truncation = truncation
            assert_same(network(z, labels), theirs)
            network.truncation = 1.0
            assert (network(z, labels) - theirs).abs().max() > 1e-2 or truncation == 1.0


def test_file(tmp_path):
    model = package_model(num_classes=3)
    torch.save(model.state_dict(), tmp_path / 'pytorch_model.bin')
    result = import_checkpoint(None, tmp_path / 'pytorch_model.bin', tmp_path / 'out.pth')
    assert result.source == 'pytorch-pretrained-biggan'
    network = MODELS.build(dict(result.networks['generator'], truncation=0.5))
    TransferredWeights(str(tmp_path / 'out.pth'), prefix='generator')(network)
    z, labels = torch.randn(1, 128), torch.tensor([2])
    with torch.no_grad():
        assert_same(network.eval()(z, labels), model(z, one_hot(labels, 3), 0.5))


def test_other_sizes():
    """Sizes that the published networks don't have, but a checkpoint may."""
    layers = [(False, 8, 8), (True, 8, 4), (False, 4, 4), (True, 4, 2)]
    # its linear layer always has 16 times the width
    layers = [(False, 16, 16), (True, 16, 8), *layers]
    model = package_model(width=4, layers=[*layers, (False, 2, 2), (True, 2, 1)], n_stats=5, z_dim=20)
    assert len(model.generator.layers) == 8  # no attention: its place is behind the last
    network, result = imported(model)
    config = result.networks['generator']
    assert (config['image_size'], config['num_stats'], config['noise_size']) == (64, 5, 20)
    assert config['channel_mults'] == [16, 8, 4, 2, 1]
    assert config['attention_resolutions'] == []
    z, labels = torch.randn(2, 20), torch.tensor([5, 0])
    with torch.no_grad():
        assert_same(network(z, labels, truncation=0.3), model(z, one_hot(labels), 0.3))


class TestRefusals:
    @pytest.fixture
    def state(self):
        return package_model().state_dict()

    def test_left_over(self, state):
        state['generator.layers.0.conv_4.weight_orig'] = torch.randn(3, 3, 1, 1)
        with pytest.raises(ValueError, match=r'layers\.0\.conv_4\.weight_orig'):
            IMPORTER.convert(state)

    @pytest.mark.parametrize('name', ['generator.layers.3.conv_1.bias', 'generator.bn.weight'])
    def test_missing(self, state, name):
        del state[name]
        with pytest.raises(ValueError, match=name):
            IMPORTER.convert(state)

    def test_missing_layer(self, state):
        state = {name: tensor for name, tensor in state.items() if not name.startswith('generator.layers.2.')}
        with pytest.raises(ValueError, match=r'generator\.layers'):
            IMPORTER.convert(state)

    def test_attention_within_a_side(self):
        with pytest.raises(ValueError, match='attention behind 7 blocks'):
            IMPORTER.convert(package_model(attention_layer_position=7).state_dict())

    def test_normalised_weight_beside_the_raw_one(self, state):
        state['generator.gen_z.weight'] = torch.randn(1)
        assert IMPORTER.convert(state).unused == ['generator.gen_z.weight']
