"""Editing the attributes that images have: in Python, by ``mmgentransfer translate``, and side by side."""

from __future__ import annotations

import numpy as np
import pytest
from sdit_toys import MULTI, sdit_config
from translated_files import cells, save_folder, save_run, small, three_images
from translator_toys import build

from mmgentransfer.apis import compare_translations, read_labels, translate_images
from mmgentransfer.apis import translate_domains as module
from mmgentransfer.cli import main
from mmgentransfer.visualization import read_grid

FACES = ['bangs', 'brown', 'blond', 'smile']
HAIR = dict(MULTI, domains=FACES, exclusive_groups=[['brown', 'blond']])


@pytest.fixture(scope='module')
def faces():
    return build(sdit_config(**HAIR)).eval()


@pytest.fixture
def images():
    return three_images()


@pytest.fixture
def folder(tmp_path, images):
    return save_folder(tmp_path / 'in', images)


@pytest.fixture(scope='module')
def run(tmp_path_factory, faces):
    return save_run(tmp_path_factory.mktemp('faces'), faces, sdit_config(**HAIR))


@pytest.fixture
def table(tmp_path):
    """What the files of ``folder`` have, in the format of CelebA, with an attribute that no model knows."""
    lines = ['4', 'hat bangs blond brown smile', 'z.jpg 1 1 1 1 1']
    lines += ['a.png -1 -1 -1  1  1', 'c.png  1  1 -1 -1 -1', 'in/b.png -1 -1 1 -1  1']
    (tmp_path / 'list_attr.txt').write_text('\n'.join(lines))
    return tmp_path / 'list_attr.txt'


def test_attributes_that_images_have_are_edited(faces, images, tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'BATCH', 2)
    labels = {'a': ['brown', 'smile'], 'in/b': dict(bangs=1, brown=0, blond=0, smile=0, hat=1), 'c': []}
    own = [[0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0]]
    translate_images(faces, images, ['bangs', ['blond', 'smile']], tmp_path, labels=labels)
    batch = np.stack(list(images.values()))
    for name, edited in (('bangs', 'bangs'), ('blond_smile', ['blond', 'smile'])):
        expected = faces.edit(batch, own, edited)
        assert np.abs(small(cells(tmp_path / f'{name}.png', 3, 2))[:, 1].astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ('labels', 'words'),
    [
        ({'a': [], 'c': []}, "no labels of the image 'in/b'"),
        ({'a': [], 'c': [], 'in/b': dict(bangs=1, blond=0, smile=0)}, r"'in/b' do not say \['brown'\]"),
        ({'a': ['hat'], 'c': [], 'in/b': []}, "the label 'hat' is none of"),
    ],
)
def test_labels_that_do_not_say_enough(faces, images, tmp_path, labels, words):
    with pytest.raises(ValueError, match=words):
        translate_images(faces, images, ['bangs'], tmp_path, labels=labels)
    assert list(tmp_path.iterdir()) == []


def test_reading_labels(table):
    found = read_labels(table, ['c', 'in/b'], ['smile', 'bangs'])
    assert found == {'c': dict(smile=0, bangs=1), 'in/b': dict(smile=1, bangs=0)}
    with pytest.raises(ValueError, match=r'no row for 1 of 2 images:\n.*d'):
        read_labels(table, ['c', 'd'], ['smile'])
    with pytest.raises(ValueError, match=r"'smiles', which is no attribute of .*Did you mean 'smile'"):
        read_labels(table, ['c'], ['smiles'])


def test_command_edits_attributes(run, faces, folder, images, table, tmp_path, capsys):
    def translate(out, *arguments):
        status = main(['translate', *run, str(folder), *arguments, '-o', str(tmp_path / out)])
        return status, capsys.readouterr().err

    batch = np.stack([images[name] for name in ('a', 'c', 'in/b')])
    own = np.array([[0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 1, 1]])
    assert translate('all', '--all-targets', '--labels', str(table)) == (0, '')
    for row, name in enumerate(['a', 'c', 'in/b']):
        shown = small(cells(tmp_path / 'all' / 'grids' / f'{name}.png', 4, 2))[:, 1]
        expected = [faces.edit(batch[row], own[row], attribute) for attribute in FACES]
        assert np.abs(shown.astype(int) - np.stack(expected)).max() <= 1
    assert translate('two', '--target', 'blond', '--target', 'bangs', '--source', 'smile', '--source', 'brown') == (
        0,
        '',
    )
    shown = small(cells(tmp_path / 'two' / 'blond_bangs.png', 3, 2))[:, 1]
    assert np.array_equal(shown, faces.translate(batch, ['blond', 'bangs', 'smile']))
    assert translate('plain', '--all-targets', '--source', 'none') == (0, '')
    shown = read_grid(tmp_path / 'plain' / 'smile' / 'a_0.png').astype(int)
    assert np.abs(shown - faces.translate(images['a'], ['smile'])).max() <= 1
    assert translate('set', '--target', 'bangs') == (0, '')  # without a word on the inputs: this attribute alone
    shown = small(cells(tmp_path / 'set' / 'bangs.png', 3, 2))[:, 1]
    assert np.array_equal(shown, faces.translate(batch, [1, 0, 0, 0]))
    assert translate('no', '--all-targets')[0] == 2
    for words, arguments in (
        ('by --source ATTRIBUTE (one option each; none for none of them) or by --labels TABLE', []),
        ('give one of them', ['--source', 'smile', '--labels', str(table)]),
        ("the label 'hat' is none of", ['--source', 'hat']),
    ):
        status, error = translate('no', '--all-targets', *arguments)
        assert status == 2
        assert words in error
    assert not (tmp_path / 'no').exists()


def test_comparing_edits_of_attributes(run, faces, folder, images, table, tmp_path):
    out = tmp_path / 'grid.png'
    arguments = ['--run', f'one={run[0]}:{run[1]}', '--target', 'brown', '-o', str(out)]
    batch = np.stack([images[name] for name in ('a', 'c', 'in/b')])
    assert main(['compare-translations', str(folder), *arguments, '--labels', str(table)]) == 0
    expected = faces.translate(batch, [[0, 1, 0, 1], [1, 1, 0, 0], [0, 1, 0, 1]])
    assert np.array_equal(small(cells(out, 3, 2))[:, 1], expected)
    assert main(['compare-translations', str(folder), *arguments, '--source', 'bangs', '--source', 'smile']) == 0
    assert np.array_equal(small(cells(out, 3, 2))[:, 1], faces.translate(batch, [1, 1, 0, 1]))
    reordered = build(sdit_config(**dict(HAIR, domains=FACES[::-1]))).eval()
    reordered.load_state_dict(faces.state_dict())
    labels = {name: ['blond'] for name in images}
    grid = compare_translations(dict(one=faces, two=reordered), images, 'bangs', labels=labels)
    shown = small(cells(grid, 3, 3))
    for column, model in ((1, faces), (2, reordered)):
        assert np.array_equal(shown[:, column], model.translate(np.stack(list(images.values())), ['bangs', 'blond']))
    assert (shown[:, 1] != shown[:, 2]).any()
