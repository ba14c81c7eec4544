"""What can be wrong with a config, found before any work is done."""

from __future__ import annotations

import inspect
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from mmengine import registry as mmengine_registry
from mmengine.config import Config
from mmengine.registry import Registry
from mmengine.runner import Runner

from mmgentransfer.registry import REGISTRIES, UnknownTypeError, failed_imports, load_plugins, suggest

__all__ = ['check_config', 'check_work_dir']

# Keys of a config file beside the arguments of MMEngine's Runner.
_EXTRA_KEYS = {
    'activation_checkpointing',
    'compile',
    'custom_imports',
    'efficient_conv_bn_eval',
    'model_wrapper_cfg',
    'runner_type',
    'sync_bn',
}
_DATALOADER_KEYS = {
    'batch_sampler',
    'batch_size',
    'collate_fn',
    'dataset',
    'drop_last',
    'num_workers',
    'persistent_workers',
    'pin_memory',
    'prefetch_factor',
    'sampler',
    'timeout',
    'worker_init_fn',
}
_INTERNAL_KEYS = {'type', '_scope_', '_delete_'}
# An argument whose annotation has no other words than these takes no text.
_NUMERIC = {'int', 'float', 'bool', 'complex', 'Tensor'}
_CONTAINERS = {'Sequence', 'Iterable', 'list', 'tuple', 'List', 'Tuple'}
_JOINING = {'None', 'NoneType', 'Optional', 'Union', 'typing', 'collections', 'abc', 'torch'}


def check_config(cfg: Config) -> None:
    """Checks every key and every ``type=`` of a config against what the components take.

    Raises:
        ValueError: A key is unknown, and the message gives its dotted path and the closest known names; or a value is
            text where its argument takes numbers alone.
        UnknownTypeError: A ``type=`` is not registered.
    """
    if cfg.get('rows') and not cfg.get('model'):
        raise ValueError('this is a sweep, not the config of one experiment: mmgentransfer sweep runs it')
    known = set(inspect.signature(Runner.__init__).parameters) - {'self', 'cfg'} | _EXTRA_KEYS
    for key in cfg:
        if key not in known and not key.startswith('_'):
            raise ValueError(
                f'unknown config key {key!r}.{suggest(key, sorted(known))} '
                'A name for use within the file must start with an underscore.'
            )
    classes = _registered_classes()
    _check_node(cfg._cfg_dict.to_dict(), '', classes)
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = cfg.get(name) or {}
        _check_keys(name, loader, _DATALOADER_KEYS)
        _check_whole_number(f'{name}.batch_size', loader.get('batch_size', 1), least=1)
        _check_whole_number(f'{name}.num_workers', loader.get('num_workers', 0), least=0)
    _check_whole_number('randomness.seed', (cfg.get('randomness') or {}).get('seed') or 0, least=0)


def check_work_dir(work_dir: str | Path) -> None:
    """Makes the run's folder and writes to it once.

    Raises:
        OSError: The folder can't be made or written to.
    """
    try:
        os.makedirs(work_dir, exist_ok=True)
        with tempfile.TemporaryFile(dir=work_dir) as file:
            file.write(b'0' * 4096)
            file.flush()
    except OSError as error:
        raise OSError(
            error.errno,
            f'work_dir {str(work_dir)!r} can not be written to ({error.strerror}); choose another with --work-dir',
        ) from error


def _registered_classes() -> dict[str, Any]:
    """Returns every component by its ``type=``, ours first."""
    import mmcv.cnn  # noqa: F401 - registers the norms that a norm_cfg may name

    load_plugins()
    roots = [value for value in vars(mmengine_registry).values() if isinstance(value, Registry)]
    for registry in [*roots, *REGISTRIES.values()]:
        registry.import_from_location()
    classes: dict[str, Any] = {}
    for registry in [*roots, *REGISTRIES.values()]:
        classes.update(registry.module_dict)
    return classes


def _check_node(node: Any, path: str, classes: dict[str, Any]) -> None:
    if isinstance(node, (list, tuple)):
        for index, item in enumerate(node):
            _check_node(item, f'{path}[{index}]', classes)
    if not isinstance(node, dict):
        return
    name = node.get('type')
    if isinstance(name, str):
        component = classes.get(name.split('.')[-1])
        if component is None:
            failed = ''.join(f'\n  plugin {key} failed to import: {error!r}' for key, error in failed_imports().items())
            raise UnknownTypeError(
                f'{path}.type = {name!r} is not registered.{suggest(name, list(classes))} '
                f'A component of your own must be imported first: name its module in custom_imports.{failed}'
            )
        accepted, takes_any = _accepted_arguments(component)
        if not takes_any:
            _check_keys(path, node, accepted.keys() | _INTERNAL_KEYS)
        for key in (key for key in node if key in accepted):
            _check_value(f'{path}.{key}', node[key], accepted[key], name)
    for key, value in node.items():
        if key == 'init':  # how a network draws its weights: no component, and checked by the network
            continue
        _check_node(value, f'{path}.{key}' if path else str(key), classes)


def _check_keys(path: str, node: dict, accepted: set[str]) -> None:
    for key in node:
        if key not in accepted:
            name = f' of {node["type"]}' if 'type' in node else ''
            raise ValueError(
                f'unknown config key {path}.{key}{name}.{suggest(str(key), sorted(accepted))} '
                f'Known: {", ".join(sorted(accepted - _INTERNAL_KEYS))}'
            )


def _check_value(path: str, value: Any, annotation: Any, name: str) -> None:
    """Refuses text, as a mistyped option on the command line gives it, where an argument takes numbers alone."""
    if not isinstance(value, str) or annotation is inspect.Parameter.empty:
        return
    kind = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    words = set(re.findall(r'[A-Za-z_]\w*', kind))
    if words & _NUMERIC and words <= _NUMERIC | _CONTAINERS | _JOINING:
        wanted = ' or '.join(sorted((words & (_NUMERIC - {'Tensor'})) - ({'int'} if 'float' in words else set())))
        raise ValueError(
            f'{path} = {value!r} is text, but {name} takes {wanted} there'
            f'{", alone or in a list such as [1,2]" if words & _CONTAINERS else ""}'
        )


def _check_whole_number(path: str, value: Any, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f'{path} = {value!r} must be a whole number of {least} or more')


def _accepted_arguments(component: Any) -> tuple[dict[str, Any], bool]:
    """Returns the arguments that a component takes, with their annotations, and whether it takes any others."""
    if not inspect.isclass(component):
        steps = [component]
    else:
        steps = [cls.__init__ for cls in component.__mro__ if '__init__' in vars(cls) and cls is not object]
        if not steps and component.__new__ is object.__new__:
            return {}, False
    accepted: dict[str, Any] = {}
    for step in steps:
        try:
            parameters = inspect.signature(step).parameters.values()
        except (TypeError, ValueError):
            return accepted, True
        for p in parameters:
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != 'self':
                accepted.setdefault(p.name, p.annotation)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return accepted, False
    return accepted, True
