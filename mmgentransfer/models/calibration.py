"""Running statistics of batch norms, estimated anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ['calibrate_batch_norms']


@torch.no_grad()
def calibrate_batch_norms(networks: Iterable[nn.Module], run: Callable[[int], object], num_batches: int = 50) -> None:
    """Replaces the running statistics of batch norms by the mean over batches of the batch's statistics.

    In these passes the batch norms use the statistics of the batch, as in training; all else is in eval mode, so that
    parameters and power iterations stay as they are. The modes of all modules come back.

    Args:
        networks: What holds the batch norms. Tables of running statistics by truncation (BigGAN-deep) stay as they are.
        run: Runs the networks on batch number 0, 1, ..., ``num_batches - 1``.
        num_batches: Number of batches.

    Raises:
        ValueError: There are no batches, or no batch norms with running statistics.
    """
    if num_batches < 1:
        raise ValueError(f'calibration needs num_batches >= 1, got {num_batches}')
    modules = list(dict.fromkeys(module for network in networks for module in network.modules()))
    norms = [module for module in modules if isinstance(module, _BatchNorm) and module.track_running_stats]
    if not norms:
        raise ValueError('there is nothing to calibrate: the networks have no batch norms with running statistics')
    with _cumulative_statistics(modules, norms):
        for index in range(num_batches):
            run(index)


@contextmanager
def _cumulative_statistics(modules: list[nn.Module], norms: list[_BatchNorm]) -> Iterator[None]:
    """Makes norms average the statistics of all batches with equal weights, from none on."""
    modes, momenta = [module.training for module in modules], [norm.momentum for norm in norms]
    for module in modules:
        module.training = False
    for norm in norms:
        norm.reset_running_stats()
        norm.training, norm.momentum = True, None
    try:
        yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
