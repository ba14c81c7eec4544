"""Tests that are too long for `make test` are collected by `make test-full` alone."""

from __future__ import annotations

import pytest
from games import FULL


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    long = [] if FULL else [item for item in items if item.get_closest_marker('long')]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
