"""Translating image files between domains, grids of them, and paths between codes and between labels."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from PIL import Image
from sdit_toys import DOMAINS, WITHOUT_ATTENTION, sdit_config
from translated_files import SIDE, cells, save_folder, save_run, small, three_images
from translator_toys import build, stargan_config

from mmgentransfer.apis import (
    blend_with_input,
    compare_translations,
    interpolate_codes,
    interpolate_labels,
    read_inputs,
    translate_images,
)
from mmgentransfer.apis import translate_domains as module
from mmgentransfer.cli import main
from mmgentransfer.visualization import read_grid, translation_grid
from mmgentransfer.visualization.modalities import overlay_values


@pytest.fixture(scope='module')
def model():
    return build(sdit_config()).eval()


@pytest.fixture(scope='module')
def stargan():
    return build(stargan_config()).eval()


@pytest.fixture
def images():
    return three_images()


@pytest.fixture
def folder(tmp_path, images):
    return save_folder(tmp_path / 'in', images)


# ------------------------------------------------------------------------------------------------------------ files


def test_one_target_is_a_grid_of_inputs(model, images, tmp_path):
    (grid,) = translate_images(model, images, ['blue'], tmp_path, num_samples=2, seed=5, attention=True)
    assert grid == tmp_path / 'blue.png'
    batch = np.stack(list(images.values()))
    expected = model.translate(batch, 'blue', 2, 5)
    assert np.array_equal(read_grid(tmp_path / 'blue' / 'in' / 'b_1.png'), expected[1, 1])
    shown = small(cells(grid, 3, 4))
    assert np.array_equal(shown[:, 0], batch)
    assert np.array_equal(shown[:, 1:3], expected)
    assert not np.array_equal(shown[:, 3], batch)
    assert not np.array_equal(expected[:, 0], expected[:, 1])


def test_all_targets_are_grids_of_domains(model, images, tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'BATCH', 2)
    grids = translate_images(model, images, DOMAINS, tmp_path, num_samples=2, rows='targets')
    assert grids == [tmp_path / 'grids' / f'{name}.png' for name in images]
    expected = np.stack([model.translate(images['c'], name, 2, 0) for name in DOMAINS])
    shown = small(cells(grids[2], 4, 3)).astype(int)
    assert np.array_equal(shown[:, 0], np.broadcast_to(images['c'], shown[:, 0].shape))
    assert np.abs(shown[:, 1:] - expected).max() <= 1  # another batch


def test_a_model_without_codes_has_one_output(stargan, images, tmp_path):
    translate_images(stargan, images, ['blond'], tmp_path, num_samples=5)
    assert sorted(path.name for path in (tmp_path / 'blond').glob('*.png')) == ['a_0.png', 'c_0.png']


def test_an_input_is_encoded_once_for_its_outputs_and_its_attention(model, images, tmp_path):
    calls = []
    hook = model.generator.encoder.register_forward_hook(lambda m, i, o: calls.append(len(o)))
    translate_images(model, images, ['blue', 'green'], tmp_path, num_samples=2, attention=True)
    hook.remove()
    assert calls == [3, 3]
    batch = np.stack(list(images.values()))
    shown = small(cells(tmp_path / 'green.png', 3, 4))[:, 3]
    assert np.array_equal(shown, overlay_values(batch, model.attention(batch, 'green')))


def test_a_path_of_codes_is_a_row(model, images, tmp_path):
    (grid,) = translate_images(model, images, ['blue'], tmp_path, num_samples=4, path=(3, 7), attention=True)
    batch = np.stack(list(images.values()))
    codes = [model.draw_codes(1, seed)[0] for seed in (3, 7)]
    expected = model.interpolate_codes(batch, 'blue', *codes, steps=4)
    shown = small(cells(grid, 3, 6))
    assert np.array_equal(shown[:, 1:5], expected)
    assert np.array_equal(read_grid(tmp_path / 'blue' / 'c_3.png'), expected[2, 3])
    for place, seed in ((0, 3), (3, 7)):
        assert np.abs(expected[:, place].astype(int) - model.translate(batch, 'blue', seed=seed)).max() <= 1


def test_targets_by_number_and_vector(model, images, tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'BATCH', 2)
    grids = translate_images(model, images, [2, [0, 1, 0, 0], np.eye(4)[[0, 1, 2]]], tmp_path)
    assert [grid.name for grid in grids] == ['green.png', '0_1_0_0.png', 'vectors.png']
    batch = np.stack(list(images.values()))
    for grid, target in zip(grids, ('green', 'blue', np.eye(4)[[0, 1, 2]]), strict=True):
        assert np.abs(small(cells(grid, 3, 2))[:, 1].astype(int) - model.translate(batch, target)).max() <= 1


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (dict(targets=['blu']), "the target 'blu' is none of.*Did you mean 'blue'"),
        (dict(targets=['blue', 'blue']), 'twice'),
        (dict(rows='domains'), "rows='domains'"),
        (dict(style_from=np.zeros((1, 16, 16, 3), np.uint8)), 'does not take styles from images'),
        (dict(codes=np.zeros((2, 3))), 'num_samples and codes'),
        (dict(path=(0, 1)), 'steps=1 must be at least 2'),
        (dict(path=(0, 1), style_from=np.zeros((1, 16, 16, 3), np.uint8)), 'path and style_from both'),
    ],
)
def test_errors_come_before_files(model, images, tmp_path, options, words):
    with pytest.raises(ValueError, match=words):
        translate_images(model, images, out=tmp_path, **{'targets': ['blue'], **options})
    assert list(tmp_path.iterdir()) == []


def test_no_attention_and_existing_files(stargan, images, tmp_path):
    with pytest.raises(ValueError, match='StarGAN has no attention'):
        translate_images(stargan, images, ['blond'], tmp_path, attention=True)
    with pytest.raises(ValueError, match='a StarGAN has no codes'):
        translate_images(stargan, images, ['blond'], tmp_path, path=(0, 1), num_samples=3)
    translate_images(stargan, images, ['blond'], tmp_path)
    with pytest.raises(FileExistsError, match=r'\(--overwrite\):\n.*blond\.png'):
        translate_images(stargan, images, ['blond'], tmp_path)
    translate_images(stargan, images, ['blond'], tmp_path, overwrite=True)


def test_without_attention_nothing_is_computed(images, tmp_path):
    plain = build(sdit_config(**WITHOUT_ATTENTION)).eval()
    plain.generator.encoder.register_forward_hook(lambda *_: pytest.fail('an image was encoded'))
    with pytest.raises(ValueError, match='this SDIT has no attention to show'):
        translate_images(plain, images, ['blue'], tmp_path, attention=True)
    assert list(tmp_path.iterdir()) == []


def test_sides_that_the_network_can_not_halve(stargan, tmp_path):
    odd = {'a': np.zeros((18, 16, 3), np.uint8)}
    with pytest.raises(ValueError, match='takes sides that are multiples of 4'):
        translate_images(stargan, odd, ['blond'], tmp_path)


def test_read_only_images_give_no_warning(model, images):
    image = images['a'].copy()
    image.flags.writeable = False  # as PIL's are
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        outputs = model.translate(image, 'blue')
    np.testing.assert_array_equal(outputs, model.translate(images['a'], 'blue'))


def test_codes_of_a_wrong_size(model, images):
    with pytest.raises(
        ValueError, match=re.escape('codes for 1 images have the shape (K, 2) or (1, K, 2), got (1, 3)')
    ):
        model.translate(images['a'], 'blue', codes=np.zeros((1, 3)))
    with pytest.raises(ValueError, match=re.escape('have the shape (2,), got (3,) and (2,)')):
        interpolate_codes(model, images['a'], 'blue', [0, 0, 0], [0, 0])


def test_reading(folder, images):
    found = read_inputs([folder])
    assert list(found) == ['a', 'c', 'in/b']
    assert all(np.array_equal(found[name], pixels) for name, pixels in images.items())
    assert read_inputs([folder / 'a.png'], (8, 12))['a'].shape == (8, 12, 3)
    (folder / 'empty').mkdir()
    with pytest.raises(ValueError, match='empty has no image'):
        read_inputs([folder / 'empty'])
    with pytest.raises(FileNotFoundError, match=r'b\.png'):
        read_inputs([folder / 'b.png'])
    with pytest.raises(ValueError, match="both be 'a'"):
        read_inputs([folder, folder / 'a.png'])
    Image.new('RGB', (20, 16)).save(folder / 'wide.png')
    with pytest.raises(ValueError, match='--resize'):
        read_inputs([folder])
    (folder / 'wide.png').write_text('no image')
    with pytest.raises(ValueError, match=r'wide\.png can not be used'):
        read_inputs([folder])


# ------------------------------------------------------------------------------------------------------------ command


@pytest.fixture(scope='module')
def run(tmp_path_factory, model):
    return save_run(tmp_path_factory.mktemp('run'), model, sdit_config())


def test_command(run, model, folder, images, tmp_path, capsys):
    large = tmp_path / 'large.png'
    Image.fromarray(images['a'].repeat(2, 0).repeat(2, 1)).save(large)
    out = tmp_path / 'out'
    assert (
        main(['translate', *run, str(large), '--target', 'green', '--num-samples', '3', '--seed', '7', '-o', str(out)])
        == 0
    )
    assert 'green.png' in capsys.readouterr().out
    expected = model.translate(images['a'], 'green', 3, 7)  # brought to the training images' size
    assert np.array_equal(read_grid(out / 'green' / 'large_2.png'), expected[2])
    assert main(['translate', *run, str(folder), '--all-targets', '--attention', '-o', str(tmp_path / 'all')]) == 0
    assert (tmp_path / 'all' / 'grids' / 'in' / 'b.png').is_file()


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--target', 'gren'], "Did you mean 'green'"),
        ([], 'give one of them'),
        (['--target', 'green', '--all-targets'], 'give one of them'),
        (['--target', 'green', '--via', 'blue'], '--via is for translating between modalities'),
        (['--target', 'green', '--resize', '15'], 'multiple'),
        (['--target', 'green', '--source', 'red'], 'leave --source out'),
        (
            ['--target', 'green', '--style-from', 'x', '--seed', '1'],
            '--style-from gives the codes: leave --num-samples',
        ),
        (
            ['--target', 'green', '--path', '0', '1', '--num-samples', '3'],
            '--path gives the codes: leave --num-samples',
        ),
        (['--target', 'green', '--path', '0', '1', '--style-from', 'x'], 'leave one out'),
        (['--target', 'green', '--path', '0', '1', '--steps', '1'], 'steps=1 must be at least 2'),
        (['--target', 'green', '--steps', '3'], 'give its two seeds'),
        (['--target', 'green', '--labels', 'x.csv'], '--labels is about attributes'),
    ],
)
def test_command_refuses(run, folder, tmp_path, capsys, arguments, words):
    assert main(['translate', *run, str(folder), *arguments, '-o', str(tmp_path / 'out')]) == 2
    assert words in capsys.readouterr().err


def test_command_draws_a_path_of_codes(run, model, folder, images, tmp_path, capsys):
    out = tmp_path / 'out'
    arguments = ['--target', 'green', '--path', '5', '6', '--steps', '3', '-o', str(out)]
    assert main(['translate', *run, str(folder), *arguments]) == 0, capsys.readouterr()
    batch = np.stack([images[name] for name in ('a', 'c', 'in/b')])
    ends = [model.draw_codes(1, seed)[0] for seed in (5, 6)]
    shown = small(cells(out / 'green.png', 3, 4))
    assert np.array_equal(shown[:, 1:], model.interpolate_codes(batch, 'green', *ends, steps=3))
    assert main(['translate', *run, str(folder), '--all-targets', '--path', '5', '6', '-o', str(tmp_path / 'all')]) == 0
    assert len(list((tmp_path / 'all' / 'blue').glob('a_*.png'))) == 9


def test_comparing(run, model, images, folder, tmp_path, capsys):
    out = tmp_path / 'grid.png'
    runs = [part for name in ('one', 'two') for part in ('--run', f'{name}={run[0]}:{run[1]}')]
    arguments = ['--target', 'blue', '--num-samples', '2', '-o', str(out)]
    assert main(['compare-translations', str(folder), *runs, *arguments]) == 0
    shown = small(cells(out, 3, 5))
    batch = np.stack([images[name] for name in ('a', 'c', 'in/b')])
    expected = model.translate(batch, 'blue', 2, 0)
    assert np.array_equal(shown[:, 0], batch)
    assert np.array_equal(shown[:, 1:3], expected)
    assert np.array_equal(shown[:, 3:], expected)
    assert main(['compare-translations', str(folder), '--run', 'one', *arguments]) == 2
    assert 'NAME=CONFIG:CHECKPOINT' in capsys.readouterr().err


def test_comparing_with_attention(run, model, stargan, images, folder, tmp_path, capsys):
    out = tmp_path / 'grid.png'
    arguments = ['--run', f'one={run[0]}:{run[1]}', '--target', 'blue', '--attention', '-o', str(out)]
    assert main(['compare-translations', str(folder), *arguments]) == 0
    batch = np.stack([images[name] for name in ('a', 'c', 'in/b')])
    shown = small(cells(out, 3, 3))
    assert np.array_equal(shown[:, 1], model.translate(batch, 'blue'))
    assert np.array_equal(shown[:, 2], overlay_values(batch, model.attention(batch, 'blue')))
    plain = build(sdit_config(**WITHOUT_ATTENTION)).eval()
    grids = [compare_translations(dict(one=model, two=plain), images, 'blue', attention=on) for on in (False, True)]
    assert grids[1].shape[1] - grids[0].shape[1] == 64 + 2  # of the first alone
    with pytest.raises(ValueError, match=r"none of \['two'\] has attention"):
        compare_translations(dict(two=plain), images, 'blue', attention=True)
    assert main(['compare-translations', str(folder), *arguments, '--source', 'blue']) == 2
    assert 'leave --source out' in capsys.readouterr().err


def test_comparing_names_the_model_that_can_not(model, stargan, images):
    with pytest.raises(ValueError, match="two: the target 'blue' is none of"):
        compare_translations(dict(one=model, two=stargan), images, 'blue')


# ------------------------------------------------------------------------------------------------------------ paths


@pytest.mark.parametrize('mode', ['slerp', 'linear'])
def test_path_between_codes(model, images, mode, monkeypatch):
    first, last = np.array([2.0, 0.0]), np.array([0.0, 2.0])
    made = interpolate_codes(model, images['a'], 'blue', first, last, 3, mode)
    assert made.shape == (3, SIDE, SIDE, 3)
    ends = model.translate(images['a'], 'blue', codes=[first, last])
    assert np.abs(made[[0, 2]].astype(int) - ends).max() <= 1
    asked = {}
    monkeypatch.setattr(type(model), 'translate', lambda self, *args, **options: asked.update(options))
    interpolate_codes(model, images['a'], 'blue', first, last, 3, mode)
    # half-way on the circle of radius 2, or on the chord
    assert np.allclose(asked['codes'][1], [2**0.5, 2**0.5] if mode == 'slerp' else [1, 1])
    interpolate_codes(model, images['a'], 'blue', first, -first, 3, mode)
    assert np.isfinite(asked['codes']).all()


def test_path_between_labels(model, images):
    code = np.array([0.3, -1.0])
    made = interpolate_labels(model, images['a'], 'blue', 'green', 3, code)
    assert made.shape == (3, SIDE, SIDE, 3)
    for step, target in enumerate(([[0, 1, 0, 0]], [[0, 0.5, 0.5, 0]], [[0, 0, 1, 0]])):
        assert np.array_equal(made[step], model.translate(images['a'], target, codes=code[None])[0])
    batch = np.stack([images['a'], images['c']])
    assert interpolate_labels(model, batch, 'blue', 'green', 4).shape == (2, 4, SIDE, SIDE, 3)


def test_blend_is_of_pixels():
    x, y = np.full((1, 2, 2, 3), 200, np.uint8), np.full((1, 2, 2, 3), 100, np.uint8)
    assert blend_with_input(x, y, 5)[0, :, 0, 0, 0].tolist() == [100, 125, 150, 175, 200]


@pytest.mark.parametrize(('options', 'words'), [(dict(steps=1), 'steps=1'), (dict(mode='cubic'), "got 'cubic'")])
def test_bad_paths(model, images, options, words):
    with pytest.raises(ValueError, match=words):
        interpolate_codes(model, images['a'], 'blue', [0, 0], [1, 1], **options)


def test_grid_of_translations():
    pixels = np.arange(2 * 3 * 2 * 2 * 3, dtype=np.uint8).reshape(2, 3, 2, 2, 3)
    grid = translation_grid(pixels, ['x', '', 'y'], smallest=2)
    assert np.array_equal(grid[-4:-2, 2:4], pixels[1, 0])
    assert translation_grid(pixels, ['x'], ['first', 'second'], smallest=2).shape[1] > grid.shape[1]
