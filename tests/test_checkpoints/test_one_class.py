"""From a generator of several classes to one of a single class."""

from __future__ import annotations

import pytest
import torch

from mmgentransfer.checkpoints.transfer import TransferredWeights, one_class
from mmgentransfer.models.backbones import BigGANDiscriminator, BigGANGenerator


def tables() -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    source = dict(shared=torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]]), bias=torch.tensor([7.0]))
    return {'shared': torch.zeros(1, 2), 'bias': torch.zeros(1)}, source


@pytest.mark.parametrize(('source_class', 'row'), [(None, [3.0, 5.0]), (0, [1.0, 2.0]), (2, [5.0, 9.0])])
def test_row_is_that_of_the_class_or_the_mean(source_class, row):
    target, source = tables()
    report = one_class(target, source, source_class)
    assert target['shared'].tolist() == [row]
    assert target['bias'].tolist() == [7.0]
    assert report.copied == ['bias']
    assert (report.averaged, report.cut) == ((['shared'], []) if source_class is None else ([], ['shared']))


@pytest.mark.parametrize('source_class', [-1, 3])
def test_class_that_is_not_there_is_refused(source_class):
    target, source = tables()
    with pytest.raises(ValueError, match=f'source_class={source_class}: the classes are 0 to 2'):
        one_class(target, source, source_class)
    assert not target['bias'].any()


def test_network_without_a_table_of_one_row_is_refused():
    _, source = tables()
    with pytest.raises(ValueError, match='num_classes=1'):
        one_class({name: torch.zeros_like(tensor) for name, tensor in source.items()}, source)


def test_source_class_belongs_to_its_strategy():
    with pytest.raises(ValueError, match="source_class=1 is for strategy 'one_class'"):
        TransferredWeights('file.pth', source_class=1)


def test_biggan_of_one_class_makes_the_images_of_the_class(tmp_path):
    sizes = dict(image_size=32, base_channels=4, noise_size=16, embedding_size=8)
    torch.manual_seed(0)
    source = BigGANGenerator(num_classes=5, **sizes).eval()
    source.init_weights()
    torch.save(dict(state_dict={f'generator.{k}': v for k, v in source.state_dict().items()}), tmp_path / 'gan.pth')
    network = BigGANGenerator(num_classes=1, **sizes).eval()
    TransferredWeights(str(tmp_path / 'gan.pth'), 'generator', 'one_class', source_class=3)(network)
    z = torch.randn(2, 16)
    with torch.no_grad():
        wanted, got = source(z, torch.tensor([3, 3])), network(z, torch.tensor([0, 0]))
        assert not torch.allclose(source(z, torch.tensor([2, 2])), wanted)
    torch.testing.assert_close(got, wanted)


@pytest.mark.parametrize('source_class', [None, 3])
def test_projection_on_one_class_is_normalised_at_once(tmp_path, source_class):
    sizes = dict(image_size=32, base_channels=4, attention_resolutions=())
    torch.manual_seed(0)
    source = BigGANDiscriminator(num_classes=5, **sizes)
    source.init_weights()
    state = {f'critic.{name}': tensor for name, tensor in source.state_dict().items()}
    torch.save(dict(state_dict=state), tmp_path / 'gan.pth')
    network = BigGANDiscriminator(num_classes=1, **sizes)
    report = TransferredWeights(str(tmp_path / 'gan.pth'), 'critic', 'one_class', source_class=source_class)(network)
    table = 'embed.parametrizations.weight'
    names = [f'{table}.{name}' for name in ('original', '0._u', '0._v')]
    assert sorted(report.cut + report.averaged) == sorted(names)
    raw = source.state_dict()[f'{table}.original']
    row = raw.mean(0) if source_class is None else raw[source_class]
    torch.testing.assert_close(network.embed.weight[0], row / row.norm())
    images, labels = torch.randn(2, 3, 32, 32), torch.zeros(2, dtype=torch.int64)
    source.projection = False
    with torch.no_grad():
        _, taps = network.eval()(images, labels, return_taps=True)
        unconditional = source.eval()(images)
        projected = network(images, labels)
        # the projection alone: the last features, summed over positions after a ReLU, along the row
        pooled = taps[8].relu().sum(dim=(2, 3))
        torch.testing.assert_close(projected - unconditional, pooled @ (row / row.norm()), rtol=1e-4, atol=1e-4)
        network.embed.train()
        torch.testing.assert_close(network(images, labels), projected)
