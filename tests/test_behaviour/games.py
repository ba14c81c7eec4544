"""Small games on 8x8 digits, trained by the model's own step on plain tensors."""

from __future__ import annotations

import functools
import os

import numpy as np
import torch
from mmengine.optim import OptimWrapperDict
from torch import Tensor, nn

from mmgentransfer.datasets import Digits
from mmgentransfer.engine import PlayerOptimWrappers
from mmgentransfer.evaluation.functional import fid_from_features, mean_variance, nearest_distances
from mmgentransfer.models import AdversarialModel
from mmgentransfer.registry import MODELS

# `make test-full`: with all the seeds and iterations that the bounds were measured with
FULL = os.environ.get('FULL_BEHAVIOUR') == '1'
LOSSES = dict(adversarial=dict(type='WassersteinLoss'), gradient_penalty=dict(type='GradientPenalty', loss_weight=10))
GENERATOR = dict(type='MLPGenerator', dims=[8, 64, 128, 64], image_size=8)
CRITIC = dict(type='MLPCritic', dims=[64, 128, 64, 1], image_size=8)
UNIT_RANGE = dict(type='ImagePreprocessor', value_range=(0.0, 1.0))


def optimisers(model: AdversarialModel, lr: float, betas: tuple[float, float]) -> OptimWrapperDict:
    adam = dict(optimizer=dict(type='Adam', lr=lr, betas=betas))
    return PlayerOptimWrappers(dict.fromkeys(model.players, adam))(model)


def train(
    model: AdversarialModel,
    wrappers: OptimWrapperDict,
    images: Tensor,
    iters: int,
    batch: int,
    seed: int,
    labels: Tensor | None = None,
    first: int = 0,
) -> None:
    """Trains ``model`` on uint8 ``images``, drawing with replacement, from iteration ``first`` to before ``iters``.

    Stages are entered as they come.
    """
    generator = torch.Generator().manual_seed(seed + first)
    model.train()
    for iteration in range(first, iters):
        stage = model.stage_index_at(iteration)
        if model.stages[stage] is not model.stage:
            model.enter_stage(stage)
        index = torch.randint(len(images), (batch * model.num_chunks,), generator=generator)
        classes = {} if labels is None else dict(labels=labels[index])
        model.train_step(dict(images=images[index], **classes), wrappers, iteration, seed)
    model.eval()


def build(cfg: dict, seed: int) -> AdversarialModel:
    torch.manual_seed(seed)
    model = MODELS.build(cfg)
    model.init_weights()
    return model


def copy_weights(source: nn.Module, target: nn.Module) -> None:
    target.load_state_dict(source.state_dict())


def digits8(**choice: object) -> Tensor:
    return Digits(image_size=8, crop=24, **choice).images


def gan(n_critic: int, num_classes: int = 0) -> dict:
    classes = dict(num_classes=num_classes)
    return dict(
        type='TransferGAN',
        data_preprocessor=UNIT_RANGE,
        networks=dict(generator=GENERATOR | classes, critic=CRITIC | classes),
        losses=LOSSES,
        moves=[dict(player='critic', repeat=n_critic), dict(player='generator')],
    )


def minegan(mine: int, finetune: int, n_critic: int) -> dict:
    stages = [dict(name='mine', iters=mine, train=['miners', 'critic'])]
    return dict(
        type='MineGAN',
        data_preprocessor=UNIT_RANGE,
        networks=dict(generators=[GENERATOR], miners=[dict(type='MLPMiner', dims=[8, 8, 8])], critic=CRITIC),
        losses=LOSSES,
        moves=[dict(player='critic', repeat=n_critic), dict(player='generator')],
        stages=stages + ([dict(name='finetune', iters=finetune)] if finetune else []),
    )


def few(digit: int, num: int, seed: int) -> Tensor:
    return digits8(classes=[digit], split='train', num_images=num, seed=seed)


@functools.cache
@torch.enable_grad()
def source_gan_of(digits: tuple[int, ...], iters: int) -> AdversarialModel:
    """A GAN of some digits."""
    model = build(gan(n_critic=3), seed=0)
    train(model, optimisers(model, 5e-4, (0.5, 0.9)), digits8(classes=digits), iters, 64, seed=0)
    return model


@functools.cache
def conditional_source_gan() -> AdversarialModel:
    """A conditional GAN of all digits: 1,000 iterations."""
    model = build(gan(n_critic=3, num_classes=10), seed=0)
    data = Digits(image_size=8, crop=24, labelled=True)
    wrappers = optimisers(model, 5e-4, (0.5, 0.9))
    train(model, wrappers, data.images, 1000, 64, seed=0, labels=torch.as_tensor(data.labels))
    return model


@functools.cache
@torch.enable_grad()
def classifier() -> nn.Sequential:
    """An MLP 64-128-64-10 trained on the 5,000 digits; its second ReLU gives the features."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
    data = Digits(image_size=8, crop=24, labelled=True)
    images, labels = data.images.float() / 255, torch.as_tensor(data.labels)
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(1000):
        index = torch.randint(len(images), (128,))
        loss = nn.functional.cross_entropy(net(images[index]), labels[index])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return net.eval()


def mining_of(
    source: AdversarialModel, mine: int, finetune: int, seed: int
) -> tuple[AdversarialModel, OptimWrapperDict]:
    """A MineGAN of one source, and its optimisers (five steps of the critic an iteration)."""
    model = build(minegan(mine, finetune, n_critic=5), seed)
    copy_weights(source.generator, model.generators[0])
    copy_weights(source.critic, model.critic)
    return model, optimisers(model, 4e-4, (0.5, 0.999))


def fine_tuned(source: AdversarialModel, images: Tensor, iters: int, seed: int) -> AdversarialModel:
    """TransferGAN with the same steps and optimisers."""
    model = build(gan(n_critic=5), seed)
    model.load_state_dict(source.state_dict())
    train(model, optimisers(model, 4e-4, (0.5, 0.999)), images, iters, 64, seed)
    return model


def samples(model: AdversarialModel) -> Tensor:
    return model.generate(model.draw_latents(1000, seed=5))


class Scores:
    """Scores of generated images (float, N x 1 x 8 x 8 in [0, 1]) against held-out images of a digit."""

    def __init__(self, digit: int, train_images: Tensor) -> None:
        self.digit = digit
        self.real = digits8(classes=[digit], split='test').float() / 255
        self.train_images = train_images.float() / 255

    @torch.no_grad()
    def share(self, fake: Tensor) -> float:
        return (classifier()(fake).argmax(1) == self.digit).float().mean().item()

    @torch.no_grad()
    def fid(self, fake: Tensor) -> float:
        features = [classifier()[:5](images).numpy() for images in (self.real, fake)]
        return fid_from_features(*features)

    def nn_ratio(self, fake: Tensor) -> float:
        flat = [images.flatten(1).numpy().astype(np.float64) for images in (fake, self.real, self.train_images)]
        return nearest_distances(flat[0], flat[2]).mean() / nearest_distances(flat[1], flat[2]).mean()

    def mv_ratio(self, fake: Tensor) -> float:
        return mean_variance(fake.numpy()) / mean_variance(self.real.numpy())
