"""The reference classifier of photographs."""

from __future__ import annotations

import pytest
import torch
from torchvision.models import resnet18

from mmgentransfer.evaluation import ClassifierFeatures
from mmgentransfer.models.backbones import ResNet18Classifier


def test_resnet18_is_torchvisions():
    torch.manual_seed(0)
    theirs, ours = resnet18(num_classes=7).eval(), ResNet18Classifier(num_classes=7).eval()
    for module in theirs.modules():  # statistics that are not 0 and 1
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    values, names = list(theirs.state_dict().values()), list(ours.state_dict())
    ours.load_state_dict(dict(zip(names, values, strict=True)))
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(ours(images), theirs(images), atol=1e-5)
        features = ours.features(images)
        assert torch.equal(ours.head(features), ours(images))
    assert features.shape == (2, 512)
    assert sum(p.numel() for p in ours.parameters()) == 11_689_512 - 1000 * 513 + 7 * 513


def test_resnet18_starts_as_torchvisions():
    torch.manual_seed(0)
    network = ResNet18Classifier()
    convolutions = [m.weight for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    for weight in convolutions:
        fan_out = weight.shape[0] * weight.shape[2] * weight.shape[3]
        assert weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.05)


def test_other_sizes():
    assert ResNet18Classifier(32, 1, 5, width=2)(torch.rand(2, 1, 32, 32)).shape == (2, 5)
    with pytest.raises(ValueError, match='image_size=28 must be at least 32'):
        ResNet18Classifier(28)
    with pytest.raises(ValueError, match='image_size=64'):
        ResNet18Classifier(width=2)(torch.rand(1, 3, 32, 32))


def test_as_an_extractor(tmp_path):
    torch.manual_seed(0)
    config = dict(type='ResNet18Classifier', image_size=32, num_classes=3, width=2)
    network = ResNet18Classifier(32, num_classes=3, width=2).eval()
    torch.save({f'classifier.{k}': v for k, v in network.state_dict().items()}, tmp_path / 'c.pth')
    images = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    outputs = ClassifierFeatures(config, str(tmp_path / 'c.pth'))(images)
    assert torch.allclose(outputs['features'], network.features(images / 255), atol=1e-5)
    assert torch.allclose(outputs['logits'], network(images / 255), atol=1e-5)
