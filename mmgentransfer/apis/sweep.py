"""Sweeps: the rows of a table, each an experiment repeated over seeds.

A sweep file is a Python config::

    title = 'Which half to transfer'
    variables = dict(target=9)
    prerequisites = [dict(config='transfergan/digits_source.py', work_dir='work_dirs/source_{target}', options={...})]
    base = dict(config='transfergan/digits.py', options={'train_dataloader.dataset.classes': ['{target}']})
    rows = [dict(name='from scratch', options={'model.networks.generator.init_cfg': None}), dict(name='both')]
    seeds = [0, 1, 2]
    means = [dict(name='mean of both', rows=['from scratch', 'both'])]
    columns = [dict(key='fid_digits', name='FID (digits)', precision=1, better='lower')]

Configs are looked for in the sweep file's folder, in those above it, and in the current one. A string may hold
``{seed}`` and the names of ``variables``; a string that is nothing else becomes the value itself. A prerequisite that
uses ``{seed}`` is run for each seed. ``randomness.seed`` is set to the seed of each run. A column or a row with
``at=100`` shows the scores of the evaluation at iteration 100 in place of the last, with ``at='best'`` those of the
checkpoint that the run kept as its best. ``test = True`` ends each cell with the test loop, whose scores are called
``test_<name>``; a cell that was finished without is only tested. ``means`` adds rows to the table: for each seed the
mean over the rows that it lists.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmgentransfer.apis.checks import check_config
from mmgentransfer.apis.sweep_file import (
    check_seeds,
    choose_rows,
    column_of,
    fill,
    means_of,
    merge_variables,
    read_sweep,
)
from mmgentransfer.apis.sweep_results import collect_rows, machine_notes, mean_of_rows, print_table, write_tables
from mmgentransfer.apis.sweep_runs import FailedRunError, SweepRun, forget_scores, run_all, state_of
from mmgentransfer.apis.train import config_fingerprint, load_config, merge_options
from mmgentransfer.registry import UnknownTypeError

__all__ = ['FailedRunError', 'plan_sweep', 'run_sweep']


@dataclass
class Sweep:
    """A sweep file with everything filled in.

    Args:
        path: The file.
        title: Heading of the table.
        work_dir: Folder of the cells and tables.
        prerequisites: Runs that must be finished first: for each entry of the file one run, or one for each seed.
        cells: A list of runs for each row, one for each seed.
        row_names: Names of the rows.
        columns: What the table shows; empty for everything that was measured.
        at: For each row, the iteration whose scores stand in it; None for the last.
        means: Name and row names of each mean over rows.
    """

    path: Path
    title: str
    work_dir: Path
    prerequisites: list[list[SweepRun]]
    cells: list[list[SweepRun]]
    row_names: list[str]
    columns: list[dict[str, Any]]
    at: list[int | None]
    means: list[tuple[str, list[str]]]

    @property
    def runs(self) -> list[SweepRun]:
        """All runs, in the order in which they start."""
        return [run for group in [*self.prerequisites, *self.cells] for run in group]


def run_sweep(
    path: str | Path,
    work_dir: str | Path | None = None,
    jobs: int = 1,
    seeds: Sequence[int] | None = None,
    options: dict[str, Any] | None = None,
    rows: Sequence[str] | None = None,
    show: bool = True,
    variables: dict[str, Any] | None = None,
    rescore: bool = False,
) -> list[dict[str, Any]]:
    """Runs every row and seed of a sweep file that is not finished, and writes the table of all of them.

    Each cell is a process of its own with the folder ``WORK_DIR/<row>/seed<k>``. A finished cell is skipped, an
    interrupted one resumed. ``table.md``, ``table.csv`` and ``sweep.json`` are written to ``WORK_DIR``.

    Args:
        path: Sweep file.
        work_dir: Folder of the sweep; by default ``work_dirs/<folder>/<name>`` of the file.
        jobs: Number of runs at a time; the cores are shared out among them.
        seeds: Seeds in place of the file's.
        options: Config values by dotted key that hold for every cell, over those of the file.
        rows: Names of the rows to run; by default all.
        show: Whether to print progress and the table.
        variables: Values in place of those in the file's ``variables``.
        rescore: Whether runs that were trained as the sweep says, with other metrics, are scored again. Without, they
            are refused.

    Returns:
        A dict for each row: ``name``, ``seeds`` (the finished ones), ``failed`` (seeds), ``work_dirs`` by seed, and by
        key of the columns ``values`` (a list over ``seeds``), ``mean`` and ``std`` (sample standard deviation, None for
        a single value). The means over rows follow, without ``work_dirs``; a seed that failed in one of the rows failed
        in their mean.

    Raises:
        ValueError: The file has an unknown key, a config is wrong, or a folder holds a run of another config; nothing
            has been started then.
        FileNotFoundError: The sweep file, or a config that it names, does not exist.
        FailedRunError: A prerequisite failed.
    """
    if jobs < 1:
        raise ValueError(f'--jobs must be at least 1, got {jobs}')
    sweep = load_sweep(path, work_dir, seeds, options, rows, variables)
    _refuse_other_configs(sweep, rescore)
    for run in sweep.runs:
        if state_of(run) == 'other metrics':
            forget_scores(run)
    for group in sweep.prerequisites:
        failed = run_all(group, jobs, show)
        if failed:
            raise FailedRunError(f'{failed[0].label} failed, and the sweep needs it: {failed[0].last_words()}')
    failed = run_all([run for row in sweep.cells for run in row], jobs, show)
    results = collect_rows(sweep.row_names, sweep.cells, sweep.columns, sweep.at)
    results += [mean_of_rows(name, [row for row in results if row['name'] in of]) for name, of in sweep.means]
    command = _command(path, work_dir, jobs, seeds, options, rows, variables)
    notes = [f'Command: {command}', *machine_notes()]
    write_tables(sweep.work_dir, sweep.title, sweep.columns, results, notes)
    if show:
        print_table(sweep.title, sweep.columns, results)
        print(f'written to {sweep.work_dir}: table.md, table.csv, sweep.json')
        for run in failed:
            print(f'failed: {run.label}: {run.last_words()}')
    return results


def plan_sweep(
    path: str | Path,
    work_dir: str | Path | None = None,
    seeds: Sequence[int] | None = None,
    options: dict[str, Any] | None = None,
    rows: Sequence[str] | None = None,
    variables: dict[str, Any] | None = None,
    rescore: bool = False,
) -> str:
    """Checks a sweep as :func:`run_sweep` does, and returns the list of its runs with the state of each."""
    sweep = load_sweep(path, work_dir, seeds, options, rows, variables)
    _refuse_other_configs(sweep, rescore)
    runs = sweep.runs
    width = max(len(run.label) for run in runs)
    lines = [f'{state_of(run):13s} {run.label.ljust(width)}  {run.work_dir}' for run in runs]
    return '\n'.join([f'{sweep.title}: {len(runs)} runs', *lines])


def load_sweep(
    path: str | Path,
    work_dir: str | Path | None = None,
    seeds: Sequence[int] | None = None,
    options: dict[str, Any] | None = None,
    rows: Sequence[str] | None = None,
    variables: dict[str, Any] | None = None,
) -> Sweep:
    """Reads a sweep file and checks every config that it leads to; see :func:`run_sweep`."""
    path = Path(path)
    content = read_sweep(path)
    values = merge_variables(content.get('variables', {}), variables or {})
    chosen = choose_rows(content['rows'], rows)
    seeds = check_seeds(content.get('seeds', [0]) if seeds is None else seeds)
    folder = Path('work_dirs') / path.resolve().parent.name / path.stem if work_dir is None else Path(work_dir)

    made: dict[tuple, list[SweepRun]] = {}  # variables may make two entries the same
    for entry in content.get('prerequisites', []):
        own_seeds = seeds if '{seed}' in str(entry) else [None]
        group = [_prerequisite(path, entry, values, seed) for seed in own_seeds]
        made.setdefault(tuple((run.work_dir, run.fingerprint) for run in group), group)
    prerequisites = list(made.values())
    sources = [run for group in prerequisites for run in group]

    base = content.get('base', {})
    cells = []
    for row in chosen:
        entry = dict(config=row.get('config', base.get('config')))
        layers = [base.get('options', {}), row.get('options', {}), options or {}]
        label = fill(row['name'], values)
        runs = [_cell(path, folder, label, entry, layers, values, seed, sources) for seed in seeds]
        if content.get('test', False):
            runs = [_tested(run) for run in runs]
        cells.append(runs)
    _refuse_shared_folders([run for group in [*prerequisites, *cells] for run in group])
    return Sweep(
        path=path,
        title=fill(content.get('title', path.stem), values),
        work_dir=folder,
        prerequisites=prerequisites,
        cells=cells,
        row_names=[fill(row['name'], values) for row in chosen],
        columns=[column_of(column) for column in content.get('columns', [])],
        at=[row.get('at') for row in chosen],
        means=means_of(content.get('means', []), chosen, values),
    )


# ------------------------------------------------------------------------------------------------------ building runs


def _prerequisite(path: Path, entry: dict[str, Any], values: dict[str, Any], seed: int | None) -> SweepRun:
    if seed is not None:
        values = {**values, 'seed': seed}
    work_dir = Path(fill(entry['work_dir'], values))
    label = f'prerequisite {work_dir.name}'
    cfg = _config(path, label, fill(entry, values), [fill(entry.get('options', {}), values)], work_dir, seed)
    return SweepRun(label, seed, cfg, work_dir, config_fingerprint(cfg))


def _cell(
    path: Path,
    folder: Path,
    name: str,
    entry: dict[str, Any],
    layers: list[dict[str, Any]],
    values: dict[str, Any],
    seed: int,
    sources: list[SweepRun],
) -> SweepRun:
    values = {**values, 'seed': seed}
    label = f'{name}, seed {seed}'
    work_dir = folder / (re.sub(r'[^A-Za-z0-9.]+', '_', name).strip('_.') or 'row') / f'seed{seed}'
    filled = [*(fill(layer, values) for layer in layers[:-1]), layers[-1]]  # not what the command line gave
    cfg = _config(path, label, fill(entry, values), filled, work_dir, seed)
    # part of the fingerprint: a cell is another one when the model that it starts from is
    text = str({key: value for key, value in cfg.to_dict().items() if not key.startswith('_')})
    used = {str(run.work_dir): run.fingerprint for run in sources if str(run.work_dir) in text}
    if used:
        cfg._prerequisites = used
    return SweepRun(label, seed, cfg, work_dir, config_fingerprint(cfg))


def _tested(run: SweepRun) -> SweepRun:
    for key in ('test_cfg', 'test_dataloader', 'test_evaluator'):
        if run.cfg.get(key) is None:
            raise ValueError(f'{run.label}: test = True in the sweep, but the config has no {key}')
    return replace(run, test=True)


def _config(
    path: Path, label: str, entry: dict[str, Any], layers: list[dict[str, Any]], work_dir: Path, seed: int | None
) -> Config:
    folders = [*path.resolve().parents, Path()]
    found = (folder / entry['config'] for folder in folders if (folder / entry['config']).is_file())
    try:
        cfg = load_config(next(found, entry['config']), work_dir=work_dir)
        for layer in layers:
            merge_options(cfg, layer)
        if seed is not None:
            merge_options(cfg, {'randomness.seed': seed})
        check_config(cfg)
    except (ValueError, UnknownTypeError, FileNotFoundError) as error:
        raise type(error)(f'{label}: {error}') from error
    return cfg


def _refuse_shared_folders(runs: list[SweepRun]) -> None:
    seen: dict[Path, str] = {}
    for run in runs:
        if run.work_dir in seen:
            raise ValueError(
                f'{run.label!r} and {seen[run.work_dir]!r} would share the folder {run.work_dir}: '
                'give the rows or prerequisites names that differ in letters or digits'
            )
        seen[run.work_dir] = run.label


def _refuse_other_configs(sweep: Sweep, rescore: bool) -> None:
    states = [(run, state_of(run)) for run in sweep.runs]
    for wanted, others, remedy in (
        ('other config', 'another config, or from another source model', 'Remove them to run them again'),
        ('other metrics', 'the same training with other metrics', 'Score them again with --rescore'),
    ):
        found = [run for run, state in states if state == wanted]
        if found and not (rescore and wanted == 'other metrics'):
            folders = '\n  '.join(f'{run.work_dir} ({run.label})' for run in found)
            raise ValueError(
                f'these folders hold runs of {others}; nothing was started. {remedy}, or choose another folder with '
                f'--work-dir:\n  {folders}'
            )


def _command(
    path: str | Path,
    work_dir: str | Path | None,
    jobs: int,
    seeds: Sequence[int] | None,
    options: dict[str, Any] | None,
    rows: Sequence[str] | None,
    variables: dict[str, Any] | None,
) -> str:
    words = ['mmgentransfer', 'sweep', str(path)]
    words += ['--work-dir', str(work_dir)] if work_dir is not None else []
    words += ['--jobs', str(jobs)] if jobs != 1 else []
    words += ['--seeds', *map(str, seeds)] if seeds is not None else []
    words += ['--rows', *rows] if rows is not None else []
    for flag, pairs in (('--variables', variables), ('--cfg-options', options)):
        words += [flag, *(f'{key}={value}'.replace(' ', '') for key, value in pairs.items())] if pairs else []
    return shlex.join(words)
