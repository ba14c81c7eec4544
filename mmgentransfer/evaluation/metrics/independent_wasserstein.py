"""Wasserstein distance as an independently trained critic sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from mmgentransfer.models.losses import GradientPenalty, scores
from mmgentransfer.registry import METRICS, MODELS

from ..image_set import ImageSet

_SCORING_BATCH = 256


@METRICS.register_module()
class IndependentWasserstein:
    """Gap between a fresh critic's scores of real and of generated images, thesis eq. 2.6.

    For every measurement a new critic is trained with WGAN-GP's loss (eq. 2.3) between real images that no GAN was
    trained on and generated ones. ``iw`` is mean score of the real minus mean score of the generated images, 0 or
    larger up to noise, larger is worse. Published tables print its negative, ``iw_reported``. ``iw_heldout`` is the
    same on images of both sides that this critic was not trained on: what it lacks to ``iw`` is the
    critic's over-fitting. Values compare only for the same critic, image size and budget.

    Args:
        critic: Config of a network that gives scores (N,) for images (N, C, H, W) in [-1, 1].
        iters: Updates of the critic.
        batch_size: Images of either side in an update.
        lr: Learning rate of Adam.
        betas: Adam's betas.
        gp_weight: Weight of the gradient penalty.
        seed: Seed of the critic's weights, of the split and of the batches; the global random state stays as it is.
        heldout: Share of both sides that is kept from the critic, in (0, 1).
    """

    extractor = None
    needs_train = False

    def __init__(
        self,
        critic: dict,
        iters: int = 5000,
        batch_size: int = 64,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.0, 0.9),
        gp_weight: float = 10.0,
        seed: int = 0,
        heldout: float = 0.2,
    ) -> None:
        if not 0 < heldout < 1:
            raise ValueError(f'IndependentWasserstein.heldout must be a share in (0, 1); got {heldout}')
        if iters < 1 or batch_size < 1:
            raise ValueError(f'IndependentWasserstein needs iters >= 1 and batch_size >= 1; got {iters}, {batch_size}')
        self.critic = critic
        self.iters = iters
        self.batch_size = batch_size
        self.lr = lr
        self.betas = tuple(betas)
        self.gp_weight = gp_weight
        self.seed = seed
        self.heldout = heldout

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None = None) -> dict[str, float]:
        """Returns ``iw``, ``iw_reported`` and ``iw_heldout``.

        Raises:
            ValueError: A side has fewer than two images.
        """
        device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        rng = np.random.default_rng(self.seed)
        real_seen, real_held = self._split(real.images, rng, device, 'real')
        fake_seen, fake_held = self._split(fake.images, rng, device, 'generated')
        # A validation loop may have switched gradients off.
        with _own_random_state(self.seed, device), torch.inference_mode(False), torch.enable_grad():
            critic = self._trained_critic(real_seen, fake_seen)
        iw = _mean_score(critic, real_seen) - _mean_score(critic, fake_seen)
        held_out = _mean_score(critic, real_held) - _mean_score(critic, fake_held)
        return {'iw': iw, 'iw_reported': -iw, 'iw_heldout': held_out}

    def _split(
        self, images: np.ndarray, rng: np.random.Generator, device: torch.device, side: str
    ) -> tuple[Tensor, Tensor]:
        """Returns the uint8 images that the critic is trained on, and those that it never sees, on ``device``."""
        if len(images) < 2:
            raise ValueError(f'IndependentWasserstein needs at least two {side} images; got {len(images)}')
        held = min(max(round(self.heldout * len(images)), 1), len(images) - 1)
        order = rng.permutation(len(images))
        parts = (images[order[held:]], images[order[:held]])
        return tuple(torch.from_numpy(part).to(device) for part in parts)

    def _trained_critic(self, real: Tensor, fake: Tensor) -> nn.Module:
        critic = MODELS.build(self.critic)
        if hasattr(critic, 'init_weights'):
            critic.init_weights()
        critic.to(real.device).train()
        penalty = GradientPenalty(loss_weight=self.gp_weight)
        optimizer = torch.optim.Adam(critic.parameters(), lr=self.lr, betas=self.betas)
        for _ in range(self.iters):
            x = _to_float(_draw(real, self.batch_size))
            y = _to_float(_draw(fake, self.batch_size))
            alpha = torch.rand(len(x), device=x.device)
            real_scores, fake_scores = scores(critic(torch.cat([x, y]))).chunk(2)
            loss = fake_scores.mean() - real_scores.mean() + penalty.loss_weight * penalty(critic, x, y, alpha)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return critic.eval()


@contextmanager
def _own_random_state(seed: int, device: torch.device) -> Iterator[None]:
    """Seeds the random numbers of the CPU and ``device`` inside, and puts them back as they were afterwards."""
    on_gpu = device.type == 'cuda'
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if on_gpu else []):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also reach generators that are not restored
        if on_gpu:
            torch.cuda.manual_seed(seed)
        yield


def _draw(images: Tensor, count: int) -> Tensor:
    return images[torch.randint(len(images), (count,), device=images.device)]


def _to_float(images: Tensor) -> Tensor:
    return images.float().div_(127.5).sub_(1.0)


@torch.no_grad()
def _mean_score(critic: nn.Module, images: Tensor) -> float:
    total = sum(scores(critic(_to_float(batch))).double().sum() for batch in images.split(_SCORING_BATCH))
    return total.item() / len(images)
