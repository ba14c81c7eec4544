"""Finding, reading and writing checkpoint files."""

from __future__ import annotations

import os
import pickle
import re
import tempfile
from pathlib import Path
from typing import Any

import torch
from mmengine.fileio import LocalBackend, register_backend
from torch import Tensor

__all__ = [
    'AtomicLocalBackend',
    'atomic_write',
    'best_checkpoint',
    'latest_checkpoint',
    'load_checkpoint',
    'load_state_dict',
    'resolve_checkpoint',
]


def atomic_write(path: str | Path, data: bytes) -> None:
    """Writes a file such that at any moment ``path`` holds either its old content or all of the new one.

    Raises:
        OSError: The folder can't be written to, or the disk is full; the old file is as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.', suffix='.tmp')
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@register_backend('atomic_local')
class AtomicLocalBackend(LocalBackend):
    """MMEngine's file backend for local disks, with writes that a crash can't leave half done."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Writes bytes; see :func:`atomic_write`."""
        atomic_write(filepath, obj)

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Writes text; see :func:`atomic_write`."""
        atomic_write(filepath, obj.encode(encoding))


def latest_checkpoint(folder: str | Path) -> str | None:
    """Returns the ``iter_<n>.pth`` with the largest n in a run's folder, or None.

    The files themselves are asked, not a pointer beside them that a crash could have left behind.
    """
    found = [
        (int(match.group(1)), path)
        for path in Path(folder).glob('iter_*.pth')
        if (match := re.fullmatch(r'iter_(\d+)\.pth', path.name))
    ]
    return str(max(found)[1]) if found else None


def best_checkpoint(folder: str | Path) -> str:
    """Returns the ``best_<score>_iter_<n>.pth`` of a run's folder.

    Raises:
        FileNotFoundError: There is none, or there are those of several scores.
    """
    found = sorted(path for path in Path(folder).glob('best_*.pth') if re.search(r'_iter_\d+\.pth$', path.name))
    if len(found) > 1:
        names = [path.name for path in found]
        raise FileNotFoundError(f'the folder {str(folder)!r} holds several best checkpoints, {names}: give one of them')
    if not found:
        raise FileNotFoundError(
            f'the folder {str(folder)!r} holds no checkpoint best_<score>_iter_<n>.pth: train with '
            "default_hooks.checkpoint.save_best='<score>', or give the folder itself for its latest checkpoint"
        )
    return str(found[0])


def resolve_checkpoint(path: str) -> str:
    """Returns the file that ``path`` means: itself, a URL, or a checkpoint of a run's folder.

    A folder means its latest checkpoint, ``<folder>/best`` the one of the best score, which a run keeps that has
    ``default_hooks.checkpoint.save_best``.

    Raises:
        FileNotFoundError: There is no such file, or no such checkpoint in the folder.
    """
    if re.match(r'https?://', path):
        return path
    if os.path.isfile(path):
        return path
    if os.path.isdir(path):
        latest = latest_checkpoint(path)
        if latest is None:
            raise FileNotFoundError(f'the folder {path!r} holds no checkpoint iter_<n>.pth')
        return latest
    parent, name = os.path.split(path)
    if name == 'best' and os.path.isdir(parent):
        return best_checkpoint(parent)
    raise FileNotFoundError(
        f'there is no checkpoint {path!r}: give a .pth file, the folder of a finished run, or a URL{_made_by(path)}'
    )


def _made_by(path: str) -> str:
    """Returns how to train the run that ``path`` is the default folder of, or nothing if no config has this name."""
    folder, name = ('', *Path(path.removesuffix('/best')).parts)[-2:]
    for root in (Path(), Path(__file__).parents[2]):
        config = root / 'configs' / folder / f'{name}.py'
        if config.is_file():
            return f'; the config of this name makes it: python tools/train.py {config}'
    return ''


def load_checkpoint(path: str, allow_pickle: bool = False) -> dict[str, Any]:
    """Reads a checkpoint onto the CPU.

    Args:
        path: As :func:`resolve_checkpoint` takes.
        allow_pickle: Whether a file that can run code when it is read is read all the same.

    Returns:
        The file's dict.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is not a checkpoint, or it is one that could run code.
    """
    path = resolve_checkpoint(path)
    try:
        if re.match(r'https?://', path):
            loaded = torch.hub.load_state_dict_from_url(path, map_location='cpu', weights_only=not allow_pickle)
        else:
            loaded = torch.load(path, map_location='cpu', weights_only=not allow_pickle)
    except pickle.UnpicklingError as error:
        unsafe = re.search(r'GLOBAL ([\w.]+)', str(error))
        if unsafe:
            raise ValueError(
                f'{path!r} holds a Python object ({unsafe.group(1)}) and could run code when it is read; if you trust '
                'its origin, set allow_pickle=True'
            ) from None
        raise ValueError(f'{path!r} is not a checkpoint that PyTorch can read') from error
    except (RuntimeError, EOFError, OSError, KeyError) as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        raise ValueError(f'{path!r} is not a readable checkpoint: {reason_unread(error)}') from error
    if not isinstance(loaded, dict):
        raise ValueError(f'{path!r} holds a {type(loaded).__name__}, not a checkpoint')
    return loaded


def reason_unread(error: Exception) -> str:
    """Returns in a line why PyTorch could not read a file."""
    if isinstance(error, KeyError):  # of the unpickler's table of instructions, looked up by the file's first byte
        return 'PyTorch did not write it'
    return (str(error) or type(error).__name__).splitlines()[0]


def load_state_dict(path: str, prefix: str = '', allow_pickle: bool = False) -> dict[str, Tensor]:
    """Returns the weights of one network of a checkpoint.

    A moving average of the network (``ema.<prefix>``) is preferred to its live weights.

    Args:
        path: As :func:`resolve_checkpoint` takes.
        prefix: The network's name in the model, e.g. ``generator`` or ``generators.0``; empty for a file that holds
            one network.
        allow_pickle: See :func:`load_checkpoint`.

    Raises:
        ValueError: The checkpoint has no weights under ``prefix``.
    """
    loaded = load_checkpoint(path, allow_pickle)
    state = loaded.get('state_dict', loaded)
    if not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f'{path!r} has no state_dict of tensors; its keys are {sorted(map(str, state))[:8]}')
    if not prefix:
        return dict(state)
    for candidate in (f'ema.{prefix}.', f'{prefix}.'):
        found = {key[len(candidate) :]: value for key, value in state.items() if key.startswith(candidate)}
        if found:
            return found
    networks = sorted({key.split('.')[0] for key in state})
    raise ValueError(f'{path!r} has no weights under the prefix {prefix!r}; it has {networks}')
