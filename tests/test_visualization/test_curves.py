"""Scores over the iterations."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import matplotlib.axes
import numpy as np
import pytest

from mmgentransfer.visualization import draw_curves, moving_average, read_stages

TOOL = Path(__file__).parents[2] / 'tools/analysis_tools/plot_curves.py'


def test_moving_average():
    assert moving_average([1, 5, 3, 7, 4], 3).tolist() == pytest.approx([1, 3, 5, 14 / 3, 4])
    assert moving_average([1, 5, 3, 7, 5], 5).tolist() == pytest.approx([1, 3, 4.2, 5, 5])
    assert moving_average([2, 4], 1).tolist() == [2, 4]
    line = np.arange(9) * 0.5
    assert moving_average(line, 7).tolist() == pytest.approx(line.tolist())
    assert moving_average([], 3).tolist() == []
    for window in (0, 4, -1):
        with pytest.raises(ValueError, match='positive odd number'):
            moving_average([1, 2], window)


@pytest.fixture
def runs(tmp_path):
    values = dict(one=[50.0, 20.0, 29.0, 5.0], two=[40.0, 30.0])
    for name, scores in values.items():
        (tmp_path / name).mkdir()
        lines = [json.dumps(dict(iter=100 * i, fid=score)) for i, score in enumerate(scores)]
        (tmp_path / name / 'metrics.jsonl').write_text('\n'.join(lines))
    return [dict(name=name, work_dir=tmp_path / name) for name in values]


@pytest.fixture
def drawn(monkeypatch):
    """What was plotted: label, iterations and values of each line."""
    lines = []
    plot = matplotlib.axes.Axes.plot

    def watch(self, x, y, **settings):
        lines.append((settings.get('label'), list(x), list(y)))
        return plot(self, x, y, **settings)

    monkeypatch.setattr(matplotlib.axes.Axes, 'plot', watch)
    return lines


def test_curves_are_smoothed_and_the_raw_values_stay(runs, drawn):
    assert draw_curves(runs, [('fid', 'FID')], smooth_window=3).startswith(b'\x89PNG')
    assert drawn[0] == ('one', [0, 100, 200, 300], [50, 33, 18, 5])
    assert drawn[1] == (None, [0, 100, 200, 300], [50, 20, 29, 5])
    assert drawn[2] == ('two', [0, 100], [40, 30])


def test_without_smoothing_there_is_one_line_a_run(runs, drawn):
    draw_curves(runs, [('fid', 'FID'), ('absent', 'absent')])
    assert [line[0] for line in drawn] == ['one', 'two']
    assert draw_curves(runs, [('absent', 'absent')]) is None


@pytest.fixture
def staged(tmp_path):
    """A run of two stages with two alignment factors."""
    folder = tmp_path / 'staged'
    folder.mkdir()
    lines = [dict(iter=i, alignment_a_b=0.1 * i, alignment_a_c=0.2 * i, other=1.0) for i in range(1, 4)]
    (folder / 'metrics.jsonl').write_text('\n'.join(map(json.dumps, lines)))
    stages = [dict(name='first', iters=2), dict(name='second', iters=5), dict(name='rest')]
    (folder / 'toy.py').write_text(f'model = dict(stages={stages!r})')
    return folder


def test_all_metrics_that_fit_share_a_panel(staged, runs, drawn):
    draw_curves([dict(name='run', work_dir=staged)], [('alignment_*', 'alignment')])
    assert [line[0] for line in drawn] == ['alignment_a_b', 'alignment_a_c']
    assert drawn[1][2] == pytest.approx([0.2, 0.4, 0.6])
    drawn.clear()
    draw_curves([dict(name='run', work_dir=staged), runs[0]], [('alignment_*', 'alignment'), ('fid', 'FID')])
    assert [line[0] for line in drawn] == ['run, alignment_a_b', 'run, alignment_a_c', 'one']


def test_stages_are_marked(staged, monkeypatch):
    stages = read_stages(staged)
    assert stages == [('first', 0), ('second', 2), ('rest', 7)]
    marked, texts, scales = [], [], []
    watched = matplotlib.axes.Axes
    monkeypatch.setattr(watched, 'axvline', lambda self, x, **settings: marked.append(x))
    monkeypatch.setattr(watched, 'text', lambda self, x, y, text, **settings: texts.append((x, text.strip())))
    monkeypatch.setattr(watched, 'set_xscale', lambda self, kind, **settings: scales.append(kind))
    run = [dict(name='run', work_dir=staged)]
    assert draw_curves(run, [('other', 'other')], stages=stages, logarithmic=False) is not None
    assert marked == [0, 2, 7]
    assert texts == [(0, 'first'), (2, 'second'), (7, 'rest')]
    assert scales == []
    draw_curves(run, [('other', 'other')])
    assert scales == ['symlog']
    (staged / 'toy.py').write_text('model = dict()')
    with pytest.raises(ValueError, match=r"staged' has no config with model\.stages"):
        read_stages(staged)
    (staged / 'toy.py').unlink()
    with pytest.raises(ValueError, match='has no config'):
        read_stages(staged)


def test_tool(runs, drawn, tmp_path, capsys):
    spec = importlib.util.spec_from_file_location('plot_curves', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    folders = [str(run['work_dir']) for run in runs]
    assert tool.main([*folders, '--keys', 'fid', '-o', str(tmp_path / 'fid.png')]) == 0
    assert (tmp_path / 'fid.png').read_bytes().startswith(b'\x89PNG')
    assert drawn[0][0] == f'{tmp_path.name}/one'
    assert drawn[0][2] == [50, 33, 18, 5]
    (Path(folders[0]) / 'toy.py').write_text("model = dict(stages=[dict(name='only')])")
    assert tool.main([*folders, '--keys', 'f*', '--stages', '-o', str(tmp_path / 'stages.png')]) == 0
    assert (tmp_path / 'stages.png').read_bytes() != (tmp_path / 'fid.png').read_bytes()
    for wrong, message in (
        (['--keys', 'gone'], 'has a score gone'),
        (['--keys', 'fid', '--names', 'a'], 'different names'),
        (['--keys', 'fid', '--smooth-window', '4'], 'positive odd number'),
    ):
        with pytest.raises(SystemExit):
            tool.main([*folders, *wrong, '-o', str(tmp_path / 'no.png')])
        assert message in capsys.readouterr().err
