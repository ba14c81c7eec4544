"""Scores over the iterations."""

from __future__ import annotations

import fnmatch
import io
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ['draw_curves', 'moving_average', 'read_stages']


def moving_average(values: Sequence[float], window: int) -> np.ndarray:
    """Returns for each value the mean of the ``window`` values around it, of fewer at both ends.

    The mean at place i is over as many values before it as after it, so that a straight line stays one.

    Raises:
        ValueError: The window is not a positive odd number.
    """
    if window < 1 or window % 2 == 0:
        raise ValueError(f'the window of a moving average must be a positive odd number, got {window}')
    values = np.asarray(values, dtype=np.float64)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    place = np.arange(len(values))
    reach = np.minimum(window // 2, np.minimum(place, len(values) - 1 - place))
    return (sums[place + reach + 1] - sums[place - reach]) / (2 * reach + 1)


def draw_curves(
    runs: Sequence[dict[str, Any]],
    curves: Sequence[tuple[str, str]],
    smooth_window: int = 1,
    stages: Sequence[tuple[str, int]] = (),
    logarithmic: bool = True,
) -> bytes | None:
    """Draws a panel for each metric with a line for each run, from the runs' ``metrics.jsonl``.

    Args:
        runs: ``name`` and ``work_dir`` of each run.
        curves: (key, name) of the metrics; a key with ``*`` stands for all metrics that fit it, in one panel.
        smooth_window: Evaluations that a moving average is taken over; the raw values are drawn thinly behind it.
        stages: (name, first iteration) of the stages of training, which are marked; see :func:`read_stages`.
        logarithmic: Whether iterations are spaced logarithmically.

    Returns:
        A PNG file's bytes, or None if nothing was measured.
    """
    histories = {run['name']: _history(Path(run['work_dir'])) for run in runs}
    known = list(dict.fromkeys(key for history in histories.values() for line in history for key in line))
    measured = [(found, name) for pattern, name in curves if (found := fnmatch.filter(known, pattern))]
    if not measured:
        return None
    from matplotlib.figure import Figure

    columns = min(2, len(measured))
    rows = -(-len(measured) // columns)
    figure = Figure(figsize=(5.5 * columns, 3.6 * rows), layout='constrained')
    panels = figure.subplots(rows, columns, squeeze=False).flatten()
    for panel, (keys, name) in zip(panels, measured, strict=False):
        for run, history in histories.items():
            for key in keys:
                label = run if len(keys) == 1 else key if len(histories) == 1 else f'{run}, {key}'
                _draw_line(panel, history, key, label, smooth_window)
        positive = [line['iter'] for history in histories.values() for line in history if line['iter'] > 0]
        if positive and logarithmic:
            panel.set_xscale('symlog', linthresh=min(positive))  # logarithmic, with room for iteration 0
        if all(key.startswith('fid') for key in keys):
            panel.set_yscale('log')
        panel.set(title=name, xlabel='iteration')
        panel.grid(alpha=0.3)
        if panel is panels[0] or len(keys) > 1:
            panel.legend(fontsize='small')
        _mark_stages(panel, stages)
    for panel in panels[len(measured) :]:
        panel.axis('off')
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=110)
    return buffer.getvalue()


def read_stages(work_dir: str | Path) -> list[tuple[str, int]]:
    """Returns (name, first iteration) of each stage of a run, from the config in its folder.

    Raises:
        ValueError: There is no config, or it has no stages.
    """
    from mmengine.config import Config

    files = sorted(Path(work_dir).glob('*.py'), key=lambda file: file.stat().st_mtime)
    stages = (Config.fromfile(files[-1]).get('model') or {}).get('stages') if files else None
    if not stages:
        raise ValueError(f'the folder {str(work_dir)!r} has no config with model.stages')
    starts = itertools.accumulate((stage.get('iters') or 0 for stage in stages[:-1]), initial=0)
    return [(stage['name'], start) for stage, start in zip(stages, starts, strict=True)]


def _draw_line(panel: Any, history: Sequence[dict[str, float]], key: str, label: str, smooth_window: int) -> None:
    points = [(line['iter'], line[key]) for line in history if line.get(key) is not None]
    if not points:
        return
    iterations, values = zip(*points, strict=True)
    (line,) = panel.plot(iterations, moving_average(values, smooth_window), marker='o', markersize=3, label=label)
    if smooth_window > 1:
        panel.plot(iterations, values, color=line.get_color(), linewidth=0.6, alpha=0.5)


def _mark_stages(panel: Any, stages: Sequence[tuple[str, int]]) -> None:
    for name, start in stages:
        panel.axvline(start, color='grey', linestyle='--', linewidth=0.8)
        # x in iterations, y in parts of the panel's height
        panel.text(
            start, 0.01, f' {name}', transform=panel.get_xaxis_transform(), rotation=90, fontsize='x-small',
            color='grey', va='bottom', ha='left',
        )  # fmt: skip


def _history(work_dir: Path) -> list[dict[str, float]]:
    """A run's scores in order; where an iteration was scored again after a resume, the last."""
    file = work_dir / 'metrics.jsonl'
    lines = [json.loads(line) for line in file.read_text().splitlines() if line] if file.is_file() else []
    return [line for _, line in sorted({line['iter']: line for line in lines}.items())]
