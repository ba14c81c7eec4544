"""The runs of a sweep: where each stands, and running several processes at a time with their progress in view."""

from __future__ import annotations

import json
import os
import pprint
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mmengine.config import Config

import mmgentransfer
from mmgentransfer.apis.train import PLACES, SUMMARY, read_config
from mmgentransfer.checkpoints import atomic_write, latest_checkpoint
from mmgentransfer.engine.hooks.progress_hook import PROGRESS_FILE

__all__ = ['FailedRunError', 'SweepRun', 'available_cores', 'forget_scores', 'run_all', 'state_of']

CONFIG = 'config.py'
FINGERPRINT = 'config_fingerprint.txt'
CONSOLE = 'console.log'
_POLL_SECONDS = 0.2
_SECONDS_TO_END = 10


class FailedRunError(RuntimeError):
    """A run that others depend on failed."""


@dataclass(eq=False)
class SweepRun:
    """One training of a sweep.

    Args:
        label: What it is called on the console.
        seed: Its seed; None for a prerequisite that all seeds share.
        cfg: Its resolved config.
        work_dir: Its folder.
        fingerprint: Of the config.
        test: Whether it ends with the test loop.
    """

    label: str
    seed: int | None
    cfg: Config
    work_dir: Path
    fingerprint: str
    test: bool = False

    def summary(self) -> dict[str, Any] | None:
        """Returns what the run wrote at its end, or None if it has not ended."""
        try:
            return json.loads((self.work_dir / SUMMARY).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def last_words(self) -> str:
        """Returns the error that ended the run, and where its log is."""
        log = self.work_dir / CONSOLE
        lines = [line for line in log.read_text(errors='replace').splitlines() if line.strip()] if log.exists() else []
        errors = [line for line in lines if line.startswith('error: ')]
        return f'{(errors or lines or ["it wrote nothing"])[-1]} (log: {log})'


def state_of(run: SweepRun) -> str:
    """Returns where a run stands: 'finished', 'interrupted', 'new', 'other metrics', or 'other config'.

    'other metrics' is said of a folder whose run has the weights that this one would have, but other scores.
    """
    summary = run.summary()
    if summary is not None:
        if summary.get('config') != run.fingerprint:
            return _other(run)
        return 'interrupted' if run.test and not summary.get('tested') else 'finished'  # resuming only scores it
    if latest_checkpoint(run.work_dir) is None:
        return 'new'
    started = run.work_dir / FINGERPRINT
    return _other(run) if started.is_file() and started.read_text() != run.fingerprint else 'interrupted'


def _other(run: SweepRun) -> str:
    """Returns 'other metrics' if the folder's config and this one train the same from the same sources."""
    path = run.work_dir / CONFIG
    alike = path.is_file() and _trained(read_config(path)) == _trained(run.cfg)
    return 'other metrics' if alike else 'other config'


def _trained(cfg: Config) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns what decides about the weights: a config without what it scores by, and the sources of these parts."""
    parts = {
        key: value
        for key, value in cfg.to_dict().items()
        if key not in PLACES and not key.startswith(('val_', 'test_', '_'))  # own names, such as _width, were used up
    }
    hooks = parts.get('default_hooks') or {}
    parts['default_hooks'] = {name: hook for name, hook in hooks.items() if hook is not None}  # a run drops the others
    text = str(parts)
    return parts, {path: source for path, source in cfg.get('_prerequisites', {}).items() if path in text}


def forget_scores(run: SweepRun) -> None:
    """Makes a run in the state 'other metrics' an interrupted one, which only has to be scored; keeps its summary."""
    if (run.work_dir / SUMMARY).is_file():
        (run.work_dir / SUMMARY).replace(run.work_dir / 'summary_of_other_metrics.json')
    _write_config(run)


def available_cores() -> int:
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def run_all(runs: Sequence[SweepRun], jobs: int, show: bool = True) -> list[SweepRun]:
    """Runs what is not finished, ``jobs`` at a time, and returns the runs that failed.

    An exception (such as Ctrl-C) ends all processes that were started before it passes on.
    """
    finished = [run for run in runs if state_of(run) == 'finished']
    waiting = [run for run in runs if run not in finished]
    shared = max(1, available_cores() // max(1, min(jobs, len(waiting))))
    threads = os.environ.get('OMP_NUM_THREADS') or str(shared)  # a user's own number is right on a shared machine
    running: dict[subprocess.Popen, tuple[SweepRun, float]] = {}
    failed: list[SweepRun] = []
    view = _view(show)
    view.open(len(runs), finished)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                run = waiting.pop(0)
                running[_start(run, threads)] = run, time.monotonic()
                view.started(run)
            for process in [process for process in running if process.poll() is not None]:
                run, started = running.pop(process)
                succeeded = process.returncode == 0 and state_of(run) == 'finished'
                if not succeeded:
                    failed.append(run)
                view.ended(run, succeeded, time.monotonic() - started)
            for run, _ in running.values():
                view.moved(run, _progress_of(run))
            time.sleep(_POLL_SECONDS)
    finally:
        _stop(list(running))
        view.close()
    return failed


def _start(run: SweepRun, threads: str) -> subprocess.Popen:
    """Starts a run, or goes on with it, in a process of its own."""
    run.work_dir.mkdir(parents=True, exist_ok=True)
    (run.work_dir / _PROGRESS).unlink(missing_ok=True)
    _write_config(run)
    package_root = str(Path(mmgentransfer.__file__).resolve().parents[1])
    environment = {
        **os.environ,
        'OMP_NUM_THREADS': threads,
        'PYTHONPATH': os.pathsep.join(filter(None, [package_root, os.environ.get('PYTHONPATH')])),
        'PYTHONUNBUFFERED': '1',
        PROGRESS_FILE: str(run.work_dir / _PROGRESS),
    }
    command = [sys.executable, '-m', 'mmgentransfer.cli', 'train', str(run.work_dir / CONFIG)]
    with open(run.work_dir / CONSOLE, 'ab') as log:
        return subprocess.Popen(
            [*command, '--work-dir', str(run.work_dir), '--resume', *(['--test'] if run.test else [])],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
        )


def _write_config(run: SweepRun) -> None:
    text = '\n'.join(f'{key} = {pprint.pformat(value, width=120)}' for key, value in run.cfg.to_dict().items())
    atomic_write(run.work_dir / CONFIG, f'{text}\n'.encode())
    atomic_write(run.work_dir / FINGERPRINT, run.fingerprint.encode())


def _stop(processes: list[subprocess.Popen]) -> None:
    for process in processes:
        process.terminate()  # checkpoints are written in one step, so any moment will do
    for process in processes:
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# ----------------------------------------------------------------------------------------------------------- progress

_PROGRESS = 'progress.json'


def _progress_of(run: SweepRun) -> dict[str, Any] | None:
    try:
        return json.loads((run.work_dir / _PROGRESS).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


class _View(Protocol):
    """Somewhere that the progress of several runs is shown."""

    def open(self, total: int, finished: list[SweepRun]) -> None: ...

    def started(self, run: SweepRun) -> None: ...

    def moved(self, run: SweepRun, progress: dict[str, Any] | None) -> None: ...

    def ended(self, run: SweepRun, succeeded: bool, seconds: float) -> None: ...

    def close(self) -> None: ...


def _view(show: bool) -> _View:
    if not show:
        return _Silent()
    return _Bars() if sys.stdout.isatty() else _Lines()


def _ending(run: SweepRun, succeeded: bool, seconds: float) -> str:
    if succeeded:
        return f'done: {run.label} in {seconds:.0f} s'
    return f'failed: {run.label} after {seconds:.0f} s: {run.last_words()}'


class _Silent:
    def open(self, total: int, finished: list[SweepRun]) -> None:
        pass

    def started(self, run: SweepRun) -> None:
        pass

    def moved(self, run: SweepRun, progress: dict[str, Any] | None) -> None:
        pass

    def ended(self, run: SweepRun, succeeded: bool, seconds: float) -> None:
        pass

    def close(self) -> None:
        pass


class _Lines(_Silent):
    """A line when a run starts and when it ends, for log files and pipes."""

    def open(self, total: int, finished: list[SweepRun]) -> None:
        for run in finished:
            print(f'finished before: {run.label}', flush=True)

    def started(self, run: SweepRun) -> None:
        print(f'start: {run.label} -> {run.work_dir}', flush=True)

    def ended(self, run: SweepRun, succeeded: bool, seconds: float) -> None:
        print(_ending(run, succeeded, seconds), flush=True)


class _Bars:
    """A bar for each running process, with its stage and the time left."""

    def open(self, total: int, finished: list[SweepRun]) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn('{task.description}', markup=False),  # names may hold brackets
            BarColumn(),
            TextColumn('{task.completed:.0f}/{task.total}', markup=False),
            TimeElapsedColumn(),
            TextColumn('left:', markup=False),
            TimeRemainingColumn(),
        )
        self._tasks: dict[str, Any] = {}
        self._all = self._progress.add_task('runs finished', total=total, completed=len(finished))
        self._progress.start()

    def started(self, run: SweepRun) -> None:
        self._tasks[run.label] = self._progress.add_task(f'{run.label}: starting', total=None)

    def moved(self, run: SweepRun, progress: dict[str, Any] | None) -> None:
        if progress is not None:
            self._progress.update(
                self._tasks[run.label],
                description=f'{run.label}: {progress["stage"]}',
                total=progress['max_iters'],
                completed=progress['iter'],
            )

    def ended(self, run: SweepRun, succeeded: bool, seconds: float) -> None:
        self._progress.remove_task(self._tasks.pop(run.label))
        self._progress.advance(self._all)
        self._progress.console.print(_ending(run, succeeded, seconds), markup=False, highlight=False)

    def close(self) -> None:
        self._progress.stop()
