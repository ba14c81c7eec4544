"""Saying in a sentence which network some weights are of, for the errors of a transfer that does not fit."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

__all__ = ['compare', 'config_of_network', 'facts_of', 'model_type']

_FAMILIES = (
    ('StyleGANGenerator', ('mapping.0.weight', 'input_block.constant')),
    ('StyleGANDiscriminator', ('head_conv1.weight', 'from_rgb.4.weight')),
    ('ProGANGenerator', ('input_bias', 'to_rgb.4.weight')),
    ('ProGANDiscriminator', ('head_conv.weight', 'from_rgb.4.weight')),
    ('BigGANDeepGenerator', ('keep_blocks.0.conv1.bias', 'linear.bias')),
    ('BigGANGenerator', ('linear.bias', 'output_conv.bias')),
    ('BigGANDiscriminator', ('linear.bias', 'blocks.0.shortcut.bias')),
    ('SNGANDiscriminator', ('score_head.parametrizations.weight.original', 'blocks.0.conv1.bias')),
    ('SNGANGenerator', ('input_linear.weight', 'output_conv.weight', 'blocks.0.conv1.bias')),
    ('WGANGPGenerator', ('input_linear.weight', 'output_conv.weight')),
    ('WGANGPCritic', ('input_conv.weight', 'score_head.weight')),
    ('WGANGPGenerator28', ('input_linear.weight', 'deconvs.0.weight')),
    ('WGANGPCritic28', ('convs.0.weight', 'score_head.weight')),
)
"""Names by which weights are known; the first family that has all of its names is taken."""


def compare(source: Mapping[str, Tensor], target: nn.Module, config: Mapping[str, Any] | None = None) -> str:
    """Returns what the tensors ``source`` are, what the network ``target`` is, and in what they differ.

    Args:
        source: Tensors of a network by name.
        target: The network that should take them.
        config: The source network's config, if it is known; else all is inferred from names and shapes.
    """
    found, wanted = facts_of(source), facts_of(target.state_dict())
    known = {key: value for key, value in (config or {}).items() if key in found and isinstance(value, int)}
    found |= known
    kind = (config or {}).get('type') or _family(source)
    differences = [key for key in found if key in wanted and found[key] != wanted[key]]
    own = type(target).__name__
    if kind not in (None, own):
        differences.insert(0, 'type')
    end = f', which differs in {", ".join(differences)}' if differences else ''
    holds = f'a {kind}' if kind else 'a network of an unknown kind'
    return f'the checkpoint holds {holds}{_listed(found)}; the network is a {own}{_listed(wanted)}{end}'


def facts_of(state: Mapping[str, Tensor]) -> dict[str, int]:
    """Returns what the shapes of a network's tensors tell: its image_size, blocks, noise_size and the like."""
    facts: dict[str, int] = {}
    shapes = {name.replace('parametrizations.weight.original', 'weight'): tuple(t.shape) for name, t in state.items()}
    sides = _numbers(shapes, r'(?:to|from)_rgb\.(\d+)\.')
    blocks = _numbers(shapes, r'(?:up_|keep_)?blocks\.(\d+)\.')
    entrance = shapes.get('input_linear.weight') or shapes.get('linear.weight') or ()
    first = shapes.get('blocks.0.conv1.weight')
    if sides:
        facts['image_size'] = max(sides)
    elif first and len(entrance) == 2 and entrance[0] > 1 and entrance[0] % first[1] == 0:
        facts['image_size'] = math.isqrt(entrance[0] // first[1]) * 2 ** len(blocks)
    if blocks:
        facts['blocks'] = len(blocks)
    code = shapes.get('mapping.0.weight') or entrance
    if len(code) == 2 and code[0] > 1:
        facts['noise_size'] = code[1]
    convolutions = [(name, shape) for name, shape in shapes.items() if len(shape) == 4]
    if convolutions:
        generates = 'noise_size' in facts
        last = shapes.get('output_conv.weight') or next((s for n, s in convolutions if n.startswith('to_rgb.')), None)
        head = next((s for n, s in convolutions if n.startswith('from_rgb.')), convolutions[0][1])
        if generates and last:
            facts['out_channels'], facts['width'] = last[0], last[1]
        elif not generates:
            facts['in_channels'], facts['width'] = head[1], head[0]
    facts['num_classes'] = _num_classes(shapes)
    return facts


def _num_classes(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Returns the rows of a table with one for each class, or 0; classes that enter as one-hot numbers don't show."""
    tables = r'(shared|embed|embedding|class_head)\.weight|.*norm\d?\.weight'
    return next((shape[0] for name, shape in shapes.items() if len(shape) == 2 and re.fullmatch(tables, name)), 0)


def _numbers(shapes: Mapping[str, Any], pattern: str) -> set[int]:
    return {int(match[1]) for name in shapes if (match := re.match(pattern, name))}


def _listed(facts: Mapping[str, int]) -> str:
    return f' ({", ".join(f"{key}={value}" for key, value in facts.items())})' if facts else ''


def _family(source: Mapping[str, Tensor]) -> str | None:
    """Returns the class of backbones that has tensors with the names of ``source``, if there is one."""
    return next((kind for kind, names in _FAMILIES if all(name in source for name in names)), None)


def config_of_network(text: str | None, prefix: str) -> dict[str, Any] | None:
    """Returns the config of the network ``prefix``, e.g. ``generators.0``, in a config's ``text``, or None.

    The text is read without being run: only calls of ``dict``, lists, tuples, dicts and constants are understood.
    """
    try:
        node = _model(text)['networks']
        for part in prefix.split('.'):
            node = node[int(part)] if isinstance(node, (list, tuple)) else node[part]
    except (SyntaxError, StopIteration, AttributeError, KeyError, IndexError, TypeError, ValueError):
        return None
    return node if isinstance(node, dict) and isinstance(node.get('type'), str) else None


def model_type(text: str | None) -> str | None:
    """Returns the ``type`` of the model in a config's ``text``, which is not run, or None."""
    try:
        kind = _model(text)['type']
    except (SyntaxError, StopIteration, AttributeError, KeyError, TypeError, ValueError):
        return None
    return kind if isinstance(kind, str) else None


def _model(text: str | None) -> Any:
    statements = ast.parse(text or '').body
    return _value(next(s.value for s in statements if isinstance(s, ast.Assign) and s.targets[0].id == 'model'))


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'dict' and not node.args:
        return {keyword.arg: _value(keyword.value) for keyword in node.keywords}
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        return {_value(key): _value(value) for key, value in zip(node.keys, node.values, strict=True)}
    return ast.literal_eval(node)
