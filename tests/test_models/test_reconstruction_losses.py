"""The terms of BSA and the VAE, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.models.losses import (
    GaussianKLLoss,
    L1Loss,
    LatentEMDLoss,
    PerceptualLoss,
    ScaleShiftPenalty,
    VGG16Features,
)


def test_latent_emd_by_hand():
    # z = (0, 0), t = (1, 0) and (0, 2): (1 + 4) / 2 + 1
    latents = torch.zeros(1, 2, requires_grad=True)
    loss = LatentEMDLoss()(latents, torch.tensor([[1.0, 0.0], [0.0, 2.0]]))
    assert loss.item() == 3.5
    loss.backward()  # d/dz: the mean of -2t over both, and -2t of the nearest
    assert latents.grad.tolist() == [[-1.0 - 2.0, -2.0]]


def test_latent_emd_of_several():
    latents = torch.tensor([[0.0], [3.0]])
    samples = torch.tensor([[1.0], [2.0], [5.0], [3.5]])
    # each sample to its nearest latent: 1, 1, 4, 0.25; each latent to its nearest sample: 1, 0.25
    assert LatentEMDLoss()(latents, samples).item() == pytest.approx(6.25 / 4 + 1.25 / 2)
    with pytest.raises(ValueError, match='samples_per_latent'):
        LatentEMDLoss(samples_per_latent=0)


def test_scale_shift_penalty_by_hand():
    scales = [torch.tensor([1.0, 3.0]), torch.tensor([0.0])]
    shifts = [torch.tensor([1.0, 2.0]), torch.tensor([-1.0])]
    # means over each layer: 2 + 1 of scales, 2.5 + 1 of shifts
    assert ScaleShiftPenalty()(scales, shifts).item() == 6.5
    assert ScaleShiftPenalty()(scales, shifts, torch.tensor([1.0, 3.0])).item() == 5.0


def test_gaussian_kl_by_hand():
    mean, log_variance = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, math.log(4)]])
    # 1/2 for the first dimension, (4 - log 4 - 1) / 2 for the second
    assert GaussianKLLoss()(mean, log_variance).item() == pytest.approx((0.5 + 1.5 - math.log(2)) / 2)


def test_l1_by_hand():
    assert L1Loss()(torch.tensor([[1.0, -1.0]]), torch.tensor([[0.0, 1.0]])).item() == 1.5


# ---------------------------------------------------------------------- perceptual

VGG16 = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512]  # 0: pooling
MEAN = (0.48235, 0.45882, 0.40784)


@pytest.fixture(scope='module')
def vgg_file(tmp_path_factory):
    """Random convolutions under the names of torchvision's VGG-16."""
    torch.manual_seed(0)
    state, channels, position = {}, 3, 0
    for width in VGG16:
        if width:
            scale = math.sqrt(2 / (9 * channels)) / (100 if channels == 3 else 1)
            state[f'features.{position}.weight'] = scale * torch.randn(width, channels, 3, 3)
            state[f'features.{position}.bias'] = 0.1 * torch.randn(width)
            channels = width
        position += 2 if width else 1
    path = tmp_path_factory.mktemp('vgg') / 'vgg16.pth'
    torch.save(state, path)
    return str(path)


def test_vgg_features_of_ten_layers(vgg_file):
    state = torch.load(vgg_file, weights_only=True)
    images = torch.rand(2, 3, 16, 16)
    x = images * 255 - torch.tensor(MEAN)[:, None, None] * 255
    expected, position = [], 0
    for width in VGG16:
        if width:
            x = F.relu(F.conv2d(x, state[f'features.{position}.weight'], state[f'features.{position}.bias'], padding=1))
            expected.append(x)
        else:
            x = F.max_pool2d(x, 2)
        position += 2 if width else 1
    maps = VGG16Features(vgg_file).features(images)
    assert len(maps) == 10
    for got, wanted in zip(maps, expected, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-3, atol=1e-3)


def test_perceptual_loss_sums_mean_differences(vgg_file):
    loss = PerceptualLoss(network=dict(type='VGG16Features', weights=vgg_file))
    a, b = torch.rand(2, 1, 16, 16, requires_grad=True), torch.rand(2, 1, 16, 16)
    net = VGG16Features(vgg_file)
    rgb = [x.repeat(1, 3, 1, 1) for x in (a, b)]  # one channel is seen as grey
    expected = sum((x - y).abs().mean() for x, y in zip(*map(net.features, rgb), strict=True))
    got = loss(a, b)
    torch.testing.assert_close(got, expected)
    got.backward()
    assert a.grad.abs().max() > 0
    assert not list(loss.parameters())  # no part of what is trained
    assert not loss.state_dict()  # nor of checkpoints
    assert loss(b, b).item() == 0


def test_missing_weights_are_named_when_it_is_built(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r'vgg16_features-amdegroot-88682ab5\.pth is not in .*checkpoints'):
        PerceptualLoss()
    PerceptualLoss(loss_weight=0)  # needs none
    torch.save({'features.0.weight': torch.zeros(64, 1, 3, 3)}, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match=r'features\.0\.weight should be \(64, 3, 3, 3\).* has \(64, 1, 3, 3\)'):
        VGG16Features(str(tmp_path / 'other.pth'))


def test_perceptual_loss_on_a_trained_classifier(tmp_path):
    from mmgentransfer.registry import MODELS

    network = dict(type='DigitClassifier', image_size=8, width=2)
    torch.manual_seed(4)
    classifier = MODELS.build(network)
    torch.save({f'classifier.{k}': v for k, v in classifier.state_dict().items()}, tmp_path / 'c.pth')
    init = dict(type='TransferredWeights', checkpoint=str(tmp_path / 'c.pth'), prefix='classifier')
    a, b = torch.rand(3, 1, 8, 8), torch.rand(3, 1, 8, 8)
    before = torch.get_rng_state()
    loss = PerceptualLoss(network=dict(network, init_cfg=init))
    assert torch.equal(torch.get_rng_state(), before)
    expected = (classifier.features(a) - classifier.features(b)).abs().mean()
    torch.testing.assert_close(loss(a, b), expected)
    with pytest.raises(ValueError, match='DigitClassifier has no init_cfg and would keep random weights'):
        PerceptualLoss(network=network)
