"""One self-contained HTML page about several runs."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from html import escape
from pathlib import Path
from typing import Any

from mmgentransfer.checkpoints.files import atomic_write
from mmgentransfer.visualization.curves import draw_curves

__all__ = ['final_samples', 'write_report']

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #ddd; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; } th, td { padding: .35rem .7rem; border-bottom: 1px solid #ddd; }
th { text-align: right; vertical-align: bottom; } td { text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
.best { font-weight: 700; background: #e7f4e8; }
img { display: block; width: 100%; } .pixels { image-rendering: pixelated; max-width: 40rem; }
.strip { max-width: 40rem; } .labels { display: grid; font-size: .75rem; text-align: center; color: #555; }
p.caption, footer { color: #555; font-size: .9rem; }
"""


def write_report(
    path: str | Path,
    title: str,
    intro: str,
    table: Sequence[Sequence[str]],
    runs: Sequence[dict[str, Any]],
    footer: Sequence[str] = (),
    best: Collection[tuple[int, int]] = (),
    curves: Sequence[tuple[str, str]] = (),
) -> None:
    """Writes a page that needs no other file, no network and no JavaScript.

    Args:
        path: HTML file.
        title: Heading.
        intro: A paragraph under it.
        table: Rows of text, the heading first.
        runs: ``name`` and ``work_dir`` of each run; its pictures and ``metrics.jsonl`` are shown as far as they exist.
        footer: Lines at the end.
        best: (row, column) of the table's cells to mark.
        curves: (key, name) of the metrics to draw over the iterations.
    """
    parts = [f'<h1>{escape(title)}</h1>', f'<p>{escape(intro)}</p>', _table(table, best)]
    reals = [Path(run['work_dir']) / 'reals.png' for run in runs]
    reals = [file for file in reals if file.is_file()]
    if reals:
        parts += ['<h2>Real training images</h2>', _picture(reals[0], 'Real training images')]
    for run in runs:
        parts += _run_section(run['name'], Path(run['work_dir']))
    plot = draw_curves(runs, curves)
    if plot is not None:
        source = base64.b64encode(plot).decode()
        parts.append(f'<h2>Scores over the iterations</h2><img alt="Curves" src="data:image/png;base64,{source}">')
    parts.append(f'<footer><hr>{"<br>".join(escape(line) for line in footer)}</footer>')
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n{"".join(parts)}\n</body></html>\n'
    )
    atomic_write(path, page.encode())


def final_samples(work_dir: str | Path) -> Path | None:
    """Returns the last sample grid of a run, or None."""
    grids = _sample_grids(Path(work_dir))
    return grids[max(grids)] if grids else None


def _sample_grids(work_dir: Path) -> dict[int, Path]:
    """The sample grids of a run by iteration, in order."""
    return {int(file.stem.split('_')[1]): file for file in sorted((work_dir / 'samples').glob('iter_*.png'))}


def _table(table: Sequence[Sequence[str]], best: Collection[tuple[int, int]]) -> str:
    head, *rows = table
    lines = [''.join(f'<th scope="col">{escape(cell)}</th>' for cell in head)]
    for i, row in enumerate(rows, start=1):
        marks = [' class="best"' if (i, j) in best else '' for j in range(len(row))]
        lines.append(''.join(f'<td{mark}>{escape(cell)}</td>' for mark, cell in zip(marks, row, strict=True)))
    note = '<p class="caption">The best value of a column is marked.</p>' if best else ''
    return f'<div class="scroll"><table>{"".join(f"<tr>{line}</tr>" for line in lines)}</table></div>{note}'


def _picture(file: Path, text: str) -> str:
    source = base64.b64encode(file.read_bytes()).decode()
    return f'<img class="pixels" alt="{escape(text, quote=True)}" src="data:image/png;base64,{source}">'


def _run_section(name: str, work_dir: Path) -> list[str]:
    parts = [f'<h2>{escape(name)}</h2>']
    grids = _sample_grids(work_dir)
    strip = work_dir / 'strip.png'
    if strip.is_file() and grids:
        labels = ''.join(f'<span>{iteration}</span>' for iteration in grids)
        parts += [
            '<p class="caption">The same latents (rows) after so many iterations (columns)</p>',
            f'<div class="strip"><div class="labels" style="grid-template-columns:repeat({len(grids)},1fr)">'
            f'{labels}</div>{_picture(strip, f"{name}: the same latents over the iterations")}</div>',
        ]
    translations = work_dir / 'translations.png'
    if translations.is_file():
        parts += [
            '<p class="caption">The same images (rows), translated after so many iterations (columns)</p>',
            _picture(translations, f'{name}: translations over the iterations'),
        ]
    final = final_samples(work_dir)
    if final is not None:
        parts += ['<p class="caption">Samples at the end</p>', _picture(final, f'{name}: samples at the end')]
    return parts
