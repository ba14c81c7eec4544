"""Importers of other projects' checkpoints, one module a project.

Every module of this package registers its importer in :data:`IMPORTERS` when it is imported.
"""

from __future__ import annotations

import importlib
import pkgutil

from .base import (
    IMPORTERS,
    Imported,
    Importer,
    TensorSource,
    find_state_dicts,
    register_importer,
    spectral_tensors,
)

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f'{__name__}.{_module.name}')

__all__ = [
    'IMPORTERS',
    'Imported',
    'Importer',
    'TensorSource',
    'find_state_dicts',
    'register_importer',
    'spectral_tensors',
]
