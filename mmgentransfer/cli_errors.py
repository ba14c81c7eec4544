"""What the console command makes of errors and warnings: a sentence each, and an exit status."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ['message_of', 'plain_warnings', 'status_of']

_LACKING = re.compile(r'(\w+)\.__init__\(\) missing \d+ required (?:positional|keyword-only) arguments?: (.+)')


def status_of(error: Exception) -> int | None:
    """Returns the exit status of an error that a user can do something about, None for any other."""
    from mmgentransfer.apis import FailedRunError
    from mmgentransfer.registry import UnknownTypeError

    if isinstance(error, (FloatingPointError, FailedRunError)):
        return 1
    return 2 if isinstance(error, (ValueError, OSError, UnknownTypeError)) or _lacking(error) else None


def message_of(error: Exception) -> str:
    """Returns the sentence for an error that has a status."""
    if isinstance(error, OSError) and error.strerror:
        return f'{error.strerror}: {error.filename}' if error.filename else error.strerror
    if lacking := _lacking(error):
        return f'a {lacking[1]} of the config lacks {lacking[2]}'
    return str(error)


def _lacking(error: Exception) -> re.Match[str] | None:
    """Returns which component was built without which of its arguments, if that is the error."""
    return _LACKING.fullmatch(str(error)) if isinstance(error, TypeError) else None


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Prints the project's own warnings without the place in the code, and once where they differ in numbers only.

    Those of libraries stay as they are.
    """
    package, usual, seen = str(Path(__file__).parent), warnings.formatwarning, set()

    def plain(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
    ) -> str:
        if filename.startswith(package) and category is UserWarning:
            text = f'warning: {message}\n'
            known, kind = len(seen), re.sub(r'[\d.]+(e[+-]?\d+)?', '', text)
            seen.add(kind)
            return text if len(seen) > known else ''
        return usual(message, category, filename, lineno, line)

    warnings.formatwarning = plain
    try:
        yield
    finally:
        warnings.formatwarning = usual
