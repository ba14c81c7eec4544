"""TorchvisionClassifier: where its weights come from, and what it does to images."""

from __future__ import annotations

import pytest
import torch
from torchvision.models import squeezenet1_1

from mmgentransfer.models.backbones import TorchvisionClassifier


def small(**settings) -> TorchvisionClassifier:
    return TorchvisionClassifier('squeezenet1_1', num_classes=3, input_size=32, **settings)


def test_weights_are_read_and_images_normalised(tmp_path):
    torch.manual_seed(0)
    net = squeezenet1_1(weights=None, num_classes=3).eval()
    path = tmp_path / 'weights.pth'
    torch.save(dict(state_dict={f'module.{key}': value for key, value in net.state_dict().items()}), path)
    classifier = small(weights=str(path), prefix='module').eval()
    classifier.init_weights()
    images = torch.rand(2, 3, 32, 32)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = net((images - mean.view(3, 1, 1)) / std.view(3, 1, 1))
    torch.testing.assert_close(classifier(images), expected)
    assert classifier(torch.rand(2, 3, 20, 20)).shape == (2, 3)


def test_named_weights_are_looked_for_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path))
    classifier = TorchvisionClassifier('squeezenet1_1')
    assert classifier.path == tmp_path / 'checkpoints' / 'squeezenet1_1-b8a52dc0.pth'
    with pytest.raises(FileNotFoundError, match=r"squeezenet1_1-b8a52dc0.pth, .* set the network's weights"):
        classifier.init_weights()


def test_weights_of_another_model_are_refused(tmp_path):
    path = tmp_path / 'weights.pth'
    torch.save(squeezenet1_1(weights=None, num_classes=4).state_dict(), path)
    with pytest.raises(ValueError, match='does not hold a squeezenet1_1 of 3 classes'):
        small(weights=str(path)).init_weights()


def test_unknown_architecture_is_refused():
    with pytest.raises(ValueError, match=r"no classifier 'squeezenet1_2'. Did you mean .*squeezenet1_1"):
        TorchvisionClassifier('squeezenet1_2')
