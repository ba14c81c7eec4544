"""Every registry of the project, on one page.

A registry maps the ``type=`` of a config to a class. Each of ours is a child of MMEngine's registry of the same name
with the scope ``mmgentransfer``, so that MMEngine's and PyTorch's own components (``Adam``, ``CheckpointHook``,
``DefaultSampler``, ...) can be named in the same configs. The modules that register our components are imported when a
registry is first asked for a name, which keeps ``import mmgentransfer`` cheap.
"""

from __future__ import annotations

import difflib
import importlib
from importlib.metadata import entry_points

from mmengine import registry as mmengine_registry
from mmengine.registry import Registry as _Registry

__all__ = [
    'DATASETS',
    'DATA_SAMPLERS',
    'EVALUATORS',
    'EXTRACTORS',
    'FUNCTIONS',
    'HOOKS',
    'LOG_PROCESSORS',
    'LOOPS',
    'METRICS',
    'MODELS',
    'MODEL_WRAPPERS',
    'OPTIMIZERS',
    'OPTIM_WRAPPERS',
    'OPTIM_WRAPPER_CONSTRUCTORS',
    'PARAM_SCHEDULERS',
    'REGISTRIES',
    'TRANSFORMS',
    'VISBACKENDS',
    'VISUALIZERS',
    'WEIGHT_INITIALIZERS',
    'UnknownTypeError',
    'failed_imports',
    'load_plugins',
    'suggest',
]

SCOPE = 'mmgentransfer'
PLUGIN_GROUP = 'mmgentransfer.plugins'

_failed_imports: dict[str, BaseException] = {}
_plugins_loaded = False


class UnknownTypeError(KeyError):
    """A ``type=`` names a component that no registry knows."""

    def __str__(self) -> str:
        return self.args[0]


def suggest(name: str, known: list[str]) -> str:
    """Returns ``" Did you mean 'x'?"`` for the closest of the ``known`` names, or an empty string."""
    lower = {k.lower(): k for k in known}
    close = difflib.get_close_matches(name.lower(), list(lower), n=3, cutoff=0.6)
    return f' Did you mean {" or ".join(repr(lower[c]) for c in close)}?' if close else ''


def failed_imports() -> dict[str, BaseException]:
    """Returns the plugins whose import failed, by name, with the exception of each."""
    return dict(_failed_imports)


def load_plugins() -> None:
    """Imports the modules that installed packages name under the entry point group ``mmgentransfer.plugins``.

    A plugin that can't be imported does not stop the others: its exception is kept and shown when a config asks for a
    component that is not registered.
    """
    global _plugins_loaded
    if _plugins_loaded:
        return
    _plugins_loaded = True
    for point in entry_points(group=PLUGIN_GROUP):
        try:
            importlib.import_module(point.value.split(':')[0])
        except Exception as error:
            _failed_imports[f'{point.name} ({point.value})'] = error


class Registry(_Registry):
    """MMEngine's registry, with errors that help: the closest names, and the failed imports behind a missing one."""

    def get(self, key: str) -> type:
        """Returns the class registered as ``key``.

        Raises:
            UnknownTypeError: Neither this registry nor its parents know ``key``.
        """
        importlib.import_module('mmengine.runner')  # fills MMEngine's own registries
        load_plugins()
        found = super().get(key)
        if found is not None:
            return found
        failed = ''.join(f'\n  plugin {name} failed to import: {error!r}' for name, error in _failed_imports.items())
        raise UnknownTypeError(
            f'{key!r} is not a registered {self.name}.{suggest(key, self.known())} '
            f'A component of your own must be imported first: name its module in custom_imports.{failed}'
        )

    def known(self) -> list[str]:
        """Returns the sorted names that this registry and its parents know."""
        self.import_from_location()
        names = set(self.module_dict)
        parent = self.parent
        while parent is not None:
            names |= set(parent.module_dict)
            parent = parent.parent
        return sorted(names)


def _child(name: str, *locations: str) -> Registry:
    """Makes our child of MMEngine's root registry called ``name`` there."""
    parent = getattr(mmengine_registry, name)
    return Registry(parent.name, parent=parent, scope=SCOPE, locations=[f'{SCOPE}.{loc}' for loc in locations])


MODELS = _child('MODELS', 'models')
MODEL_WRAPPERS = _child('MODEL_WRAPPERS', 'engine')
WEIGHT_INITIALIZERS = _child('WEIGHT_INITIALIZERS', 'models', 'checkpoints')
DATASETS = _child('DATASETS', 'datasets')
DATA_SAMPLERS = _child('DATA_SAMPLERS', 'datasets')
TRANSFORMS = _child('TRANSFORMS', 'datasets')
FUNCTIONS = _child('FUNCTIONS', 'datasets')
HOOKS = _child('HOOKS', 'engine')
LOOPS = _child('LOOPS', 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child('OPTIM_WRAPPER_CONSTRUCTORS', 'engine')
OPTIM_WRAPPERS = _child('OPTIM_WRAPPERS')
OPTIMIZERS = _child('OPTIMIZERS')
PARAM_SCHEDULERS = _child('PARAM_SCHEDULERS')
VISUALIZERS = _child('VISUALIZERS')
VISBACKENDS = _child('VISBACKENDS')
LOG_PROCESSORS = _child('LOG_PROCESSORS')
METRICS = _child('METRICS', 'evaluation')
EVALUATORS = _child('EVALUATOR', 'evaluation')
EXTRACTORS = Registry('feature extractor', scope=SCOPE, locations=[f'{SCOPE}.evaluation'])

REGISTRIES: dict[str, Registry] = {
    'models': MODELS,
    'model_wrappers': MODEL_WRAPPERS,
    'weight_initializers': WEIGHT_INITIALIZERS,
    'datasets': DATASETS,
    'data_samplers': DATA_SAMPLERS,
    'transforms': TRANSFORMS,
    'functions': FUNCTIONS,
    'hooks': HOOKS,
    'loops': LOOPS,
    'optim_wrapper_constructors': OPTIM_WRAPPER_CONSTRUCTORS,
    'optim_wrappers': OPTIM_WRAPPERS,
    'optimizers': OPTIMIZERS,
    'param_schedulers': PARAM_SCHEDULERS,
    'visualizers': VISUALIZERS,
    'vis_backends': VISBACKENDS,
    'log_processors': LOG_PROCESSORS,
    'metrics': METRICS,
    'evaluators': EVALUATORS,
    'extractors': EXTRACTORS,
}
