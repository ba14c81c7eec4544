"""TransferGAN at the size of 8x8 digits: a source of the digits 0-4, and 100 images of the digits 5-9 to adapt to."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import torch
from games import LOSSES, build, optimisers, train
from torch import Tensor, nn

from mmgentransfer.datasets import Digits
from mmgentransfer.evaluation.functional import fid_from_features
from mmgentransfer.models import AdversarialModel

CRITIC = dict(type='WGANGPCritic', image_size=8, base_channels=16, channel_mults=(1, 2), in_channels=1)
GAN = dict(
    type='TransferGAN',
    networks=dict(
        generator=dict(
            type='WGANGPGenerator',
            image_size=8,
            base_channels=16,
            channel_mults=(2, 1),
            noise_size=32,
            out_channels=1,
        ),
        critic=CRITIC,
    ),
    losses=LOSSES,
    moves=[dict(player='critic', repeat=3), dict(player='generator')],
)


def source_gan(images: Tensor) -> AdversarialModel:
    """A GAN of ``images`` after 300 iterations."""
    model = build(GAN, seed=0)
    train(model, optimisers(model, 1e-3, (0.0, 0.9)), images, 300, 32, seed=0)
    return model


def shapes(num: int) -> Tensor:
    """White discs, squares and triangles of random place and size on black, uint8 (num, 1, 8, 8)."""
    random = np.random.default_rng(0)
    images = np.zeros((num, 32, 32), np.uint8)
    for image in images:
        size = int(random.integers(6, 15))
        x, y = (int(random.integers(size, 32 - size)) for _ in range(2))
        kind = random.integers(3)
        if kind == 0:
            cv2.circle(image, (x, y), size, 255, cv2.FILLED)
        elif kind == 1:
            cv2.rectangle(image, (x - size, y - size), (x + size, y + size), 255, cv2.FILLED)
        else:
            corners = np.array([[x, y - size], [x - size, y + size], [x + size, y + size]])
            cv2.fillConvexPoly(image, corners, 255)
    reduced = images.reshape(num, 8, 4, 8, 4).mean(axis=(2, 4)).round().astype(np.uint8)
    return torch.from_numpy(reduced).unsqueeze(1)


class Protocol:
    """The source, the target's images, and scores by a small CNN of all digits."""

    def __init__(self) -> None:
        target = Digits(image_size=8, classes=range(5, 10), num_images=100, labelled=True, relabel=True)
        self.images, self.labels = target.images, target.labels
        self.reference = Digits(image_size=8, classes=range(5, 10), skip=100).images
        self.classifier = self._classifier()
        self.source = source_gan(Digits(image_size=8, classes=range(5)).images)

    def adapted(self, source: AdversarialModel | None, seed: int, quarters: int = 4) -> list[np.ndarray]:
        """Returns 1,000 uint8 samples (N, 1, 8, 8) after each time of 25 iterations on the target."""
        model = build(GAN, seed=100 + seed)
        if source is not None:
            model.load_state_dict(source.state_dict())
        wrappers = optimisers(model, 1e-3, (0.0, 0.9))
        samples = []
        for quarter in range(quarters):
            train(model, wrappers, self.images, 25, 32, seed=1000 * quarter + seed)
            samples.append(self.samples(model))
        return samples

    def samples(self, model: AdversarialModel) -> np.ndarray:
        return model.sample(1000, seed=7, batch_statistics=True).transpose(0, 3, 1, 2)

    @torch.no_grad()
    def fid(self, fake: np.ndarray, real: Tensor | None = None) -> float:
        """FID to ``real``, by default to the images of the target that no model is trained on."""
        sides = (self.reference if real is None else real, fake)
        return fid_from_features(*(self.classifier[:-1](self._prepare(images)).numpy() for images in sides))

    @torch.no_grad()
    def accuracy(self, model: AdversarialModel, num: int = 500) -> float:
        """Share of the images of an AC-GAN of the target that the CNN, among 5-9, takes for what they should be."""
        images = model.sample(num, seed=7, batch_statistics=True).transpose(0, 3, 1, 2)
        decided = self.classifier(self._prepare(images))[:, 5:].argmax(1)
        return (decided == model.balanced_labels(num)).double().mean().item()

    def _prepare(self, images: np.ndarray | torch.Tensor) -> torch.Tensor:
        return nn.functional.interpolate(torch.as_tensor(images).float() / 127.5 - 1, scale_factor=2)

    def _classifier(self) -> nn.Sequential:
        torch.manual_seed(0)
        conv = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        conv += [nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        net = nn.Sequential(*conv, nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10))
        data = Digits(image_size=8, labelled=True)
        images, labels = self._prepare(data.images), torch.as_tensor(data.labels)
        optimiser = torch.optim.Adam(net.parameters(), 1e-3)
        for _ in range(600):
            index = torch.randint(len(images), (64,))
            loss = nn.functional.cross_entropy(net(images[index]), labels[index])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return net.eval()


@functools.cache
def protocol() -> Protocol:
    """The protocol, trained once for all tests of a process."""
    with torch.enable_grad():
        return Protocol()
