"""The R1 term of the methods that generate images from noise."""

from __future__ import annotations

import torch
from mmengine.registry import DefaultScope

from mmgentransfer.models import Batch, StepRandom
from mmgentransfer.registry import MODELS


def gan(**losses):
    cfg = dict(
        type='TransferGAN',
        networks=dict(
            generator=dict(type='MLPGenerator', dims=[2, 4], image_size=2),
            critic=dict(type='MLPCritic', dims=[4, 1], image_size=2),
        ),
        losses=dict(adversarial=dict(type='LogisticLoss'), **losses),
        moves=[dict(player='critic'), dict(player='generator')],
    )
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        return MODELS.build(cfg)


def batch() -> Batch:
    return Batch(dict(images=torch.rand(3, 1, 2, 2)), StepRandom(0, 0, 0, 0))


def test_r1_is_the_squared_gradient_at_real_images():
    model = gan(r1=dict(type='R1Penalty', loss_weight=5))
    terms = model.critic_losses(batch())
    (weight,) = [p for p in model.critic.parameters() if p.ndim == 2]  # a linear critic: its gradient is its weight
    torch.testing.assert_close(terms['r1'], weight.square().sum())
    terms['r1'].backward()
    torch.testing.assert_close(weight.grad, 2 * weight.detach())
    assert model.weight('r1') == 5


def test_r1_is_not_computed_without_a_weight():
    assert 'r1' not in gan().critic_losses(batch())
    assert 'r1' not in gan(r1=dict(type='R1Penalty', loss_weight=0)).critic_losses(batch())
