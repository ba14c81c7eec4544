"""Other projects' checkpoints, as checkpoints of this one."""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from mmgentransfer.checkpoints.files import atomic_write, reason_unread
from mmgentransfer.checkpoints.transfer import copy_all
from mmgentransfer.models.calibration import calibrate_batch_norms
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS, load_plugins, suggest

if TYPE_CHECKING:
    from mmgentransfer.checkpoints.importers import Imported, Importer

__all__ = ['import_checkpoint', 'known_importers']

_BATCH = 100  # images of a batch that running statistics are estimated from


def known_importers() -> dict[str, Importer]:
    """Returns the importers of this project and of its plugins, by the name that a user calls them."""
    from mmgentransfer.checkpoints.importers import IMPORTERS

    load_plugins()
    return IMPORTERS


def import_checkpoint(
    source: str | None,
    files: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    calibrate: bool = False,
    bgr: bool = False,
) -> Imported:
    """Reads networks of another project, and writes them as a checkpoint of this one.

    The architecture is read from the file. In the new checkpoint each network's weights are under its name, so that
    ``init_cfg=dict(type='TransferredWeights', checkpoint=out, prefix='generator')`` starts from them; its config is in
    ``meta.networks``.

    Args:
        source: Name of the project, see :func:`known_importers`; ``None`` to recognise it from the files.
        files: One or several files of the same model, such as its generator and its critic. Two files with a generator
            are its live weights and their moving average, if the name of one has the word ``ema`` in it.
        out: The checkpoint to write; ``None`` to only read.
        calibrate: Whether to estimate the running statistics of the generator's batch norms anew, from 50 batches of
            100 images; for files whose statistics were never updated.
        bgr: Whether the networks were trained on images whose first channel is blue, which no file says: red and blue
            change places, so that images are RGB. For ProGAN and StyleGAN.

    Returns:
        The configs and weights of the networks, and what was copied, left over and missing.

    Raises:
        FileNotFoundError: A file is not there.
        ValueError: ``source`` is unknown, a file can't be read or could run code, the format is not recognised, or a
            tensor has no place; there is nothing to calibrate; ``bgr`` is given for other networks.
    """
    from mmgentransfer.checkpoints.importers import Imported

    files = [Path(file) for file in ([files] if isinstance(files, (str, Path)) else files)]
    if not files:
        raise ValueError('there is no file to import')
    if out is not None and any(file.exists() and Path(out).resolve() == file.resolve() for file in files):
        raise ValueError(f'the checkpoint to write, {str(out)!r}, is one of the files to import')
    if source is not None:
        _check_known(source)
    contents = {file: _read(file) for file in files}
    importer = known_importers()[source] if source is not None else _recognised(contents)

    result = Imported({}, {}, source=importer.name)
    parts = [(file, label, tensors) for file in contents for label, tensors in importer.unwrap(contents[file]).items()]
    for file in contents:
        if not any(part[0] == file for part in parts):
            raise ValueError(
                f'{str(file)!r} holds no state dict of {importer.name}: its keys are {_keys(contents[file])}'
            )
    for file, label, tensors in parts:
        try:
            part = importer.convert(dict(tensors))
        except ValueError as error:
            raise ValueError(f'{str(file)!r}{f" ({label})" if label else ""}: {error}') from error
        _add(result, part, where=label or file.stem, qualify=len(parts) > 1)
    _settle(result)
    if bgr:
        _swap_colours(result)
    if calibrate:
        _calibrate(result)
    if out is not None:
        _write(result, out)
    return result


def _check_known(source: str) -> None:
    importers = known_importers()
    if source not in importers:
        raise ValueError(
            f'there is no importer {source!r}; there are {", ".join(sorted(importers))}.'
            f'{suggest(source, list(importers))}'
        )


# ------------------------------------------------------------------------------------------------------------- reading


def _read(file: Path) -> dict[str, Any]:
    """Returns what a file holds, without running any code that may be in it."""
    if not file.is_file():
        raise FileNotFoundError(f'there is no file {str(file)!r}')
    if zipfile.is_zipfile(file) and _holds_arrays(file):
        content = _read_npz(file)
    else:
        try:
            with torch.serialization.safe_globals(_harmless()):
                content = torch.load(file, map_location='cpu', weights_only=True)
        except pickle.UnpicklingError as error:
            unsafe = re.search(r'GLOBAL ([\w.]+)', str(error))
            if unsafe:
                raise ValueError(
                    f'{str(file)!r} holds a Python object ({unsafe.group(1)}) and could run code when it is read: '
                    f'refused. Where you trust it, load it with the project it is from and save only its state_dict.'
                ) from None
            raise ValueError(f'{str(file)!r} is not a checkpoint that PyTorch can read') from error
        except (RuntimeError, EOFError, KeyError, AttributeError, TypeError) as error:
            raise ValueError(f'{str(file)!r} is not a readable checkpoint: {reason_unread(error)}') from error
    if not isinstance(content, Mapping):
        raise ValueError(f'{str(file)!r} holds a {type(content).__name__}, not a checkpoint')
    return dict(content)


def _holds_arrays(file: Path) -> bool:
    with zipfile.ZipFile(file) as archive:
        return all(name.endswith('.npy') for name in archive.namelist())


def _read_npz(file: Path) -> dict[str, Tensor]:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(np.ascontiguousarray(arrays[name])) for name in arrays.files}
    except (ValueError, TypeError) as error:
        raise ValueError(f'{str(file)!r} holds an array of something else than numbers: {error}') from None


def _harmless() -> list[Any]:
    """Returns what MMEngine puts into its checkpoints besides tensors, none of which runs code.

    Its log buffers refer to methods of themselves. These references are read as nothing.
    """
    from mmengine.logging import HistoryBuffer

    def nothing(*_: Any) -> None:
        return None

    reconstruct, scalar = np._core.multiarray._reconstruct, np._core.multiarray.scalar
    return [
        HistoryBuffer,
        np.ndarray,
        np.dtype,
        *(type(np.dtype(kind)) for kind in ('float64', 'float32', 'int64', 'int32', 'bool')),
        *((function, f'numpy.{core}.multiarray.{function.__name__}')
          for core in ('core', '_core') for function in (reconstruct, scalar)),
        (nothing, 'builtins.getattr'),
    ]  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- converting


def _recognised(contents: Mapping[Path, dict[str, Any]]) -> Importer:
    """Returns the one importer that recognises every state dict of every file."""
    found = []
    for importer in known_importers().values():
        parts = [list(importer.unwrap(content).values()) for content in contents.values()]
        if all(part and all(importer.recognises(tensors) for tensors in part) for part in parts):
            found.append(importer)
    if len(found) == 1:
        return found[0]
    from mmgentransfer.checkpoints.importers import find_state_dicts

    names = ', '.join(repr(str(file)) for file in contents)
    if found:
        raise ValueError(f'{names} could be of {" or ".join(importer.name for importer in found)}: say which')
    first = next(iter(contents.values()))
    raise ValueError(
        f'the format of {names} is not known; it begins with {_keys(find_state_dicts(first).get("", first))}. '
        f'There are importers for:\n  '
        + '\n  '.join(f'{importer.name}: {importer.description}' for importer in known_importers().values())
    )


def _keys(content: Mapping[str, Any]) -> list[str]:
    return [str(key) for key in list(content)[:6]]


def _add(result: Imported, part: Imported, where: str, qualify: bool) -> None:
    """Adds one network."""
    average = re.search(r'(^|[^a-z])ema([^a-z]|$)', where.lower()) is not None
    for name, config in part.networks.items():
        key = f'ema.{name}' if average else name
        if key in result.state_dicts:
            raise ValueError(
                f'there is more than one {key}: in {where!r}, and before it. Of two that are the live weights and '
                f"their moving average, one file's name must have the word ema in it."
            )
        if result.networks.setdefault(name, config) != config:
            raise ValueError(f'the {name}s differ: {result.networks[name]} before {where!r}, which has {config}')
        result.state_dicts[key] = part.state_dicts[name]
    prefix = f'{where}: ' if qualify else ''
    result.copied += [prefix + name for name in part.copied]
    result.unused += [prefix + name for name in part.unused]
    result.missing += [name for name in part.missing if name not in result.missing]


def _settle(result: Imported) -> None:
    """Drops from the missing what another file holds, and checks that the networks take their tensors."""
    result.missing = [name for name in result.missing if name not in result.networks]
    for name, config in result.networks.items():
        if name not in result.state_dicts:  # the average is all there is
            result.state_dicts[name] = result.state_dicts.pop(f'ema.{name}')
        with torch.random.fork_rng(devices=[]):
            network = MODELS.build(dict(config))
        for key in (name, f'ema.{name}'):
            if key in result.state_dicts:
                try:
                    copy_all(network.state_dict(), result.state_dicts[key])
                except ValueError as error:
                    raise ValueError(f'{result.source}, {key} as {config}: {error}') from None


def _swap_colours(result: Imported) -> None:
    """Reverses the channels of the images that the networks make and take."""
    for key, tensors in result.state_dicts.items():
        layers = [name for name in tensors if re.match(r'(to|from)_rgb\.', name)]
        if not layers:
            raise ValueError(
                f'bgr=True (--bgr) is for the networks of ProGAN and StyleGAN; {key} is a '
                f'{result.networks[key.removeprefix("ema.")]["type"]}'
            )
        for name in layers:
            if name.startswith('to_rgb.'):
                tensors[name] = tensors[name].flip(0)
            elif name.endswith('.weight'):
                tensors[name] = tensors[name].flip(1)


def _calibrate(result: Imported) -> None:
    """Replaces the running statistics of the generator, and of its moving average."""
    from mmgentransfer.checkpoints.importers.base import STATISTICS_NEVER_UPDATED

    if 'generator' not in result.networks:
        raise ValueError(
            f'there is nothing to calibrate: the files hold no generator, but {", ".join(result.networks)}'
        )
    with torch.random.fork_rng(devices=[]):
        network = MODELS.build(dict(result.networks['generator']))

    def run(index: int) -> None:
        num_classes = getattr(network, 'num_classes', 0)
        labels = [torch.arange(index * _BATCH, (index + 1) * _BATCH) % num_classes] if num_classes else []
        network(StepRandom(0, 2, index).normal(_BATCH, network.noise_size), *labels)

    for key in ('generator', 'ema.generator'):
        if key in result.state_dicts:
            network.load_state_dict(result.state_dicts[key])
            calibrate_batch_norms([network], run)
            result.state_dicts[key] = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    result.missing = [name for name in result.missing if name != STATISTICS_NEVER_UPDATED]


def _write(result: Imported, out: str | Path) -> None:
    state_dict = {
        f'{network}.{name}': tensor.detach().clone(memory_format=torch.contiguous_format)
        for network, tensors in result.state_dicts.items()
        for name, tensor in tensors.items()
    }
    buffer = io.BytesIO()
    torch.save(dict(meta=dict(source=result.source, networks=result.networks), state_dict=state_dict), buffer)
    atomic_write(out, buffer.getvalue())
