"""The importer of pro-gan-pth, against that package (version 2.1.1)."""

from __future__ import annotations

import pytest
import torch
from pro_gan_pytorch import PRO_GAN

from mmgentransfer.apis import import_checkpoint
from mmgentransfer.registry import MODELS


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def with_random_biases(network):
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.normal_(std=0.3)
    return network.eval()


def network(path, name):
    imported = import_checkpoint(None, path)
    assert imported.source == 'pro-gan-pth'
    assert imported.unused == []
    built = MODELS.build(dict(imported.networks[name]))
    built.load_state_dict(imported.state_dicts[name])
    return built.eval()


def assert_same(actual, expected):
    assert actual.shape == expected.shape
    difference = (actual - expected).abs().max()
    assert difference < 1e-4 * expected.abs().max()
    assert difference < 1e-2 * expected.std()


@torch.no_grad()
def test_generator(tmp_path):
    theirs = with_random_biases(PRO_GAN.Generator(depth=5, latent_size=32))
    torch.save(theirs.state_dict(), tmp_path / 'GAN_GEN_4.pth')
    ours = network(tmp_path / 'GAN_GEN_4.pth', 'generator')
    assert ours.image_size == 64
    noise = 2 * torch.randn(4, 32)
    assert_same(ours(noise), theirs(noise, 4, 1.0))
    assert_same(ours(noise, alpha=0.3), theirs(noise, 4, 0.3))
    assert_same(ours(noise, stage=16, alpha=0.6), theirs(noise, 2, 0.6))
    assert_same(ours(noise, stage=4), theirs(noise, 0, 1.0))


@torch.no_grad()
def test_critic(tmp_path):
    theirs = with_random_biases(PRO_GAN.Discriminator(height=5, feature_size=32))
    torch.save(theirs.state_dict(), tmp_path / 'GAN_DIS_4.pth')
    ours = network(tmp_path / 'GAN_DIS_4.pth', 'critic')
    assert ours.image_size == 64
    images = torch.randn(6, 3, 64, 64)
    assert_same(ours(images), theirs(images, 4, 1.0))
    assert_same(ours(images, alpha=0.3), theirs(images, 4, 0.3))
    images = torch.randn(6, 3, 16, 16)
    assert_same(ours(images, stage=16, alpha=0.6), theirs(images, 2, 0.6))
