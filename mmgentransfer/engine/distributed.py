"""Several processes: starting them, equal weights, averaged gradients.

GANs freeze and release networks from move to move and differentiate twice, which does not go well with wrapping each
network in DistributedDataParallel. So gradients are averaged in one flat buffer after a player's backward pass.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch
import torch.distributed as torch_dist
from mmengine.dist import get_world_size, init_dist, is_distributed
from mmengine.registry import MODEL_WRAPPERS as ROOT_MODEL_WRAPPERS
from torch import Tensor, nn

from mmgentransfer.registry import MODEL_WRAPPERS

__all__ = ['SelfSynchronised', 'average_gradients', 'broadcast_buffers', 'broadcast_model', 'init_distributed']


def init_distributed(launcher: str) -> None:
    """Joins the process group that ``launcher`` started: NCCL where there are GPUs, else gloo.

    Args:
        launcher: 'none', 'pytorch' (torchrun), 'slurm' or 'mpi'.
    """
    if launcher == 'none' or is_distributed():
        return
    if torch.cuda.is_available():
        init_dist(launcher, backend='nccl')
        return
    if launcher == 'slurm':  # MMEngine's own start-up selects a GPU, which a CPU-only node doesn't have
        tasks = os.environ
        os.environ.setdefault('RANK', tasks['SLURM_PROCID'])
        os.environ.setdefault('LOCAL_RANK', tasks['SLURM_LOCALID'])
        os.environ.setdefault('WORLD_SIZE', tasks['SLURM_NTASKS'])
        os.environ.setdefault('MASTER_ADDR', tasks.get('SLURM_LAUNCH_NODE_IPADDR', '127.0.0.1'))
        os.environ.setdefault('MASTER_PORT', '29500')
    torch_dist.init_process_group(backend='gloo')


# MMEngine's `Runner.wrap_model` asks its root registry for the class, whatever the default scope
@ROOT_MODEL_WRAPPERS.register_module()
@MODEL_WRAPPERS.register_module()
class SelfSynchronised:
    """Stands where MMEngine expects a distributed wrapper and leaves the model as it is.

    The training loop broadcasts parameters and buffers, and each move averages its own gradients.
    """

    def __new__(cls, module: nn.Module) -> nn.Module:
        return module


def _flatten(tensors: list[Tensor]) -> Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def _scatter(flat: Tensor, tensors: list[Tensor]) -> None:
    """Copies the pieces of ``flat`` back into ``tensors``."""
    for tensor, piece in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
        tensor.copy_(piece.view_as(tensor))


def _by_dtype(tensors: Iterable[Tensor]) -> list[list[Tensor]]:
    groups: dict[torch.dtype, list[Tensor]] = {}
    for tensor in tensors:
        groups.setdefault(tensor.dtype, []).append(tensor)
    return list(groups.values())


@torch.no_grad()
def average_gradients(parameters: list[nn.Parameter]) -> None:
    """Replaces every gradient by its mean over the processes, with one collective for each dtype.

    A parameter that got a gradient in some processes only counts as zero in the others; one that got none anywhere
    keeps ``None``. The presence flags travel in the same buffer and are read only where a gradient is missing.
    """
    world_size = get_world_size()
    if world_size == 1 or not parameters:
        return
    for group in _by_dtype(parameters):
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in group]
        present = torch.tensor([p.grad is not None for p in group], dtype=group[0].dtype, device=group[0].device)
        flat = _flatten([*grads, present])
        torch_dist.all_reduce(flat)
        counts = flat[-len(group) :]
        flat.div_(world_size)
        _scatter(flat[: -len(group)], grads)
        missing = [i for i, p in enumerate(group) if p.grad is None]
        if missing:
            anywhere = (counts > 0).tolist()
            for i in missing:
                if anywhere[i]:
                    group[i].grad = grads[i]


@torch.no_grad()
def _broadcast(tensors: Iterable[Tensor]) -> None:
    for group in _by_dtype(tensors):
        flat = _flatten(group)
        torch_dist.broadcast(flat, src=0)
        _scatter(flat, group)


def broadcast_model(model: nn.Module) -> None:
    """Gives every process rank 0's parameters and buffers."""
    if get_world_size() > 1:
        _broadcast([*(p.data for p in model.parameters()), *model.buffers()])


def broadcast_buffers(model: nn.Module) -> None:
    """Gives every process rank 0's buffers (running statistics of norms)."""
    buffers = list(model.buffers())
    if get_world_size() > 1 and buffers:
        _broadcast(buffers)
