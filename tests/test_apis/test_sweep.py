"""Sweeps: what runs, what is skipped, resumed or refused, and the numbers of the table."""

import contextlib
import csv
import io
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from mmgentransfer import apis
from mmgentransfer.apis import FailedRunError, plan_sweep, run_sweep
from mmgentransfer.apis.sweep import fill, load_sweep
from mmgentransfer.apis.sweep_file import column_of
from mmgentransfer.apis.sweep_results import best_cells, collect_rows, format_rows, mean_of_rows
from mmgentransfer.apis.sweep_runs import SweepRun
from mmgentransfer.cli import main

SWEEP = """
title = 'Width {width}'
variables = dict(width=3)
base = dict(config='toy.py', options={'model.networks.generator.dim': '{width}'})
rows = [
    dict(name='wide [b]'),
    dict(name='diverging', options={'optim_wrapper.critic.optimizer.lr': 1e30}),
]
seeds = [0, 1]
columns = [dict(key='mv', name='MV', precision=6, better='higher'), dict(key='train_seconds', name='s', precision=2)]
means = [dict(name='both', rows=['wide [b]', 'diverging'])]
"""


@pytest.fixture(scope='module')
def folder(tmp_path_factory, write_config):
    """A folder with a config and its sweep."""
    folder = tmp_path_factory.mktemp('sweeps')
    write_config(folder / 'toy.py')
    (folder / 'sweep.py').write_text(SWEEP)
    return folder


@pytest.fixture(scope='module')
def finished(folder):
    """The sweep, run: its work_dir, what ``run_sweep`` returned, and what it printed."""
    with redirect_stdout(io.StringIO()) as shown:
        results = run_sweep(folder / 'sweep.py', folder / 'out', jobs=2)
    return folder / 'out', results, shown.getvalue()


def write_sweep(folder: Path, text: str) -> Path:
    path = folder / f'{len(list(folder.glob("*.py")))}.py'
    path.write_text(text)
    return path


def runs_of(work_dir: Path) -> dict[str, int]:
    """When each checkpoint of a sweep was written."""
    return {str(path): path.stat().st_mtime_ns for path in work_dir.rglob('*.pth')}


def test_a_failing_row_does_not_stop_the_others(finished):
    work_dir, (wide, diverging, _), _ = finished
    assert (wide['name'], wide['seeds'], wide['failed']) == ('wide [b]', [0, 1], [])
    assert (diverging['name'], diverging['seeds'], diverging['failed']) == ('diverging', [], [0, 1])
    assert wide['work_dirs'] == {seed: str(work_dir / 'wide_b' / f'seed{seed}') for seed in (0, 1)}


def test_the_table_has_mean_and_sample_deviation(finished):
    work_dir, (wide, *_), _ = finished
    a, b = (
        json.loads((work_dir / 'wide_b' / f'seed{seed}' / 'summary.json').read_text())['metrics']['mv']
        for seed in (0, 1)
    )
    assert a != b
    mean, std = (a + b) / 2, abs(a - b) / 2**0.5
    assert wide['values']['mv'] == [a, b]
    assert wide['mean']['mv'] == pytest.approx(mean)
    assert wide['std']['mv'] == pytest.approx(std)
    table = (work_dir / 'table.md').read_text()
    assert table.startswith('# Width 3\n')
    assert f'| wide [b] | {mean:.6f} ± {std:.6f} |' in table
    assert '| diverging | failed | failed | 0 (2 failed) |' in table
    assert f'mmgentransfer sweep {work_dir.parent / "sweep.py"} --work-dir {work_dir} --jobs 2' in table


def test_the_csv_has_every_run(finished):
    work_dir, (wide, *_), _ = finished
    with open(work_dir / 'table.csv', newline='') as file:
        rows = {(row['row'], row['seed']): row for row in csv.DictReader(file)}
    assert list(rows) == [
        ('wide [b]', '0'), ('wide [b]', '1'), ('wide [b]', 'mean'), ('wide [b]', 'std'),
        ('diverging', '0'), ('diverging', '1'), ('diverging', 'mean'), ('diverging', 'std'),
        ('both', '0'), ('both', '1'), ('both', 'mean'), ('both', 'std'),
    ]  # fmt: skip
    assert float(rows['wide [b]', '1']['mv']) == wide['values']['mv'][1]
    assert float(rows['wide [b]', 'mean']['mv']) == wide['mean']['mv']
    assert rows['diverging', '0']['mv'] == 'failed'
    assert json.loads((work_dir / 'sweep.json').read_text())['rows'][0]['mean'] == wide['mean']


def test_cells_have_their_seed_and_the_filled_options(finished):
    work_dir, _, _ = finished
    summary = json.loads((work_dir / 'wide_b' / 'seed1' / 'summary.json').read_text())
    config = (work_dir / 'wide_b' / 'seed1' / 'config.py').read_text().replace(' ', '').replace('\n', '')
    assert summary['seed'] == 1
    assert 'dim=3' in config


def test_finished_cells_are_skipped_and_an_interrupted_one_is_resumed(finished, capsys):
    work_dir, (wide, *_), _ = finished
    interrupted = work_dir / 'wide_b' / 'seed0'
    (interrupted / 'summary.json').unlink()
    (interrupted / 'iter_2.pth').unlink()
    before = runs_of(work_dir)
    log = len((interrupted / 'console.log').read_text())
    assert main(['sweep', str(work_dir.parent / 'sweep.py'), '--work-dir', str(work_dir), '--rows', 'wide [b]']) == 0
    after = runs_of(work_dir)
    assert {path for path in after if before.get(path) != after[path]} == {str(interrupted / 'iter_2.pth')}
    assert 'iter: 1' in (interrupted / 'console.log').read_text()[log:]  # it resumed there
    shown = capsys.readouterr().out
    assert 'finished before: wide [b], seed 1' in shown
    assert 'both' not in shown  # a mean over rows of which one was not asked for
    assert f'{wide["mean"]["mv"]:.6f}' in shown  # the resumed run ends where the uninterrupted one did


def test_a_failed_run_is_named_with_its_error_and_log(finished):
    work_dir, _, shown = finished
    assert "failed: diverging, seed 1: error: the loss term 'adversarial'" in shown
    assert str(work_dir / 'diverging' / 'seed1' / 'console.log') in shown


@pytest.mark.parametrize(('failed', 'status'), [([], 0), ([1], 1)])
def test_the_exit_status_tells_of_failed_runs(folder, monkeypatch, failed, status):
    monkeypatch.setattr(apis, 'run_sweep', lambda *_, **__: [dict(failed=[]), dict(failed=failed)])
    assert main(['sweep', str(folder / 'sweep.py')]) == status


def test_another_config_is_refused_before_anything_starts(folder, finished, capsys):
    work_dir, _, _ = finished
    before = runs_of(work_dir)
    options = ['--cfg-options', 'train_cfg.max_iters=3']
    assert main(['sweep', str(folder / 'sweep.py'), '--work-dir', str(work_dir), *options]) == 2
    message = capsys.readouterr().err
    assert 'another config' in message
    assert str(work_dir / 'wide_b' / 'seed0') in message
    assert '--work-dir' in message
    assert runs_of(work_dir) == before


def test_an_interrupted_run_of_another_config_is_refused_too(folder, tmp_path):
    run = load_sweep(folder / 'sweep.py', tmp_path).cells[0][0]
    run.work_dir.mkdir(parents=True)
    (run.work_dir / 'iter_1.pth').touch()
    (run.work_dir / 'config_fingerprint.txt').write_text(run.fingerprint)
    assert 'interrupted   wide [b], seed 0' in plan_sweep(folder / 'sweep.py', tmp_path)
    with pytest.raises(ValueError, match='another config'):
        plan_sweep(folder / 'sweep.py', tmp_path, variables=dict(width=2))


def test_finished_cells_without_the_test_are_tested(finished, folder, tmp_path):
    work_dir, (wide, *_), _ = finished
    copied = tmp_path / 'out'
    shutil.copytree(work_dir / 'wide_b', copied / 'wide_b')
    before = runs_of(copied)
    path = write_sweep(folder, SWEEP + "test = True\ncolumns.append(dict(key='test_mv', name='test'))")
    options = dict(work_dir=copied, rows=['wide [b]'], seeds=[0])
    assert 'interrupted' in plan_sweep(path, **options)
    (row,) = run_sweep(path, show=False, **options)
    assert runs_of(copied) == before  # nothing was trained
    assert row['values']['mv'] == wide['values']['mv'][:1]
    tested = json.loads((copied / 'wide_b' / 'seed0' / 'test_metrics.jsonl').read_text())
    assert row['values']['test_mv'] == [tested['mv']]
    assert 'finished' in plan_sweep(path, **options)
    (untested,) = run_sweep(folder / 'sweep.py', show=False, **options)
    assert untested['values']['mv'] == row['values']['mv']


def test_runs_of_other_metrics_are_scored_again_on_demand(finished, folder, tmp_path, capsys):
    work_dir, (wide, *_), _ = finished
    copied = tmp_path / 'out'
    shutil.copytree(work_dir / 'wide_b', copied / 'wide_b')
    before = runs_of(copied)
    arguments = ['sweep', str(folder / 'sweep.py'), '--work-dir', str(copied), '--rows', 'wide [b]', '--seeds', '0']
    options = ['--cfg-options', 'val_cfg.num_images=6']
    assert main([*arguments, *options]) == 2
    assert 'with other metrics; nothing was started. Score them again with --rescore' in capsys.readouterr().err
    assert main([*arguments, *options, '--rescore', '--dry-run']) == 0
    assert 'other metrics wide [b], seed 0' in capsys.readouterr().out
    assert main([*arguments, *options, '--rescore']) == 0
    assert runs_of(copied) == before  # nothing was trained
    scored, kept = (
        json.loads((copied / 'wide_b' / 'seed0' / name).read_text())['metrics']['mv']
        for name in ('summary.json', 'summary_of_other_metrics.json')
    )
    assert kept == wide['values']['mv'][0]
    assert scored != kept  # of other images
    assert main([*arguments, *options]) == 0  # finished by now
    assert main([*arguments, '--cfg-options', 'train_cfg.max_iters=3', '--rescore']) == 2  # trained otherwise


def test_a_failing_prerequisite_stops_the_sweep(folder, tmp_path):
    path = write_sweep(
        folder,
        f"""
prerequisites = [
    dict(config='toy.py', work_dir={str(tmp_path / 'source')!r}, options={{'optim_wrapper.critic.optimizer.lr': 1e30}})
]
base = dict(config='toy.py')
rows = [dict(name='a')]
""",
    )
    with pytest.raises(FailedRunError, match=r"prerequisite source failed.*loss term 'adversarial'"):
        run_sweep(path, tmp_path / 'out', show=False)
    assert not (tmp_path / 'out').exists()


def test_ctrl_c_ends_the_runs_and_says_how_to_go_on(folder, tmp_path, subprocess_environment):
    options = ['--cfg-options', 'train_cfg.max_iters=100000', 'default_hooks.checkpoint.interval=100000']
    process = subprocess.Popen(
        [sys.executable, '-m', 'mmgentransfer.cli', 'sweep', str(folder / 'sweep.py'), '--work-dir', str(tmp_path),
         '--rows', 'wide [b]', '--seeds', '0', *options],
        env=subprocess_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )  # fmt: skip
    run = tmp_path / 'wide_b' / 'seed0'
    try:
        while not (run / 'progress.json').exists():
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # the runs too, if they were left
    assert process.returncode == 130
    assert 'the same command goes on' in output
    commands = [path.read_bytes() for path in Path('/proc').glob('[0-9]*/cmdline') if os.access(path, os.R_OK)]
    assert not any(str(run).encode() in command for command in commands)


# ------------------------------------------------------------------------------------------------- reading sweep files


def test_placeholders_take_values_and_seeds():
    values = dict(seed=2, width=16, left_out=[9])
    node = {'a': '{width}', 'b': ['run_{width}_{seed}', '{left_out}'], 'c': ('{seed}', 1.5, None)}
    assert fill(node, values) == {'a': 16, 'b': ['run_16_2', [9]], 'c': (2, 1.5, None)}
    with pytest.raises(ValueError, match="Did you mean 'width'"):
        fill('{widht}', values)


def test_a_cell_depends_on_the_source_that_it_names(folder, tmp_path):
    text = f"""
variables = dict(lr=1e-3)
prerequisites = [
    dict(config='toy.py', work_dir={str(tmp_path)!r} + '/source{{seed}}',
         options={{'optim_wrapper.critic.optimizer.lr': '{{lr}}'}}),
]
base = dict(config='toy.py')
_init = dict(type='TransferredWeights', checkpoint={str(tmp_path)!r} + '/source{{seed}}', prefix='generator')
rows = [dict(name='scratch'), dict(name='transferred', options={{'model.networks.generator.init_cfg': _init}})]
seeds = [3, 4]
"""
    path = write_sweep(folder, text)
    first, second = load_sweep(path), load_sweep(path, variables=dict(lr=1e-4))
    assert [run.work_dir.name for run in first.prerequisites[0]] == ['source3', 'source4']
    assert [run.cfg.randomness.seed for run in first.prerequisites[0]] == [3, 4]
    assert [run.cfg.model.networks.generator.init_cfg.checkpoint for run in first.cells[1]] == [
        str(tmp_path / 'source3'), str(tmp_path / 'source4')
    ]  # fmt: skip
    scratch, transferred = (
        [a.fingerprint == b.fingerprint for a, b in zip(first.cells[row], second.cells[row], strict=True)]
        for row in (0, 1)
    )
    assert scratch == [True, True]
    assert transferred == [False, False]  # the source's learning rate is another


def test_prerequisites_that_variables_make_equal_are_one(folder):
    text = """
variables = dict(first=1e-3, second=1e-4)
_lr = 'optim_wrapper.critic.optimizer.lr'
prerequisites = [
    dict(config='toy.py', work_dir='source{first}', options={_lr: '{first}'}),
    dict(config='toy.py', work_dir='source{second}', options={_lr: '{second}'}),
]
base = dict(config='toy.py')
rows = [dict(name='row')]
"""
    path = write_sweep(folder, text)
    assert len(load_sweep(path).prerequisites) == 2
    assert len(load_sweep(path, variables=dict(second=1e-3)).prerequisites) == 1
    other = write_sweep(folder, text.replace("work_dir='source{second}'", "work_dir='source{first}'"))
    with pytest.raises(ValueError, match='would share the folder'):  # another training, in the same folder
        load_sweep(other)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (('seeds =', 'seed ='), "unknown key 'seed' in sweep. Did you mean 'seeds'"),
        (("name='diverging', options=", "name='diverging', option="), "unknown key 'option' in rows"),
        (('precision=6', 'digits=6'), "unknown key 'digits' in columns"),
        (('[0, 1]', '[0, 0]'), 'seeds must be different'),
        (("'diverging'", "'wide (b)'"), 'would share the folder'),
        (("'optim_wrapper.critic.optimizer.lr'", "'train_cfg.max_iter'"), 'diverging, seed 0: unknown config key'),
        (("'toy.py'", "'none.py'"), "there is no config 'none.py'"),
        (("'{width}'", "'{widht}'"), "Did you mean 'width'"),
        (("better='higher'", "better='more'"), 'columns'),
        (("dict(name='both', rows=['wide [b]', 'diverging'])", "dict(name='both')"), 'means[0] needs a name, and rows'),
        (("name='both'", "name='wide [b]'"), "means[0] has the name of another row of the table, 'wide [b]'"),
        (("rows=['wide [b]', 'diverging']", "rows=['wide b']"), "'wide b'. Did you mean 'wide [b]'"),
        (('seeds =', "test = 'yes'\nseeds ="), "test must be True or False, got 'yes'"),
        (('seeds =', "test = True\nbase['options']['test_cfg'] = None\nseeds ="), 'but the config has no test_cfg'),
    ],
)
def test_mistakes_in_the_file_are_named(folder, change, message):
    path = write_sweep(folder, SWEEP.replace(*change))
    with pytest.raises((ValueError, FileNotFoundError), match=re.escape(message)):
        load_sweep(path)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(rows=['wide']), "no row 'wide'"),
        (dict(variables=dict(widht=3)), "Did you mean 'width'"),
        (dict(seeds=[-1]), 'seeds must be different integers from 0 on'),
    ],
)
def test_mistakes_on_the_command_line_are_named(folder, arguments, message):
    with pytest.raises(ValueError, match=message):
        load_sweep(folder / 'sweep.py', **arguments)


def test_configs_survive_being_written_out(folder, tmp_path):
    # a finished run is recognised by the fingerprint of what was read back
    sweep = load_sweep(Path(__file__).parents[2] / 'configs/quickstart/digits.py', tmp_path)
    for index, run in enumerate(sweep.runs):
        path = tmp_path / f'{index}.py'
        path.write_text(run.cfg.pretty_text)
        again = load_sweep(write_sweep(folder, f"base = dict(config={str(path)!r})\nrows = [dict(name='x')]"))
        kept = {**again.cells[0][0].cfg.to_dict(), 'randomness': run.cfg.randomness.to_dict(), 'work_dir': ''}
        assert kept == {**run.cfg.to_dict(), 'work_dir': ''}


# ----------------------------------------------------------------------------------------------------------- the table


def test_cells_of_the_table():
    columns = [dict(key='a', name='A', precision=1, better='lower'), dict(key='b', name='B', precision=0)]
    rows = [
        dict(name='one', seeds=[0], failed=[], mean=dict(a=2.04, b=7.0), std=dict(a=None, b=None)),
        dict(name='two', seeds=[0, 2], failed=[1], mean=dict(a=1.96, b=None), std=dict(a=0.25, b=None)),
        dict(name='three', seeds=[], failed=[0], mean=dict(a=None, b=None), std=dict(a=None, b=None)),
    ]
    assert statistics.stdev([1, 3]) == pytest.approx(2**0.5)  # the sample deviation, not the population's
    assert format_rows(columns, rows) == [
        ['', 'A', 'B', 'seeds'],
        ['one', '2.0', '7', '1'],
        ['two', '2.0 ± 0.2', '–', '2 (1 failed)'],
        ['three', 'failed', 'failed', '0 (1 failed)'],
    ]
    assert best_cells(columns, rows) == {(2, 1)}


def test_mean_of_rows_by_hand():
    rows = [
        dict(seeds=[0, 1, 3], failed=[2], values=dict(fid=[1.0, 2.0, 9.0], iw=[1.0, None, 3.0])),
        dict(seeds=[0, 2, 3], failed=[1], values=dict(fid=[5.0, 7.0, 10.0], iw=[2.0, 2.0, 6.0])),
    ]
    row = mean_of_rows('mean', rows)
    assert (row['name'], row['seeds'], row['failed'], row['work_dirs']) == ('mean', [0, 3], [1, 2], {})
    assert row['values'] == dict(fid=[3.0, 9.5], iw=[1.5, 4.5])
    assert row['mean'] == dict(fid=6.25, iw=3.0)
    assert row['std'] == dict(fid=pytest.approx(6.5 / 2**0.5), iw=pytest.approx(3 / 2**0.5))
    lacking = [dict(part, values=dict(iw=[None, 4.0])) for part in (dict(seeds=[0, 1], failed=[]),) * 2]
    assert mean_of_rows('mean', lacking)['values'] == dict(iw=[None, 4.0])
    assert mean_of_rows('mean', lacking)['mean'] == dict(iw=4.0)


def test_the_scores_of_the_checkpoint_that_was_kept_as_the_best(tmp_path):
    """Of evaluations at 10, 20 and 30 the second was kept; a run that keeps none shows the last."""
    runs = []
    for seed, kept in enumerate((True, False)):
        run = SweepRun('a', seed, None, tmp_path / f'seed{seed}', 'print')
        run.work_dir.mkdir()
        lines = [json.dumps({'iter': 10 * i, 'accuracy': 50.0 + 10 * (i % 3) + seed}) for i in (1, 2, 3)]
        (run.work_dir / 'metrics.jsonl').write_text('\n'.join(lines))
        summary = dict(config='print', metrics=dict(accuracy=50.0 + seed), train_seconds=1.0)
        (run.work_dir / 'summary.json').write_text(json.dumps(summary))
        if kept:
            (run.work_dir / 'best_accuracy_iter_20.pth').touch()
        runs.append(run)
    columns = [column_of(dict(key='accuracy')), column_of(dict(key='accuracy', at='best'))]
    last, best = collect_rows(['last', 'best'], [runs, runs], columns, [None, 'best'])
    assert last['values'] == {'accuracy': [50.0, 51.0], 'accuracy@best': [70.0, 51.0]}
    assert best['values']['accuracy'] == [70.0, 51.0]


def test_a_wrong_at_is_refused(folder):
    text = SWEEP.replace("key='mv',", "key='mv', at='last',")
    with pytest.raises(ValueError, match=r"columns\[0\]\.at must be an iteration or 'best', got 'last'"):
        load_sweep(write_sweep(folder, text))
