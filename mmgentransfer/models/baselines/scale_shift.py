"""What batch statistics adaptation trains of a generator: scales and shifts, in the place of the generator's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import parametrize

from mmgentransfer.models.layers.attention import SelfAttention
from mmgentransfer.models.layers.biggan_blocks import EmbeddingBatchNorm
from mmgentransfer.models.layers.norms import ConditionalBatchNorm
from mmgentransfer.registry import MODELS

__all__ = ['ScaleShiftAdaptor']

_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


@MODELS.register_module()
class ScaleShiftAdaptor(BaseModule):
    r"""Trained scales :math:`\gamma` (from 1) and shifts :math:`\beta` (from 0) for the layers of a frozen generator.

    Where they act follows from the generator:

    - behind its first linear layer, one pair for each feature map;
    - in each batch norm, in place of its own affine map, which a norm with classes has for every class: an SNGAN so
      becomes unconditional. A plain norm in front of the last layer stays as it is;
    - in a generator without norms, behind every hidden layer (an extension of ours);
    - in a generator with a class embedding (BigGAN), whose norms compute theirs: there one embedding, which starts at
      the classes' mean, takes the place of the labels', and copies of the norms' linear maps are trained.

    A pass runs the generator itself with these in place; its own tensors are not touched.

    Args:
        input_layer: Whether a copy of the first linear layer is trained too; give ``adaptor.input_layer`` a learning
            rate of its own.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(self, input_layer: bool = True, init_cfg: dict[str, Any] | None = None) -> None:
        super().__init__(init_cfg)
        self.trains_input_layer = input_layer

    def attach(self, generator: nn.Module) -> None:
        """Makes the parameters for the layers of ``generator``.

        Raises:
            ValueError: Its first layer is not linear, it is conditioned by a one-hot vector, or it has layers of
                another kind than batch norms, linear layers and convolutions.
        """
        layers = [(name, m) for name, m in generator.named_modules() if isinstance(m, (nn.Linear, *_CONVOLUTIONS))]
        norms = [
            (name, m)
            for name, m in generator.named_modules()
            if isinstance(m, _BatchNorm) and m.affine and (name != 'output_norm' or isinstance(m, ConditionalBatchNorm))
        ]
        self.has_embedding = bool(getattr(generator, 'embedding_size', 0))
        self._check(generator, layers, norms)
        first, input_layer = layers[0]
        maps = next((m.in_channels for _, m in layers if isinstance(m, _CONVOLUTIONS)), input_layer.out_features)

        self.outputs = [first]  # layers that a pair follows
        self.norms = [name for name, _ in norms]  # norms whose affine map is replaced
        widths = [maps, *(m.num_features for _, m in norms)]
        if not norms and not self.has_embedding:
            self.outputs += [name for name, _ in layers[1:-1]]
            widths += [getattr(m, 'out_channels', None) or m.out_features for _, m in layers[1:-1]]
        self.scales = nn.ParameterList(torch.ones(width) for width in widths)
        self.shifts = nn.ParameterList(torch.zeros(width) for width in widths)
        self._rows = {name for name, m in norms if isinstance(m, ConditionalBatchNorm)}

        condition_layers = [
            f'{name}.{part}'
            for name, m in generator.named_modules()
            if isinstance(m, EmbeddingBatchNorm)
            for part in ('scale', 'offset')
        ]
        self._copied = {
            'input_layer': _parameter_names(generator, [first] if self.trains_input_layer else []),
            'condition_layers': _parameter_names(generator, condition_layers),
        }
        for copies, names in self._copied.items():
            tensors = [generator.get_parameter(name).detach().clone() for name in names]
            setattr(self, copies, nn.ParameterList(tensors))
        self.embedding = nn.Parameter(torch.zeros(generator.embedding_size)) if self.has_embedding else None

    def _check(self, generator: nn.Module, layers: list[tuple[str, nn.Module]], norms: list) -> None:
        name = type(generator).__name__
        known = (nn.Linear, *_CONVOLUTIONS, _BatchNorm, EmbeddingBatchNorm, nn.Embedding, SelfAttention)
        other = [
            (part, type(m).__name__)
            for part, m in generator.named_modules()
            if next(m.parameters(recurse=False), None) is not None
            and not isinstance(m, (*known, parametrize.ParametrizationList))
        ]
        if other or not layers or not isinstance(layers[0][1], nn.Linear):
            what = f'it has {other[0][0]!r}, a {other[0][1]}' if other else 'its first layer is not linear'
            raise ValueError(
                f'model.networks.generator = {name} can not be adapted by scales and shifts: {what}; it can be an '
                'SNGANGenerator, WGANGPGenerator, BigGANGenerator or WGANGPGenerator28'
            )
        by_norms = any(isinstance(m, ConditionalBatchNorm) for _, m in norms)
        if getattr(generator, 'num_classes', 0) and not self.has_embedding and not by_norms:
            raise ValueError(
                f'model.networks.generator = {name} with num_classes={generator.num_classes} takes a one-hot class '
                'beside z, but the adapted generator has no labels: take an unconditional source'
            )

    @torch.no_grad()
    def start_from(self, generator: nn.Module) -> None:
        """Copies what starts as a copy; scales and shifts stay 1 and 0."""
        for copies, names in self._copied.items():
            for parameter, name in zip(getattr(self, copies), names, strict=True):
                parameter.copy_(generator.get_parameter(name))
        if self.has_embedding:
            classes = torch.arange(generator.num_classes, device=self.embedding.device)
            self.embedding.copy_(generator.embed(classes).mean(0))

    def forward(self, generator: nn.Module, latents: Tensor) -> Tensor:
        """Maps latents (N, d) to images (N, C, S, S) of the adapted ``generator``."""
        kwargs: dict[str, Tensor] = {}
        if self.has_embedding:
            kwargs['embedding'] = self.embedding.expand(len(latents), -1)
        elif self._rows:  # all images look up the one row that there is
            kwargs['labels'] = torch.zeros(len(latents), dtype=torch.int64, device=latents.device)
        with self._behind_layers(generator):
            return functional_call(generator, self._replaced(), (latents,), kwargs)

    def _replaced(self) -> dict[str, Tensor]:
        """Returns the tensors that take the place of the generator's, by name."""
        tensors = {
            name: parameter
            for copies, names in self._copied.items()
            for name, parameter in zip(names, getattr(self, copies), strict=True)
        }
        start = len(self.outputs)
        for i, name in enumerate(self.norms, start):
            scale, shift = self.scales[i], self.shifts[i]
            rows = name in self._rows
            tensors[f'{name}.weight'] = scale[None] if rows else scale
            tensors[f'{name}.bias'] = shift[None] if rows else shift
        return tensors

    @contextmanager
    def _behind_layers(self, generator: nn.Module) -> Iterator[None]:
        handles = [
            generator.get_submodule(name).register_forward_hook(_scaling(self.scales[i], self.shifts[i]))
            for i, name in enumerate(self.outputs)
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def _scaling(scale: Tensor, shift: Tensor) -> Callable[[nn.Module, tuple, Tensor], Tensor]:
    """Returns a forward hook that scales and shifts each of the c parts of dimension 1, of however many values."""

    def hook(module: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
        parts = output.unflatten(1, (len(scale), -1)).flatten(2)
        return torch.addcmul(shift[:, None], parts, scale[:, None]).to(output.dtype).view_as(output)

    return hook


def _parameter_names(generator: nn.Module, layers: list[str]) -> list[str]:
    return [f'{layer}.{name}' for layer in layers for name, _ in generator.get_submodule(layer).named_parameters()]
