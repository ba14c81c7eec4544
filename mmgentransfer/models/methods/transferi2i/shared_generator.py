"""The auxiliary generator of TransferI2I, which shares the deep layers of another one."""

from __future__ import annotations

import copy
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmgentransfer.registry import MODELS

__all__ = ['PartialSharedGenerator']


@MODELS.register_module()
class PartialSharedGenerator(BaseModule):
    """A generator whose layers up to a resolution are those of another, and whose higher ones are its own.

    What comes before the maps (class embedding, mapping network) is always shared. It holds its own layers alone, which
    start as copies; the other generator is given with each call. It takes no adapted features, and so keeps the deep
    layers of the other in use in spite of its skip connections (supplement, section A and figure 1c).

    Args:
        generator: The generator that it shares layers with; in a :class:`TransferI2I` the model's.
        share_until: Greatest side of the maps that shared layers make: 0 shares what comes before the maps alone, the
            image's side everything.
        separate_norm_stats: Whether shared batch norms have running statistics of their own on this path, as the paths
            with and without adapted features have other means.
        init_cfg: MMEngine's initialisation config, such as a transfer from an earlier run.

    Raises:
        ValueError: ``share_until`` is no side of the generator's maps.
    """

    def __init__(
        self,
        generator: nn.Module,
        share_until: int = 16,
        separate_norm_stats: bool = True,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        sides = generator.module_sides()
        if share_until not in (0, *sides.values()):
            raise ValueError(
                f'aux_generator.share_until={share_until} is no side of the maps of the {type(generator).__name__}: '
                f'use one of {sorted({0, *sides.values()})}'
            )
        self.share_until = share_until
        self._own_names = [name for name, side in sides.items() if side > share_until]
        self.own = nn.ModuleDict({_key(name): copy.deepcopy(generator.get_submodule(name)) for name in self._own_names})
        norms = _shared_norms(generator, self._own_names) if separate_norm_stats else {}
        self._norm_names = list(norms)
        self.statistics = nn.ModuleDict(
            {_key(name): nn.BatchNorm2d(norm.num_features, affine=False) for name, norm in norms.items()}
        )

    @torch.no_grad()
    def copy_from(self, generator: nn.Module) -> None:
        """Makes this the same function as ``generator``: copies its higher layers and its running statistics."""
        for name in self._own_names:
            self.own[_key(name)].load_state_dict(generator.get_submodule(name).state_dict())
        for name in self._norm_names:
            self.statistics[_key(name)].load_state_dict(dict(generator.get_submodule(name).named_buffers()))

    def forward(self, generator: nn.Module, *args: Any, **kwargs: Any) -> Tensor:
        """Generates images as ``generator(*args, **kwargs)`` would, with the layers that are this network's own."""
        return self.joined(generator)(*args, **kwargs)

    def joined(self, generator: nn.Module) -> nn.Module:
        """Returns a generator of shared and own layers, in which a shared layer is that of ``generator`` itself."""
        joined = _shallow(generator)
        containers: dict[str, nn.Module] = {'': joined}
        for name in self._own_names:
            _put(containers, name, self.own[_key(name)])
        for name in self._norm_names:
            norm = _shallow(generator.get_submodule(name))
            norm._buffers = self.statistics[_key(name)]._buffers  # updated in place by the forward pass
            _put(containers, name, norm)
        return joined


def _shared_norms(generator: nn.Module, own_names: list[str]) -> dict[str, _BatchNorm]:
    """Returns the batch norms with running statistics outside the parts ``own_names``."""
    own = tuple(f'{name}.' for name in own_names)
    return {
        name: module
        for name, module in generator.named_modules()
        if isinstance(module, _BatchNorm) and module.track_running_stats and not f'{name}.'.startswith(own)
    }


def _key(name: str) -> str:
    """Returns a module's name as one that a ModuleDict can hold."""
    return name.replace('.', '-')


def _shallow(module: nn.Module) -> nn.Module:
    """Returns a module on the same parameters, buffers and children, whose children can be replaced."""
    twin = copy.copy(module)
    twin._modules = dict(module._modules)
    return twin


def _put(containers: dict[str, nn.Module], name: str, module: nn.Module) -> None:
    """Puts ``module`` at the dotted ``name`` in ``containers['']``."""
    path, _, last = name.rpartition('.')
    _container(containers, path)._modules[last] = module


def _container(containers: dict[str, nn.Module], path: str) -> nn.Module:
    """Returns the module at ``path``; it and those on the way to it become shallow copies, once each."""
    if path not in containers:
        parent, _, own = path.rpartition('.')
        above = _container(containers, parent)
        containers[path] = above._modules[own] = _shallow(above._modules[own])
    return containers[path]
