"""Scores over the iterations."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ['draw_curves', 'moving_average']


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
    runs: Sequence[dict[str, Any]], curves: Sequence[tuple[str, str]], smooth_window: int = 1
) -> bytes | None:
    """Draws a panel for each metric with a line for each run, from the runs' ``metrics.jsonl``.

    Args:
        runs: ``name`` and ``work_dir`` of each run.
        curves: (key, name) of the metrics.
        smooth_window: Evaluations that a moving average is taken over; the raw values are drawn thinly behind it.

    Returns:
        A PNG file's bytes, or None if nothing was measured.
    """
    histories = {run['name']: _history(Path(run['work_dir'])) for run in runs}
    measured = [(key, name) for key, name in curves if any(key in line for h in histories.values() for line in h)]
    if not measured:
        return None
    from matplotlib.figure import Figure

    columns = min(2, len(measured))
    rows = -(-len(measured) // columns)
    figure = Figure(figsize=(5.5 * columns, 3.6 * rows), layout='constrained')
    panels = figure.subplots(rows, columns, squeeze=False).flatten()
    for panel, (key, name) in zip(panels, measured, strict=False):
        for run, history in histories.items():
            points = [(line['iter'], line[key]) for line in history if line.get(key) is not None]
            if points:
                iterations, values = zip(*points, strict=True)
                smooth = moving_average(values, smooth_window)
                (line,) = panel.plot(iterations, smooth, marker='o', markersize=3, label=run)
                if smooth_window > 1:
                    panel.plot(iterations, values, color=line.get_color(), linewidth=0.6, alpha=0.5)
        positive = [line['iter'] for history in histories.values() for line in history if line['iter'] > 0]
        if positive:
            panel.set_xscale('symlog', linthresh=min(positive))  # logarithmic, with room for iteration 0
        if key.startswith('fid'):
            panel.set_yscale('log')
        panel.set(title=name, xlabel='iteration')
        panel.grid(alpha=0.3)
    for panel in panels[len(measured) :]:
        panel.axis('off')
    panels[0].legend(fontsize='small')
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=110)
    return buffer.getvalue()


def _history(work_dir: Path) -> list[dict[str, float]]:
    """A run's scores in order; where an iteration was scored again after a resume, the last."""
    file = work_dir / 'metrics.jsonl'
    lines = [json.loads(line) for line in file.read_text().splitlines() if line] if file.is_file() else []
    return [line for _, line in sorted({line['iter']: line for line in lines}.items())]
