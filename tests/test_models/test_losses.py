"""Loss terms, against numbers worked out by hand."""

from __future__ import annotations

import math
from copy import deepcopy

import pytest
import torch
from torch import nn

from mmgentransfer.models.backbones import WGANGPCritic
from mmgentransfer.models.losses import (
    AuxiliaryClassifierLoss,
    DriftPenalty,
    GradientPenalty,
    HingeLoss,
    LogisticLoss,
    R1Penalty,
    VanillaLoss,
    WassersteinLoss,
    scores,
)
from mmgentransfer.registry import MODELS

REAL = torch.tensor([2.0, 0.0, 1.0, 1.0])
SUPERSAMPLES = torch.tensor([[1.0, 3.0], [2.0, -1.0], [0.0, 0.5], [4.0, 2.0]])
WINNERS = SUPERSAMPLES.max(dim=1).values


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


class TestAdversarial:
    def test_wasserstein(self):
        loss, fake = WassersteinLoss(), torch.tensor([0.0, -1.0, 4.0])
        assert loss.critic(torch.tensor([1.0, 2.0, 3.0]), fake).item() == pytest.approx(-1)
        assert loss.generator(fake).item() == pytest.approx(-1)

    @pytest.mark.parametrize(
        ('loss', 'critic', 'generator'),
        [
            (WassersteinLoss(), 1.375, -2.375),
            (HingeLoss(), 3.625, -2.375),
            (LogisticLoss(), 2.903585, 0.166936),
            # - mean softplus of the winners: (3.048587 + 2.126928 + 0.974077 + 4.018150) / 4
            (LogisticLoss(saturating=True), 2.903585, -2.541936),
        ],
    )
    def test_winners_of_supersamples(self, loss, critic, generator):
        assert loss.critic(REAL, WINNERS).item() == pytest.approx(critic, abs=1e-5)
        assert loss.generator(WINNERS).item() == pytest.approx(generator, abs=1e-5)

    def test_hinge_ignores_scores_beyond_the_margin(self):
        real, fake = torch.tensor([5.0, 0.5], requires_grad=True), torch.tensor([-3.0, 0.0], requires_grad=True)
        HingeLoss().critic(real, fake).backward()
        assert real.grad.tolist() == [0.0, -0.5]
        assert fake.grad.tolist() == [0.0, 0.5]

    def test_mean_over_all_images_of_a_supersample(self):
        assert WassersteinLoss().critic(REAL, SUPERSAMPLES.mean(dim=1)).item() == pytest.approx(0.4375)

    def test_gradient_reaches_the_winners_only(self):
        s = SUPERSAMPLES.clone().requires_grad_()
        WassersteinLoss().generator(s.max(dim=1).values).backward()
        assert s.grad.tolist() == [[0, -0.25], [-0.25, 0], [0, -0.25], [-0.25, 0]]

    def test_vanilla_is_eq_2_2(self):
        """At D = 0, log sigmoid is -log 2; the discriminator minimises the negative of eq. 2.2."""
        loss, zero = VanillaLoss(), torch.zeros(3)
        assert loss.critic(zero, zero).item() == pytest.approx(2 * math.log(2))
        assert loss.generator(zero).item() == pytest.approx(math.log(2))
        assert VanillaLoss(saturating=True).generator(zero).item() == pytest.approx(-math.log(2))
        assert type(MODELS.build({'type': 'VanillaLoss', 'saturating': True})) is LogisticLoss

    def test_saturating_gradient_vanishes_where_the_critic_is_sure(self):
        sure = torch.tensor([-20.0], requires_grad=True)
        (saturating,) = torch.autograd.grad(LogisticLoss(saturating=True).generator(sure), sure)
        (non_saturating,) = torch.autograd.grad(LogisticLoss().generator(sure), sure)
        assert -1e-6 < saturating.item() < 0
        assert non_saturating.item() == pytest.approx(-1, abs=1e-6)

    @pytest.mark.parametrize('loss', [WassersteinLoss(), HingeLoss(), LogisticLoss()])
    def test_half_precision_scores_are_averaged_in_float32(self, loss):
        real, fake = torch.randn(1000).bfloat16(), torch.randn(1000).bfloat16()
        value = loss.critic(real, fake)
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(loss.critic(real.double(), fake.double()).item(), abs=1e-5)
        assert loss.generator(fake).item() == pytest.approx(loss.generator(fake.double()).item(), abs=1e-5)

    def test_values_are_not_weighted(self):
        assert WassersteinLoss(loss_weight=7).critic(REAL, WINNERS).item() == pytest.approx(1.375)
        assert WassersteinLoss(loss_weight=7).loss_weight == 7.0

    @pytest.mark.parametrize('weight', [-1.0, float('nan'), float('inf')])
    def test_bad_weight(self, weight):
        with pytest.raises(ValueError, match='HingeLoss: loss_weight='):
            HingeLoss(loss_weight=weight)

    def test_scores_of_both_kinds_of_output(self):
        s, logits = torch.randn(3), torch.randn(3, 5)
        assert scores(s) is s
        assert scores((s, logits)) is s


def total(images):
    return images.flatten(1).sum(1)


def half_square(images):
    return images.flatten(1).square().sum(1) / 2


class TestGradientPenalty:
    def test_sum_of_an_image(self):
        """Every derivative is 1: the norm of an image is sqrt(12), of a pixel sqrt(3)."""
        real, fake, alpha = torch.randn(5, 3, 2, 2), torch.randn(5, 3, 2, 2), torch.rand(5)
        assert GradientPenalty()(total, real, fake, alpha).item() == pytest.approx(6.07180, abs=1e-4)
        assert GradientPenalty(norm_mode='pixel')(total, real, fake, alpha).item() == pytest.approx(0.53590, abs=1e-4)

    def test_half_square_halfway(self):
        """The gradient is x_hat itself, whose norm is sqrt(12) / 2."""
        real, fake = torch.ones(4, 3, 2, 2), torch.zeros(4, 3, 2, 2)
        value = GradientPenalty()(half_square, real, fake, torch.full((4,), 0.5))
        assert value.item() == pytest.approx(0.53590, abs=1e-4)

    def test_alpha_weighs_the_real_image(self):
        """Norms sqrt(12) * alpha for alpha 1 and 0.25, one for each image."""
        real, fake = torch.ones(2, 3, 2, 2), torch.zeros(2, 3, 2, 2)
        value = GradientPenalty()(half_square, real, fake, torch.tensor([1.0, 0.25]))
        expected = ((math.sqrt(12) - 1) ** 2 + (math.sqrt(12) / 4 - 1) ** 2) / 2
        assert value.item() == pytest.approx(expected, abs=1e-4)

    def test_expectation_over_alpha(self):
        """E[(sqrt(12) a - 1)^2] = 4 - sqrt(12) + 1."""
        real, fake = torch.ones(10_000, 3, 2, 2), torch.zeros(10_000, 3, 2, 2)
        value = GradientPenalty()(half_square, real, fake, torch.rand(10_000))
        assert value.item() == pytest.approx(1.53590, abs=0.08)

    def test_linear_critic_on_vectors(self):
        direction = torch.tensor([1.0, 2.0, 2.0])
        penalty = GradientPenalty()
        value = penalty(lambda x: x @ direction, torch.randn(6, 3), torch.randn(6, 3), torch.rand(6))
        assert value.item() == pytest.approx(4, abs=1e-5)
        assert penalty.loss_weight * value.item() == pytest.approx(40, abs=1e-4)

    def test_target(self):
        penalty = GradientPenalty(target=math.sqrt(12))
        value = penalty(total, torch.randn(5, 3, 2, 2), torch.randn(5, 3, 2, 2), torch.rand(5))
        assert value.item() == pytest.approx(0, abs=1e-6)

    @pytest.mark.parametrize('mode', ['image', 'pixel'])
    def test_zero_gradient_is_finite(self, mode):
        scale = nn.Parameter(torch.zeros(()))
        images = torch.randn(3, 2, 4, 4)
        value = GradientPenalty(norm_mode=mode)(lambda x: scale * total(x), images, -images, torch.rand(3))
        value.backward()
        assert value.item() == pytest.approx(1, abs=1e-4)
        assert scale.grad.isfinite()

    def test_gradient_of_the_penalty(self):
        """For D(x) = w sum(x) the penalty is (sqrt(12) w - 1)^2 and its derivative 2 sqrt(12) (sqrt(12) w - 1)."""
        weight = nn.Parameter(torch.tensor(0.7))
        images = torch.randn(3, 3, 2, 2)
        GradientPenalty()(lambda x: weight * total(x), images, -images, torch.rand(3)).backward()
        assert weight.grad.item() == pytest.approx(2 * math.sqrt(12) * (math.sqrt(12) * 0.7 - 1), rel=1e-4)

    def test_gradient_reaches_the_critic_only(self):
        critic = WGANGPCritic(image_size=8, base_channels=4, channel_mults=(1, 2), in_channels=1, num_classes=3)
        critic.init_weights()
        real, fake = torch.randn(4, 1, 8, 8), torch.randn(4, 1, 8, 8, requires_grad=True)
        GradientPenalty()(critic, real, fake * 1.0, torch.rand(4)).backward()
        assert fake.grad is None
        assert not real.requires_grad
        assert critic.input_conv.weight.grad.abs().max() > 0
        assert critic.score_head.weight.grad.abs().max() > 0
        assert critic.class_head.weight.grad is None  # the class head takes no part
        assert all(p.grad is None or p.grad.isfinite().all() for p in critic.parameters())

    def test_penalty_of_an_image_does_not_depend_on_the_batch(self):
        critic = WGANGPCritic(image_size=8, base_channels=4, channel_mults=(1, 2), in_channels=1)
        critic.init_weights()
        real, fake, alpha = torch.randn(3, 1, 8, 8), torch.randn(3, 1, 8, 8), torch.rand(3)
        penalty = GradientPenalty()
        single = [penalty(critic, real[i : i + 1], fake[i : i + 1], alpha[i : i + 1]) for i in range(3)]
        torch.testing.assert_close(penalty(critic, real, fake, alpha), torch.stack(single).mean())

    def test_one_forward_pass(self):
        calls = []
        images = torch.randn(3, 1, 2, 2)

        def critic(x):
            calls.append(x.shape)
            return total(x)

        GradientPenalty()(critic, images, images, torch.rand(3))
        assert calls == [(3, 1, 2, 2)]

    def test_float32_under_autocast(self):
        critic = nn.Sequential(nn.Flatten(), nn.Linear(16, 32), nn.Softplus(), nn.Linear(32, 1), nn.Flatten(0))
        real, fake, alpha = torch.randn(4, 1, 4, 4), torch.randn(4, 1, 4, 4), torch.rand(4)
        exact = GradientPenalty()(deepcopy(critic).double(), real.double(), fake.double(), alpha)
        with torch.autocast('cpu', torch.bfloat16):
            assert critic(real).dtype == torch.bfloat16
            value = GradientPenalty()(critic, real, fake, alpha)
            assert R1Penalty()(critic, real.bfloat16()).dtype == torch.float32
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(exact.item(), rel=1e-5)

    def test_wrong_inputs(self):
        penalty, images = GradientPenalty(), torch.randn(4, 1, 2, 2)
        with pytest.raises(ValueError, match='same shape'):
            penalty(total, images, images[:2], torch.rand(4))
        for alpha in (torch.rand(1), torch.rand(4, 1), torch.rand(())):
            with pytest.raises(ValueError, match='one alpha per image'):
                penalty(total, images, images, alpha)
        with pytest.raises(ValueError, match="norm_mode='HWC'"):
            GradientPenalty(norm_mode='HWC')

    def test_weight_of_the_paper(self):
        assert GradientPenalty().loss_weight == 10
        assert R1Penalty().loss_weight == 5
        assert DriftPenalty().loss_weight == 0.001


class TestOtherPenalties:
    def test_drift(self):
        drift = DriftPenalty()
        assert drift.loss_weight * drift(REAL).item() == pytest.approx(0.0015)

    def test_r1(self):
        """The gradient of half_square is x: squared norms 12 and 48."""
        real = torch.ones(2, 3, 2, 2) * torch.tensor([1.0, 2.0]).view(2, 1, 1, 1)
        assert R1Penalty()(half_square, real).item() == pytest.approx(30)
        assert not real.requires_grad

    def test_gradient_of_r1(self):
        """For D(x) = w sum(x) on 12 values the penalty is 12 w^2."""
        weight = nn.Parameter(torch.tensor(0.5))
        value = R1Penalty()(lambda x: (weight * total(x), torch.zeros(3, 2)), torch.randn(3, 3, 2, 2))
        value.backward()
        assert value.item() == pytest.approx(3)
        assert weight.grad.item() == pytest.approx(12)


class TestAuxiliaryClassifierLoss:
    def test_numbers(self):
        loss = AuxiliaryClassifierLoss()
        logits = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
        assert loss(logits, torch.tensor([0, 2])).item() == pytest.approx(0.895495, abs=1e-5)
        assert loss(torch.zeros(4, 10), torch.tensor([0, 9, 3, 3])).item() == pytest.approx(2.302585, abs=1e-5)

    def test_settings(self):
        assert AuxiliaryClassifierLoss().on_fake is False
        loss = MODELS.build({'type': 'AuxiliaryClassifierLoss', 'loss_weight': 0.5, 'on_fake': True})
        assert (loss.loss_weight, loss.on_fake) == (0.5, True)


@pytest.mark.parametrize(
    'name',
    ['WassersteinLoss', 'HingeLoss', 'LogisticLoss', 'VanillaLoss', 'GradientPenalty', 'R1Penalty', 'DriftPenalty'],
)
def test_registered(name):
    loss = MODELS.build({'type': name, 'loss_weight': 2})
    assert isinstance(loss.loss_weight, float)
    assert loss.loss_weight == 2
