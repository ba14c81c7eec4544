"""Running an experiment: training all its stages, resuming, scoring."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.runner import Runner
from torch import nn

from mmgentransfer.apis.checks import check_config, check_work_dir
from mmgentransfer.apis.console import ConsoleRunner
from mmgentransfer.apis.inference import check_fit, load_weights
from mmgentransfer.checkpoints import atomic_write, latest_checkpoint, load_checkpoint, resolve_checkpoint
from mmgentransfer.engine.distributed import init_distributed

_TRAIN_KEYS = ('default_scope', 'model', 'optim_wrapper', 'train_cfg', 'train_dataloader')
_TEST_KEYS = ('default_scope', 'model', 'test_cfg', 'test_dataloader', 'test_evaluator')
_MMENGINE_HOOKS = ('runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint')

SUMMARY = 'summary.json'
PLACES = ('work_dir', 'load_from', 'resume', 'launcher', 'log_level')

__all__ = [
    'PLACES',
    'SUMMARY',
    'config_fingerprint',
    'describe',
    'dry_run',
    'evaluate',
    'load_config',
    'merge_options',
    'read_config',
    'train',
]


def load_config(path: str | Path, options: dict[str, Any] | None = None, work_dir: str | Path | None = None) -> Config:
    """Reads a config and applies overrides.

    Args:
        path: Config file.
        options: Values by dotted key, e.g. ``{'train_cfg.max_iters': 100}``.
        work_dir: Folder of the run; by default the config's own, else ``work_dirs/<folder>/<name>``.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file can't be read as a config, or an override doesn't fit it.
    """
    path = Path(path)
    cfg = read_config(path)
    merge_options(cfg, options or {})
    if work_dir is not None:
        cfg.work_dir = str(work_dir)
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / path.resolve().parent.name / path.stem)
    return cfg


def read_config(path: str | Path) -> Config:
    """Reads a config file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file can't be read as a config.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'there is no config {str(path)!r}')
    try:
        cfg = Config.fromfile(path)
    except (SyntaxError, NameError, KeyError, TypeError, ImportError) as error:
        raise ValueError(f'the config {str(path)!r} can not be read: {error}') from error
    # every checkpoint holds the config as text, which takes yapf a second or more to format
    return Config(cfg._cfg_dict, cfg.text, cfg.filename, cfg.env_variables, format_python_code=False)


def merge_options(cfg: Config, options: dict[str, Any]) -> None:
    """Sets values of a config by dotted key; a number in a key is an index of a list.

    Raises:
        ValueError: A key leads through something that has no such part.
    """
    try:
        cfg.merge_from_dict(options)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f'the options {options} do not fit the config {str(cfg.filename)!r}: {error}') from error


def config_fingerprint(cfg: Config) -> str:
    """Returns a hash of what an experiment does; where its files lie, and how it was started, don't count."""
    content = {key: value for key, value in cfg.to_dict().items() if key not in PLACES}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _build_runner(cfg: Config, launcher: str, needs: tuple[str, ...]) -> Runner:
    check_config(cfg)
    for key in needs:
        if cfg.get(key) is None:
            raise ValueError(f'the config has no {key}')
    check_work_dir(cfg.work_dir)
    init_distributed(launcher)
    cfg.launcher = launcher
    # MMEngine lets a config remove its own default hooks by None, but not ours
    cfg.default_hooks = {
        name: hook
        for name, hook in (cfg.get('default_hooks') or {}).items()
        if hook is not None or name in _MMENGINE_HOOKS
    }
    return ConsoleRunner.from_cfg(cfg)


def train(
    cfg: Config, resume: bool = False, amp: bool = False, launcher: str = 'none', test: bool = False
) -> dict[str, float]:
    """Trains all stages of an experiment and returns its last scores.

    Args:
        cfg: As :func:`load_config` returns it.
        resume: Whether to go on from the latest checkpoint in ``cfg.work_dir``, if there is one.
        amp: Whether to run the losses in mixed precision.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.
        test: Whether to run the test loop on the final weights; its scores are called ``test_<name>``, and
            ``test_metrics.jsonl`` in the run's folder has them under their own names.

    At the end ``summary.json`` in the run's folder says that it is finished, and with which scores.

    Raises:
        ValueError: The config has an unknown key or contradicts itself, or lacks the test loop that ``test`` asks for;
            ``cfg.work_dir`` holds the checkpoints of a run and ``resume`` is False; or they are of other networks.
        OSError: Data or the run's folder can't be read or written.
        FloatingPointError: A loss became non-finite.
    """
    if amp:
        if get_device() == 'cpu':
            raise ValueError('--amp (mixed precision) needs an accelerator, and there is none here')
        for wrapper in cfg.optim_wrapper.values():
            if isinstance(wrapper, dict):
                wrapper['type'] = 'AmpOptimWrapper'
    latest = latest_checkpoint(cfg.work_dir)
    if latest is not None and not resume:
        raise ValueError(
            f'work_dir {str(cfg.work_dir)!r} holds a run already ({Path(latest).name}): --resume goes on with it; for '
            'a new one choose another folder with --work-dir, or remove this one'
        )
    loaded = None
    if latest is not None:
        loaded = load_checkpoint(latest)  # refuses a file that could run code, which MMEngine would read all the same
        cfg.resume = True
        cfg.load_from = latest
    fingerprint = config_fingerprint(cfg)
    runner = _build_runner(cfg, launcher, (*_TRAIN_KEYS, *_TEST_KEYS) if test else _TRAIN_KEYS)
    if loaded is not None:
        check_fit(runner.model, loaded, latest)  # MMEngine would pass over tensors that don't fit
        del loaded
    test_loop = runner.test_loop if test else None  # built before the training, so that its mistakes show at once
    runner.train()
    metrics = dict(runner.val_loop.metrics) if runner.val_loop is not None else {}
    if test_loop is not None:
        test_loop.scores_file = 'test_metrics.jsonl'  # metrics.jsonl has one line for each validation
        metrics |= {f'test_{name}': score for name, score in test_loop.run().items()}
    if is_main_process():
        summary = dict(
            config=fingerprint,
            iters=runner.iter,
            seed=runner.seed,
            train_seconds=runner.message_hub.get_info('train_seconds', 0.0),
            metrics=metrics,
            **(dict(tested=True) if test else {}),
        )
        atomic_write(Path(cfg.work_dir) / SUMMARY, json.dumps(summary, indent=1).encode())
    return metrics


def evaluate(cfg: Config, checkpoint: str, launcher: str = 'none') -> dict[str, float]:
    """Scores a checkpoint with the config's test loop.

    Args:
        cfg: As :func:`load_config` returns it.
        checkpoint: A file, or the folder of a run.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.

    Raises:
        FileNotFoundError: There is no such checkpoint.
        ValueError: The config has no test loop, or the checkpoint doesn't fit the config.
    """
    path = resolve_checkpoint(checkpoint)
    loaded = load_checkpoint(path)
    cfg.load_from = None  # MMEngine would run a pickle's code, and pass over tensors that don't fit
    cfg.resume = False
    runner = _build_runner(cfg, launcher, _TEST_KEYS)
    load_weights(runner.model, loaded, path)
    return dict(runner.test())


def dry_run(cfg: Config) -> str:
    """Builds everything that training would, checks it, and returns the resolved config and a table of networks."""
    runner = _build_runner(cfg, 'none', _TRAIN_KEYS)
    runner.build_train_loop(cfg.train_cfg)
    runner.build_optim_wrapper(cfg.optim_wrapper)
    if cfg.get('val_cfg') is not None:
        runner.build_val_loop(cfg.val_cfg)
    runner.model.init_weights()
    return f'{cfg.pretty_text}\n{describe(runner.model)}'


def describe(model: nn.Module) -> str:
    """Returns a table of a model's networks: class, parameters, shapes, and in which stages each is trained."""
    rows = [('network', 'class', 'parameters', 'player', 'trained in', 'shapes')]
    for player, names in [*model.players.items(), ('', model.frozen)]:
        for name in names:
            network = getattr(model, name)
            members = [network]
            if isinstance(network, (nn.ModuleList, nn.ModuleDict)):
                members = list(network.children())
            kinds = [type(member).__name__ for member in members]
            shapes = ' + '.join(filter(None, map(_shapes, members)))
            count = sum(p.numel() for p in network.parameters())
            stages = [s.name for s in model.stages if name in _networks_of(model.trained_in(s).get(player, []))]
            rows.append((name, ' + '.join(kinds), f'{count:,}', player, ', '.join(stages), shapes))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return '\n'.join('  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _networks_of(members: list[str]) -> set[str]:
    return {member.split('.')[0] for member in members}


def _shapes(network: nn.Module) -> str:
    """Returns what a network takes and gives, as far as its attributes say it."""
    side = getattr(network, 'image_size', None)
    if side is not None and hasattr(network, 'out_channels'):
        return f'{network.noise_size} -> {network.out_channels}x{side}x{side}'
    if side is not None and hasattr(network, 'in_channels'):
        return f'{network.in_channels}x{side}x{side} -> scores'
    if hasattr(network, 'in_features') and hasattr(network, 'out_features'):
        return f'{network.in_features} -> {network.out_features}'
    return ''
