"""The tables of a sweep: mean and spread over seeds."""

from __future__ import annotations

import csv
import io
import json
import platform
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmgentransfer.apis.sweep_runs import SweepRun, available_cores, state_of
from mmgentransfer.checkpoints import atomic_write, best_checkpoint

__all__ = ['best_cells', 'collect_rows', 'format_rows', 'machine_notes', 'mean_of_rows', 'print_table', 'write_tables']


def collect_rows(
    names: Sequence[str],
    cells: Sequence[Sequence[SweepRun]],
    columns: list[dict[str, Any]],
    at: Sequence[int | str | None] | None = None,
) -> list[dict[str, Any]]:
    """Gathers what the finished runs of each row measured; see :func:`run_sweep` for what is returned.

    An empty list of ``columns`` is filled with everything that was measured. ``at`` gives, for each row, the iteration
    whose scores stand in it, 'best' for that of the kept checkpoint, or None for the last.
    """
    summaries = [[run.summary() if state_of(run) == 'finished' else None for run in row] for row in cells]
    at = at or [None] * len(names)
    measured = [
        [_measured(run, summary, when) for run, summary in zip(runs, row, strict=True) if summary is not None]
        for runs, row, when in zip(cells, summaries, at, strict=True)
    ]
    if not columns:
        keys = dict.fromkeys(key for row in measured for values in row for key in values if '@' not in key)
        columns.extend(dict(key=key, name=key, precision=3) for key in keys)
    results = []
    for name, runs, row, values in zip(names, cells, summaries, measured, strict=True):
        results.append(
            dict(
                name=name,
                seeds=[run.seed for run, summary in zip(runs, row, strict=True) if summary is not None],
                failed=[run.seed for run, summary in zip(runs, row, strict=True) if summary is None],
                work_dirs={run.seed: str(run.work_dir) for run in runs},
                **_over_seeds({column['key']: [cell.get(column['key']) for cell in values] for column in columns}),
            )
        )
    return results


def mean_of_rows(name: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Returns a row as :func:`collect_rows` does whose value of a seed is the mean of the given rows' values of it.

    Seeds that failed in one of the rows have failed, and a score that one of them lacks is missing.
    """
    failed = sorted({seed for row in rows for seed in row['failed']})
    seeds = [seed for seed in rows[0]['seeds'] if seed not in failed]
    values = {}
    for key in rows[0]['values']:
        of_seeds = [[row['values'][key][row['seeds'].index(seed)] for row in rows] for seed in seeds]
        values[key] = [None if None in scores else statistics.fmean(scores) for scores in of_seeds]
    return dict(name=name, seeds=seeds, failed=failed, work_dirs={}, **_over_seeds(values))


def _over_seeds(values: dict[str, list[float | None]]) -> dict[str, Any]:
    found = {key: [value for value in column if value is not None] for key, column in values.items()}
    return dict(
        values=values,
        mean={key: statistics.fmean(column) if column else None for key, column in found.items()},
        std={key: statistics.stdev(column) if len(column) > 1 else None for key, column in found.items()},
    )


def _measured(run: SweepRun, summary: dict[str, Any], at: int | str | None) -> dict[str, float]:
    """Returns a run's scores: of the last evaluation (or of ``at``) by name, of each one as ``name@iter``.

    Those of the checkpoint that was kept as the best, or the last ones where none was, are ``name@best``.
    """
    path = run.work_dir / 'metrics.jsonl'
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
    by_iteration: dict[int | str, dict[str, float]] = {line['iter']: line for line in lines}
    by_iteration['best'] = by_iteration.get(_best_iteration(run), summary['metrics'])
    scores = {f'{key}@{when}': value for when, line in by_iteration.items() for key, value in line.items()}
    final = summary['metrics'] if at is None else by_iteration.get(at, {})
    return {**scores, **final, 'train_seconds': summary['train_seconds']}


def _best_iteration(run: SweepRun) -> int | None:
    """Returns the iteration whose checkpoint a run has kept as the best, or None."""
    try:
        return int(Path(best_checkpoint(run.work_dir)).stem.rpartition('_')[2])
    except FileNotFoundError:
        return None


def format_rows(columns: Sequence[dict[str, Any]], results: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Returns the cells of the table as text, the heading first."""
    table = [['', *(column['name'] for column in columns), 'seeds']]
    for row in results:
        count = len(row['seeds'])
        seeds = f'{count} ({len(row["failed"])} failed)' if row['failed'] else str(count)
        table.append([row['name'], *(_cell(row, column) for column in columns), seeds])
    return table


def _cell(row: dict[str, Any], column: dict[str, Any]) -> str:
    mean, std = row['mean'][column['key']], row['std'][column['key']]
    if mean is None:
        return '–' if row['seeds'] else 'failed'
    text = f'{mean:.{column["precision"]}f}'
    return text if std is None else f'{text} ± {std:.{column["precision"]}f}'


def best_cells(columns: Sequence[dict[str, Any]], results: Sequence[dict[str, Any]]) -> set[tuple[int, int]]:
    """Returns (row, column) in :func:`format_rows` of the best mean of each column that says what is ``better``."""
    best = set()
    for index, column in enumerate(columns, start=1):
        means = [(row['mean'][column['key']], i) for i, row in enumerate(results, start=1)]
        means = [(mean, i) for mean, i in means if mean is not None and mean == mean]
        if means and 'better' in column:
            wanted = (min if column['better'] == 'lower' else max)(mean for mean, _ in means)
            best |= {(i, index) for mean, i in means if mean == wanted}
    return best


def write_tables(
    folder: Path,
    title: str,
    columns: Sequence[dict[str, Any]],
    results: Sequence[dict[str, Any]],
    notes: Sequence[str],
) -> None:
    """Writes ``table.md``, ``table.csv`` (a line for each run, and for mean and std of each row) and ``sweep.json``."""
    head, *rows = [[cell.replace('|', '\\|') for cell in row] for row in format_rows(columns, results)]
    lines = [head, ['---', *['---:' for _ in head[1:]]], *rows]
    table = '\n'.join(f'| {" | ".join(row)} |' for row in lines)
    spread = 'Mean ± sample standard deviation over the seeds.' if any(len(r['seeds']) > 1 for r in results) else ''
    absent = _absent_keys(columns, results)
    footer = '\n'.join(f'- {note}' for note in [spread, *absent, *notes] if note)
    atomic_write(folder / 'table.md', f'# {title}\n\n{table}\n\n{footer}\n'.encode())

    keys = [column['key'] for column in columns]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator='\n')
    writer.writerow(['row', 'seed', *keys])
    for row in results:
        for index, seed in enumerate(row['seeds']):
            writer.writerow([row['name'], seed, *(row['values'][key][index] for key in keys)])
        writer.writerows([row['name'], seed, *('failed' for _ in keys)] for seed in row['failed'])
        writer.writerow([row['name'], 'mean', *(row['mean'][key] for key in keys)])
        writer.writerow([row['name'], 'std', *(row['std'][key] for key in keys)])
    atomic_write(folder / 'table.csv', buffer.getvalue().encode())

    content = dict(title=title, columns=list(columns), rows=list(results), notes=list(notes))
    atomic_write(folder / 'sweep.json', json.dumps(content, indent=1).encode())


def _absent_keys(columns: Sequence[dict[str, Any]], results: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f'{column["key"]} was measured by no run: its extractor had no weights, or the name is wrong.'
        for column in columns
        if any(row['seeds'] for row in results) and all(row['mean'][column['key']] is None for row in results)
    ]


def print_table(title: str, columns: Sequence[dict[str, Any]], results: Sequence[dict[str, Any]]) -> None:
    """Prints the table, aligned."""
    table = format_rows(columns, results)
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    print(f'\n{title}\n')
    for row in table:
        print('  '.join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]))
    print('', *_absent_keys(columns, results), sep='\n', end='\n')


def machine_notes() -> list[str]:
    """Returns what the numbers were measured on, and when."""
    import torch

    gpu = f', {torch.cuda.get_device_name()}' if torch.cuda.is_available() else ''
    return [
        f'Machine: {_cpu_model()}, {available_cores()} cores{gpu}',
        f'PyTorch {torch.__version__}, Python {platform.python_version()}',
        f'Date: {time.strftime("%Y-%m-%d")}',
    ]


def _cpu_model() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        lines = []
    models = [line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')]
    return models[0] if models else platform.processor() or platform.machine()
