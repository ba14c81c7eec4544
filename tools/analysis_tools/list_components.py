"""Writes docs/components.md, the list of every component that a config can name, from the registries themselves."""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs' / 'components.md'
sys.path.insert(0, str(ROOT))  # works from a checkout that is not installed
COMMAND = 'python tools/analysis_tools/list_components.py'

HEAD = f"""# Components

Every component of the project that a config can name as `type=`, by registry. A component of MMEngine, MMCV or PyTorch
(`Adam`, `InfiniteSampler`, `LoggerHook`, ...) can be named in the same places; it is documented there.

This page is generated: change the docstrings, then run `{COMMAND}`.
"""


# What the engine itself passes to the components of a registry: not for a config to set.
PASSED_BY_ENGINE = {
    'loops': {'runner', 'dataloader', 'evaluator'},
    'optim_wrapper_constructors': {'optim_wrapper_cfg', 'paramwise_cfg'},
}


def own_components(registry: Any) -> dict[Any, list[str]]:
    """Returns the classes and functions of this project in a registry, each with the names it is registered under."""
    registry.import_from_location()
    components: dict[Any, list[str]] = {}
    for name, component in sorted(registry.module_dict.items()):
        if component.__module__.split('.')[0] == 'mmgentransfer':
            components.setdefault(component, []).append(name)
    return components


def summary(component: Any) -> str:
    """Returns the first sentence of a docstring, with its cross references as plain code.

    Raises:
        ValueError: There is no docstring.
    """
    text = inspect.getdoc(component)
    if not text:
        raise ValueError(f'{component.__module__}.{component.__qualname__} has no docstring')
    paragraph = ' '.join(text.split('\n\n')[0].split()).replace('``', '`')
    paragraph = re.sub(r':math:`([^`]+)`', r'$\1$', paragraph)
    return re.sub(r':\w+:`~?(?:[\w.]+\.)?([^`]+)`', r'`\1`', paragraph)


def arguments(component: Any, passed: set[str]) -> list[str]:
    """Returns the arguments that a config may give, as ``name`` or ``name=default``.

    Where a class passes on keyword arguments, those of the class above it follow; of a class of another package only
    the name is given, as its arguments change with that package.

    Args:
        component: A registered class or function.
        passed: Names of arguments that do not come from a config.
    """
    if not inspect.isclass(component):
        # the first argument of a function is what it works on, not what a config sets
        return [_shown(p) for p in list(inspect.signature(component).parameters.values())[1:]]
    found: dict[str, str] = {}
    for cls in component.__mro__:
        if '__init__' not in vars(cls):
            continue
        if cls.__module__.split('.')[0] != 'mmgentransfer':
            if cls is not object:
                found['**'] = f'those of `{cls.__module__.split(".")[0]}.{cls.__qualname__}`'
            break
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        for parameter in parameters:
            if parameter.name not in passed and parameter.kind in (
                parameter.POSITIONAL_OR_KEYWORD,
                parameter.KEYWORD_ONLY,
            ):
                found.setdefault(parameter.name, _shown(parameter))
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return list(found.values())


def _shown(parameter: inspect.Parameter) -> str:
    default = '' if parameter.default is parameter.empty else f'={parameter.default!r}'
    return f'`{parameter.name}{default}`'


def render() -> str:
    """Returns the text of the page."""
    from mmgentransfer.registry import REGISTRIES

    sections = [HEAD]
    for key, registry in REGISTRIES.items():
        components = own_components(registry)
        if not components:
            continue
        sections.append(f'## {key.replace("_", " ").capitalize()}\n\nRegistry `{key.upper()}`.\n')
        for component, names in sorted(components.items(), key=lambda item: item[1]):
            given = arguments(component, PASSED_BY_ENGINE.get(key, set()))
            sections.append(
                f'### {" / ".join(names)}\n\n{summary(component)}\n\n'
                f'- Module: `{component.__module__}`\n'
                f'- Arguments: {", ".join(given) if given else "none"}\n'
            )
    return '\n'.join(sections)


def build_parser() -> argparse.ArgumentParser:
    """Returns the command line's parser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--check', action='store_true', help='write nothing; exit with 1 if the page is out of date')
    return parser


def main(argv: list[str] | None = None) -> int:
    """Writes or checks the page; returns the exit status."""
    args = build_parser().parse_args(argv)
    text = render()
    if not args.check:
        PAGE.write_text(text, encoding='utf-8')
        print(f'wrote {PAGE.relative_to(ROOT)}')
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding='utf-8') == text:
        return 0
    print(f'{PAGE.relative_to(ROOT)} is out of date: run {COMMAND}', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
