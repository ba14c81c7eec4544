"""Classifiers that metrics train themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from mmengine.registry import DefaultScope
from torch import nn
from torch.nn import functional as F

from mmgentransfer.registry import MODELS

__all__ = ['predicted_classes', 'train_classifier']


def train_classifier(
    network: dict[str, Any],
    images: np.ndarray,
    labels: np.ndarray,
    num_classes: int,
    lr: float = 1e-4,
    batch_size: int = 64,
    epochs: int = 10,
    iters: int | None = None,
    seed: int = 0,
    device: torch.device | str = 'cpu',
) -> nn.Module:
    """Trains a network on labelled images with Adam and cross entropy; global random numbers are left as they were.

    Args:
        network: Config of a network of images in [0, 1], less its ``num_classes``.
        images: uint8 (N, C, H, W).
        labels: Classes (N,), or attributes (N, C) of 0 and 1, which are learnt with binary cross entropy.
        num_classes: Number of classes or attributes.
        lr: Learning rate.
        batch_size: Images of a step; the last of an epoch has what is left.
        epochs: How often each image is seen.
        iters: In place of ``epochs``, the number of steps.
        seed: Of the weights and the order of images.
        device: Where to train.

    Returns:
        The network, in eval mode.
    """
    device = torch.device(device)
    with torch.random.fork_rng(devices=[device] if device.type == 'cuda' else []), torch.enable_grad():
        torch.manual_seed(seed)
        with DefaultScope.overwrite_default_scope('mmgentransfer'):
            net = MODELS.build({**network, 'num_classes': num_classes})
            if hasattr(net, 'init_weights'):
                net._dump_init_info = lambda *_: None  # MMEngine would print every tensor
                net.init_weights()
        net.to(device).train()
        optimizer = torch.optim.Adam(net.parameters(), lr=lr)
        attributes = np.ndim(labels) == 2
        loss_of = F.binary_cross_entropy_with_logits if attributes else F.cross_entropy
        targets = torch.as_tensor(labels, dtype=torch.float32 if attributes else torch.long)
        steps = -(-len(images) // batch_size)
        left = epochs * steps if iters is None else iters
        rng = np.random.default_rng(seed)
        while left:
            order = rng.permutation(len(images))
            for start in range(0, min(left, steps) * batch_size, batch_size):
                rows = order[start : start + batch_size]
                optimizer.zero_grad()
                loss = loss_of(net(_values(images[rows], device)), targets[rows].to(device))
                loss.backward()
                optimizer.step()
            left -= min(left, steps)
    return net.eval().requires_grad_(False)


@torch.no_grad()
def predicted_classes(
    net: nn.Module, images: np.ndarray, device: torch.device | str = 'cpu', batch_size: int = 128
) -> np.ndarray:
    """Returns the most probable class of uint8 images (N, C, H, W), int64 (N,)."""
    parts = [
        net(_values(images[i : i + batch_size], device)).argmax(1).cpu().numpy()
        for i in range(0, len(images), batch_size)
    ]
    return np.concatenate(parts)


def _values(images: np.ndarray, device: torch.device | str) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(images)).to(device).float().div_(255)
