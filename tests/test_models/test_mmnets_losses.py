"""Loss terms of the mix and match networks, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mmgentransfer.models.backbones import Latent
from mmgentransfer.registry import MODELS

ERRORS = torch.tensor([[0.1, 0.2, 0.5, 1.0], [0.05, -0.05, 0.05, -0.05]]).view(2, 1, 2, 2)


def build(kind: str, **options: object) -> torch.nn.Module:
    return MODELS.build(dict(type=kind, **options))


class TestLSGAN:
    def test_on_patches(self):
        loss, real, fake = build('LSGANLoss'), torch.full((2, 3, 4, 4), 0.8), torch.full((1, 3, 4, 4), 0.3)
        assert loss.critic(real, fake).item() == pytest.approx(0.13)
        assert loss.generator(fake).item() == pytest.approx(0.49)

    def test_label_and_scale(self):
        loss = build('LSGANLoss', real_label=0.9, critic_scale=0.5)
        real, fake = torch.tensor([0.8, 1.1]), torch.tensor([0.3])
        assert loss.critic(real, fake).item() == pytest.approx(0.5 * ((0.01 + 0.04) / 2 + 0.09))
        assert loss.generator(fake).item() == pytest.approx(0.36)

    def test_scale_must_be_positive(self):
        with pytest.raises(ValueError, match='critic_scale=0'):
            build('LSGANLoss', critic_scale=0)


class TestBerhu:
    def value(self, errors: Tensor = ERRORS, valid: Tensor | None = None, **options: object) -> float:
        target = torch.rand_like(errors)
        return build('BerhuLoss', **options)(target + errors, target, valid).item()

    def test_threshold_of_each_image(self):
        # c = 0.2: 0.1, 0.2, 0.725, 2.6; c = 0.01: 0.13 each
        assert self.value() == pytest.approx((0.90625 + 0.13) / 2, rel=1e-5)
        assert self.value() == pytest.approx(0.518125, rel=1e-5)

    def test_threshold_of_the_batch(self):
        assert self.value(c_scope='batch') == pytest.approx(0.478125, rel=1e-5)

    def test_l1(self):
        assert self.value(c_frac=1.0) == pytest.approx(0.25, rel=1e-5)

    @pytest.mark.parametrize('missing', [1.0, 100.0, -100.0, math.nan, math.inf])
    def test_what_is_not_valid_does_not_count(self, missing):
        target = torch.zeros(1, 1, 2, 2)
        pred = ERRORS[:1].clone().requires_grad_()
        target[0, 0, 1, 1] = missing
        valid = torch.tensor([[True, True], [True, False]]).view(1, 1, 2, 2)
        # c = 0.1 of the valid ones: 0.1, 0.25, 1.3
        loss = build('BerhuLoss')(pred, target, valid)
        assert loss.item() == pytest.approx(0.55, rel=1e-5)
        loss.backward()
        assert pred.grad.flatten().tolist() == pytest.approx([1 / 3, 2 / 3, 5 / 3, 0], rel=1e-5)

    def test_mean_over_the_images_that_have_valid_pixels(self):
        valid = torch.ones(3, 1, 2, 2, dtype=torch.bool)
        valid[2] = False
        valid[0, 0, 1, 1] = False
        errors = torch.cat([ERRORS, 7 * torch.ones(1, 1, 2, 2)])
        assert self.value(errors, valid) == pytest.approx((0.55 + 0.13) / 2, rel=1e-5)

    def test_gradient_with_a_constant_threshold(self):
        errors = ERRORS.clone().requires_grad_()
        loss = build('BerhuLoss')(errors, torch.zeros_like(errors))
        (8 * loss).backward()  # the sum over 8 pixels
        expected = [1, 1, 2.5, 5, 5, -5, 5, -5]
        assert errors.grad.flatten().tolist() == pytest.approx(expected, rel=1e-4)

    def test_gradient_through_the_threshold(self):
        errors = ERRORS[:1].clone().double().requires_grad_()
        loss = build('BerhuLoss', detach_c=False)
        assert torch.autograd.gradcheck(lambda e: loss(e, torch.zeros_like(e)), errors)
        (gradient,) = torch.autograd.grad(4 * loss(errors, torch.zeros_like(errors)), errors)
        # d/dc of (e^2 + c^2) / (2c) is (1 - e^2 / c^2) / 2: -2.625 and -12, times 0.2, go to the largest
        assert gradient.flatten().tolist() == pytest.approx([1, 1, 2.5, 5 - 0.2 * 14.625])

    @pytest.mark.parametrize('valid', [None, torch.zeros(2, 1, 2, 2, dtype=torch.bool)])
    def test_nothing_to_learn(self, valid):
        pred = torch.ones(2, 1, 2, 2, requires_grad=True)
        loss = build('BerhuLoss')(pred, torch.ones(2, 1, 2, 2), valid)
        loss.backward()
        assert loss.item() == 0
        assert not pred.grad.any()

    def test_half_precision_is_computed_in_float32(self):
        errors = ERRORS.to(torch.float16) * 1000
        assert self.value(errors) == pytest.approx(518.125, rel=1e-3)

    def test_errors(self):
        for options in (dict(c_frac=0), dict(c_frac=1.1), dict(c_scope='pixel'), dict(eps=0)):
            with pytest.raises(ValueError, match=next(iter(options))):
                build('BerhuLoss', **options)
        with pytest.raises(ValueError, match=r'pred \(2, 1, 2, 2\), target \(2, 2, 2\)'):
            build('BerhuLoss')(ERRORS, ERRORS[:, 0])


class TestCrossEntropy:
    LOGITS = torch.tensor([[2.0, 0, 0], [0, 0, 0]]).T.view(1, 3, 1, 2)

    def test_uniform(self):
        loss = build('CrossEntropyLoss')(torch.zeros(2, 14, 3, 3), torch.full((2, 3, 3), 5))
        assert loss.item() == pytest.approx(math.log(14), abs=1e-6)

    def test_mean_over_pixels_that_count(self):
        loss = build('CrossEntropyLoss')
        assert loss(self.LOGITS, torch.tensor([[[0, 2]]])).item() == pytest.approx(0.669078, abs=1e-6)
        assert loss(self.LOGITS, torch.tensor([[[0, 255]]])).item() == pytest.approx(0.239545, abs=1e-6)
        other = build('CrossEntropyLoss', ignore_index=2)
        assert other(self.LOGITS, torch.tensor([[[0, 2]]])).item() == pytest.approx(0.239545, abs=1e-6)

    @pytest.mark.parametrize('class_weight', [None, [1.0, 2.0, 0.5]])
    def test_all_ignored(self, class_weight):
        logits = self.LOGITS.clone().requires_grad_()
        for target in (torch.full((1, 1, 2), 255), torch.zeros(1, 3, 1, 2)):
            loss = build('CrossEntropyLoss', class_weight=class_weight)(logits, target)
            loss.backward()
            assert loss.item() == 0
            assert not logits.grad.any()

    def test_weights(self):
        torch.manual_seed(0)
        logits, target = torch.randn(2, 3, 4, 4), torch.randint(3, (2, 4, 4))
        target[0, 0] = 255
        weight = [1.0, 2.0, 0.5]
        expected = F.cross_entropy(logits, target, torch.tensor(weight), ignore_index=255)
        loss = build('CrossEntropyLoss', class_weight=weight)
        torch.testing.assert_close(loss(logits, target), expected)
        soft = F.one_hot(target.where(target != 255, 3), 4)[..., :3].movedim(-1, 1).float()
        torch.testing.assert_close(loss(logits, soft), expected)
        assert loss(logits.double(), target).dtype == torch.float64

    def test_soft_labels(self):
        # - sum p log q of the first pixel: log-softmax of (2, 0, 0) is -0.239545, -2.239545, -2.239545
        p = torch.tensor([[0.5, 0.25, 0.25], [1.0, 0, 0]]).T.view(1, 3, 1, 2)
        expected = (0.5 * 0.239545 + 0.5 * 2.239545 + math.log(3)) / 2
        assert build('CrossEntropyLoss')(self.LOGITS, p).item() == pytest.approx(expected, abs=1e-6)

    def test_errors(self):
        for weight in ([1.0, -1.0], [0.0, 0.0], []):
            with pytest.raises(ValueError, match='class_weight'):
                build('CrossEntropyLoss', class_weight=weight)
        loss = build('CrossEntropyLoss', class_weight=[1.0, 1.0])
        with pytest.raises(ValueError, match='2 numbers for 3 classes'):
            loss(self.LOGITS, torch.zeros(1, 1, 2, dtype=torch.int64))
        with pytest.raises(ValueError, match=r'must have the shape \(1, 1, 2\), got \(1, 2\)'):
            loss(self.LOGITS, torch.zeros(1, 2, dtype=torch.int64))
        with pytest.raises(ValueError, match=r'must have the shape \(1, 3, 1, 2\)'):
            loss(self.LOGITS, torch.zeros(1, 1, 2))


class TestPixel:
    @pytest.mark.parametrize(('mode', 'expected'), [('mse', 0.25), ('l1', 0.5), ('norm', 0.5 * math.sqrt(12))])
    def test_modes(self, mode, expected):
        x = torch.rand(5, 3, 2, 2)
        assert build('PixelLoss', mode=mode)(x + 0.5, x).item() == pytest.approx(expected, rel=1e-5)

    def test_norm_is_of_each_image(self):
        difference = torch.zeros(2, 1, 1, 2)
        difference[0] = torch.tensor([3.0, 4.0])
        difference.requires_grad_()
        loss = build('PixelLoss', mode='norm')(difference, torch.zeros_like(difference))
        loss.backward()
        assert loss.item() == 2.5
        assert difference.grad.flatten().tolist() == pytest.approx([0.3, 0.4, 0, 0])

    def test_errors(self):
        with pytest.raises(ValueError, match="mode='l2'"):
            build('PixelLoss', mode='l2')
        with pytest.raises(ValueError, match=r'pred \(2, 3, 4, 4\) and target \(2, 1, 4, 4\)'):
            build('PixelLoss')(torch.zeros(2, 3, 4, 4), torch.zeros(2, 1, 4, 4))


class TestLatentConsistency:
    def latent(self, *sides: int, value: float = 0.0) -> Latent:
        """A latent whose stage k pools maps of the value k + ``value``."""
        skips = tuple(torch.full((2, 4, s, s), k + value) for k, s in enumerate(sides, 1))
        return Latent(torch.full((2, 512, 8, 8), value), tuple(torch.zeros_like(x) for x in skips), skips)

    def test_modes(self):
        a, b = self.latent(), self.latent(value=0.5)
        assert build('LatentConsistencyLoss')(a, b).item() == pytest.approx(0.25)
        assert build('LatentConsistencyLoss', mode='norm')(a, b).item() == pytest.approx(90.5097, abs=1e-4)

    def test_levels_are_summed(self):
        a, b = self.latent(8, 4), self.latent(8, 4, value=0.5)
        b = b._replace(skips=(b.skips[0], b.skips[1] + 1.5))
        for levels, expected in ((['pool1'], 0.25), (['pool2'], 4.0), (['pool2', 'latent'], 4.25)):
            assert build('LatentConsistencyLoss', levels=levels)(a, b).item() == pytest.approx(expected)

    def test_stages_are_compared_after_pooling(self):
        a, b = self.latent(2), self.latent(2)
        b.skips[0][..., 0, 0] -= 9  # not the largest of its window
        assert build('LatentConsistencyLoss', levels=['pool1'])(a, b).item() == 0

    def test_errors(self):
        for options in (dict(mode='l1'), dict(levels=[]), dict(levels='latent'), dict(levels=['pool0'])):
            with pytest.raises(ValueError, match=next(iter(options))):
                build('LatentConsistencyLoss', **options)
        with pytest.raises(ValueError, match="'pool3', but the encoders have 2 stages"):
            build('LatentConsistencyLoss', levels=['pool3'])(self.latent(8, 4), self.latent(8, 4))
        narrow = self.latent()._replace(h=torch.zeros(2, 4, 8, 8))
        with pytest.raises(ValueError, match=r'\(2, 512, 8, 8\) and \(2, 4, 8, 8\)'):
            build('LatentConsistencyLoss')(self.latent(), narrow)
