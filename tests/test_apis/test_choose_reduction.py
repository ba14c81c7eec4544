"""Choosing the width of a semantic extractor (thesis Table 5.5)."""

from __future__ import annotations

import json

import pytest

from mmgentransfer.apis.choose_reduction import choose_from_sweep
from mmgentransfer.cli import main
from mmgentransfer.evaluation.functional import choose_reduction

DIMS = (2, 8, 16, 32, 64, 128, 256)
TABLE = dict(
    daytime=(85, 87, 91, 92, 92, 95, 95),
    colour=(96.3, 99.1, 99.0, 99.3, 98.3, 98.9, 98.4),
    texture=(64.2, 65.2, 66.4, 87.0, 91.3, 92.8, 95.4),
)


@pytest.mark.parametrize(('name', 'knee', 'near'), [('daytime', 16, 128), ('colour', 8, 8), ('texture', 32, 256)])
def test_thesis_table(name, knee, near):
    accuracies = dict(zip(DIMS, TABLE[name], strict=True))
    assert choose_reduction(accuracies) == knee
    assert choose_reduction(accuracies, 'tolerance', tolerance=1) == near
    assert choose_reduction(accuracies, 'fixed', dim=64) == 64


def test_flat_rows():
    assert choose_reduction(dict.fromkeys(DIMS, 100.0)) == 2
    assert choose_reduction({8: 99.0}) == 8


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(rule='elbow'), "'elbow' is none of"),
        (dict(rule='tolerance'), 'needs a tolerance >= 0'),
        (dict(rule='fixed', dim=3), r'one of \[2, 8\], got 3'),
    ],
)
def test_wrong_rules(options, message):
    with pytest.raises(ValueError, match=message):
        choose_reduction({2: 90.0, 8: 95.0}, **options)
    with pytest.raises(ValueError, match='no accuracies'):
        choose_reduction({})


def write(folder, accuracies, failed=(), key='accuracy'):
    rows = [
        dict(name=f'D = {d}', failed=list(failed), mean={key: a}, work_dirs={'1': f'b{d}', '0': f'a{d}'})
        for d, a in accuracies.items()
    ]
    rows.append(dict(name='none', failed=[], mean=dict(accuracy=99.0), work_dirs={'0': 'n'}))
    (folder / 'sweep.json').write_text(json.dumps(dict(title='Daytime', columns=[], rows=rows, notes=[])))


def test_command(tmp_path, capsys):
    write(tmp_path, dict(zip(DIMS, TABLE['daytime'], strict=True)))
    assert main(['choose-reduction', str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert '| D | 2 | 8 | **16** | 32 | 64 | 128 | 256 |' in out
    assert '| accuracy (%) | 85.0 | 87.0 | **91.0** | 92.0 |' in out
    assert "chosen by 'knee': D = 16, checkpoint: a16\n" in out
    assert choose_from_sweep(tmp_path, 'tolerance', tolerance=1).dim == 128
    assert main(['choose-reduction', str(tmp_path), '--flat-tolerance', '11']) == 0
    assert "chosen by 'knee': D = 2" in capsys.readouterr().out


def test_chance_depends_on_the_number_of_classes(tmp_path, capsys):
    write(tmp_path, {2: 30.0, 8: 55.0})
    assert main(['choose-reduction', str(tmp_path)]) == 2
    assert 'the best accuracy is 55.0 %, below 60, of 2 classes (--num-classes)' in capsys.readouterr().err
    assert main(['choose-reduction', str(tmp_path), '--num-classes', '11']) == 0
    with pytest.raises(ValueError, match='num_classes=1 must be at least 2'):
        choose_from_sweep(tmp_path, num_classes=1)


def test_the_best_accuracy_counts_where_its_checkpoint_was_kept(tmp_path):
    write(tmp_path, dict(zip(DIMS, TABLE['texture'], strict=True)), key='accuracy@best')
    chosen = choose_from_sweep(tmp_path)
    assert (chosen.dim, chosen.checkpoint) == (32, 'a32/best')
    assert chosen.accuracies[2] == 64.2


def test_wrong_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'sweep\.json: run mmgentransfer sweep first'):
        choose_from_sweep(tmp_path)
    write(tmp_path, {2: 50.0, 8: 55.0})
    with pytest.raises(ValueError, match=r'the best accuracy is 55.0 %, below 60'):
        choose_from_sweep(tmp_path)
    with pytest.raises(ValueError, match=r'lack .fid..*the scores are'):
        choose_from_sweep(tmp_path, key='fid')
    write(tmp_path, {2: 90.0}, failed=[0])
    with pytest.raises(ValueError, match=r'D = \[2\] failed'):
        choose_from_sweep(tmp_path)
    write(tmp_path, {})
    with pytest.raises(ValueError, match="no rows named 'D = 8'"):
        choose_from_sweep(tmp_path)
