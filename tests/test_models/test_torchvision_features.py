"""TorchvisionClassifier as a fine-tuned classifier and as an extractor: its features and its new head."""

from __future__ import annotations

import pytest
import torch
from torchvision.models import resnet18

from mmgentransfer.evaluation.extractors import ClassifierFeatures
from mmgentransfer.models.backbones import TorchvisionClassifier


def test_new_head_keeps_its_start_and_the_body_is_read(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / 'weights.pth'
    pretrained = resnet18(weights=None, num_classes=5)
    torch.save(pretrained.state_dict(), path)
    settings = dict(arch='resnet18', weights=str(path), num_classes=3, input_size=32)
    classifier = TorchvisionClassifier(**settings, new_head=True)
    start = classifier.head.weight.detach().clone()
    classifier.init_weights()
    assert torch.equal(classifier.head.weight, start)
    for key, value in pretrained.state_dict().items():
        assert key.startswith('fc.') or torch.equal(classifier.net.state_dict()[key], value), key
    with pytest.raises(ValueError, match='does not hold a resnet18 of 3 classes'):
        TorchvisionClassifier(**settings).init_weights()


def test_features_are_what_the_head_takes(tmp_path):
    classifier = TorchvisionClassifier('resnet18', num_classes=3, input_size=32).eval()
    images = torch.rand(2, 3, 20, 20)
    features = classifier.features(images)
    assert features.shape == (2, 512)
    torch.testing.assert_close(classifier.head(features), classifier(images))
    assert not classifier.head._forward_pre_hooks

    torch.save({f'classifier.{key}': value for key, value in classifier.state_dict().items()}, tmp_path / 'run.pth')
    extractor = ClassifierFeatures(
        dict(type='TorchvisionClassifier', arch='resnet18', num_classes=3, input_size=32), str(tmp_path / 'run.pth')
    )
    pixels = torch.randint(0, 256, (2, 3, 20, 20), dtype=torch.uint8)
    torch.testing.assert_close(extractor(pixels)['logits'], classifier(pixels.float() / 255))


def test_a_model_without_a_linear_layer_has_no_head():
    with pytest.raises(ValueError, match='squeezenet1_1 does not end in a linear layer'):
        TorchvisionClassifier('squeezenet1_1', num_classes=3, new_head=True)
