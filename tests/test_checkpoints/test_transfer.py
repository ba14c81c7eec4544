"""Starting a network from a checkpoint, with an account of every tensor."""

from __future__ import annotations

import pytest
import torch
from mmengine.registry import DefaultScope

from mmgentransfer.checkpoints import TransferredWeights, TransferReport
from mmgentransfer.models.backbones.wgan_gp import WGANGPCritic
from mmgentransfer.registry import MODELS

SETTINGS = dict(image_size=8, base_channels=2, channel_mults=(1, 2), in_channels=1)


def critic(seed, **settings):
    torch.manual_seed(seed)
    network = WGANGPCritic(**SETTINGS | settings)
    network.init_weights()
    return network


@pytest.fixture
def source(tmp_path):
    network = critic(1)
    state = {f'critic.{name}': tensor for name, tensor in network.state_dict().items()}
    torch.save(dict(state_dict=state, optimizer=dict(state=dict(step=7))), tmp_path / 'source.pth')
    return network, str(tmp_path / 'source.pth')


def test_copy(source):
    network, path = source
    target = critic(2)
    report = TransferredWeights(path, prefix='critic')(target)
    assert report.copied == list(target.state_dict())
    assert report.random == report.unused == report.tiled == report.partly_copied == []
    assert str(report) == f'{len(target.state_dict())} tensors copied'
    assert all(torch.equal(tensor, network.state_dict()[name]) for name, tensor in target.state_dict().items())


def test_source_is_copied_not_shared(source):
    _, path = source
    targets = [critic(2), critic(3)]
    for target in targets:
        TransferredWeights(path, prefix='critic')(target)
    with torch.no_grad():
        targets[0].input_conv.weight.zero_()
    assert targets[1].input_conv.weight.abs().sum() > 0


def test_through_a_config(source, monkeypatch):
    """It comes after the network's own initialisation, and the log says where the weights are from."""
    network, path = source
    logged = []
    monkeypatch.setattr('mmgentransfer.checkpoints.transfer.print_log', lambda text, **kwargs: logged.append(text))
    config = dict(type='WGANGPCritic', **SETTINGS)
    config['init_cfg'] = dict(type='TransferredWeights', checkpoint=path, prefix='critic')
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        target = MODELS.build(config)
        assert not torch.equal(target.input_conv.weight, network.input_conv.weight)
        target.init_weights()
    assert torch.equal(target.input_conv.weight, network.input_conv.weight)
    assert logged == [f'WGANGPCritic starts from {path} (critic): 13 tensors copied']


def test_report_of_all_kinds():
    report = TransferReport(copied=['a'], tiled=['b'], partly_copied=['c'], random=['d', 'e', 'f', 'g', 'h'])
    assert str(report) == ('1 tensors copied; 1 tiled (b); 1 partly copied (c); 5 random (d, e, f, g, ...)')


def test_other_shapes_are_named(source):
    _, path = source
    with pytest.raises(ValueError, match='does not fit the network') as caught:
        TransferredWeights(path, prefix='critic')(critic(2, base_channels=4))
    message = str(caught.value)
    assert f"init_cfg.checkpoint {path!r} (prefix 'critic', strategy 'copy') into WGANGPCritic" in message
    assert 'input_conv.weight: the checkpoint has (2, 1, 3, 3), the network (4, 1, 3, 3)' in message
    assert '... and 7 more of another shape' in message  # all 13 but the score's bias, less the five shown


def test_missing_and_unused_are_named(source, tmp_path):
    _, path = source
    with pytest.raises(ValueError, match=r'not in the checkpoint: class_head\.weight, class_head\.bias \(2 in all\)'):
        TransferredWeights(path, prefix='critic')(critic(2, num_classes=3))
    state = critic(1, num_classes=3).state_dict()
    torch.save(state, tmp_path / 'classes.pth')
    with pytest.raises(ValueError, match=r'only in the checkpoint: class_head\.weight, class_head\.bias \(2 in all\)'):
        TransferredWeights(str(tmp_path / 'classes.pth'))(critic(2))


def test_refused_transfer_changes_nothing(source):
    target = critic(2, num_classes=3)
    before = {name: tensor.clone() for name, tensor in target.state_dict().items()}
    with pytest.raises(ValueError, match='does not fit'):
        TransferredWeights(source[1], prefix='critic')(target)
    assert all(torch.equal(tensor, before[name]) for name, tensor in target.state_dict().items())


def test_unknown_strategy():
    with pytest.raises(
        ValueError, match=r"strategy is 'cpoy'; the strategies are \['cond_to_uncond', 'copy', .*mean 'copy'"
    ):
        TransferredWeights('a.pth', strategy='cpoy')


def test_missing_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match='there is no checkpoint'):
        TransferredWeights(str(tmp_path / 'no.pth'))(critic(0))
