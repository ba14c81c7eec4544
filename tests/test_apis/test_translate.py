"""Files in, files out: what ``mmgentransfer translate`` reads, refuses and writes."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmnets_toys import SETS, mmnets_config, mmnets_experiment
from PIL import Image

from mmgentransfer.apis import file_readers, translate_files
from mmgentransfer.cli import main
from mmgentransfer.datasets.embedded.toy_scenes import render_scenes
from mmgentransfer.datasets.modality_readers import DepthReader, MapReader, OpponentReader
from mmgentransfer.models.methods.mmnets.modalities import MapModality
from mmgentransfer.registry import MODELS
from mmgentransfer.visualization import read_grid
from mmgentransfer.visualization.modalities import draw_modality


def built(**options):
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        model = MODELS.build(mmnets_config(**options))
    model.init_weights()
    return model.eval()


@pytest.fixture(scope='module')
def model():
    return built()


@pytest.fixture(scope='module')
def scenes():
    """Arrays as files hold them: 5 scenes of 16 pixels."""
    rendered = render_scenes(range(5), 16)
    return dict(
        rgb=rendered['rgb'].transpose(0, 2, 3, 1),
        depth=(rendered['depth'][:, 0] * 1000).astype(np.uint16),
        segmentation=rendered['segmentation'],
    )


@pytest.fixture
def data(tmp_path, scenes):
    """A folder for each modality, with files of the same names; one of them in a folder inside."""
    for name, values in scenes.items():
        (tmp_path / 'data' / name / 'inner').mkdir(parents=True)
        for index, pixels in enumerate(values):
            place = 'inner/4' if index == 4 else str(index)
            Image.fromarray(pixels).save(tmp_path / 'data' / name / f'{place}.png')
    return tmp_path / 'data'


NAMES = ['0', '1', '2', '3', 'inner/4']


def expected(model, scenes, sources, target, **options):
    metres = dict(scenes, depth=scenes['depth'].astype(np.float32) * np.float32(1e-3))
    return [model.translate({name: metres[name][index] for name in sources}, target, **options) for index in range(5)]


# ------------------------------------------------------------------------------------------------ what is written


def test_folder_to_labels(model, scenes, data, tmp_path):
    (data / 'depth' / 'notes.txt').write_text('not a depth map')
    (data / 'depth' / '.hidden.png').write_text('not one either')
    results = list(translate_files(model, dict(depth=[data / 'depth']), 'segmentation', tmp_path / 'out'))
    assert [result.name for result in results] == NAMES
    labels = expected(model, scenes, ['depth'], 'segmentation')
    for result, wanted in zip(results, labels, strict=True):
        assert result.values == tmp_path / 'out' / 'segmentation' / f'{result.name}.png'
        written = np.array(Image.open(result.values))
        assert written.dtype == np.uint8
        np.testing.assert_array_equal(written, wanted)
        assert result.picture == tmp_path / 'out' / 'segmentation_pictures' / f'{result.name}.png'
        picture = draw_modality(model.modalities['segmentation'], wanted)
        np.testing.assert_array_equal(read_grid(result.picture), picture)


def test_labels_to_metres(model, scenes, data, tmp_path):
    files = [data / 'segmentation' / '1.png', data / 'segmentation' / '0.png']
    results = list(translate_files(model, dict(segmentation=files), 'depth', tmp_path, limits=(0.0, 9.0)))
    assert [result.name for result in results] == ['1', '0'], 'files in the order given'
    wanted = expected(model, scenes, ['segmentation'], 'depth')
    for result, pixels in zip(results, wanted[1::-1], strict=True):
        assert result.values.suffix == '.npy'
        written = np.load(result.values)
        assert written.dtype == np.float32
        np.testing.assert_array_equal(written, pixels)
        np.testing.assert_array_equal(
            read_grid(result.picture), draw_modality(model.modalities['depth'], written, (0.0, 9.0))
        )


def test_an_image_is_its_own_picture(model, scenes, data, tmp_path):
    (result,) = translate_files(model, dict(depth=[data / 'depth' / '2.png']), 'rgb', tmp_path)
    assert result.values == result.picture == tmp_path / 'rgb' / '2.png'
    np.testing.assert_array_equal(read_grid(result.values), expected(model, scenes, ['depth'], 'rgb')[2])
    assert not (tmp_path / 'rgb_pictures').exists()


def test_fusion_matches_by_name(model, scenes, data, tmp_path):
    inputs = dict(rgb=[data / 'rgb'], depth=[data / 'depth'])
    options = dict(alpha=0.6, indices_from='depth')
    results = list(translate_files(model, inputs, 'segmentation', tmp_path, **options))
    wanted = expected(model, scenes, ['rgb', 'depth'], 'segmentation', **options)
    assert not np.array_equal(wanted, expected(model, scenes, ['rgb', 'depth'], 'segmentation'))
    assert [result.name for result in results] == NAMES
    for result, labels in zip(results, wanted, strict=True):
        np.testing.assert_array_equal(np.array(Image.open(result.values)), labels)
    (data / 'depth' / '3.png').unlink()
    with pytest.raises(ValueError, match=r'one name in all folders; missing are\n  depth: 3$'):
        translate_files(model, inputs, 'segmentation', tmp_path / 'again')
    single = dict(rgb=[data / 'rgb' / '0.png'], depth=[data / 'depth' / '1.png'])
    (result,) = translate_files(model, single, 'segmentation', tmp_path / 'single')
    assert result.name == '0', 'one file each belongs together, whatever the names'


def test_cascade(model, scenes, data, tmp_path):
    results = translate_files(model, dict(depth=[data / 'depth']), 'segmentation', tmp_path, via=['rgb'])
    wanted = expected(model, scenes, ['depth'], 'segmentation', via=['rgb'])
    for result, labels in zip(results, wanted, strict=True):
        np.testing.assert_array_equal(np.array(Image.open(result.values)), labels)


def test_results_can_be_inputs(model, data, tmp_path):
    list(translate_files(model, dict(rgb=[data / 'rgb']), 'depth', tmp_path))
    found = list(translate_files(model, dict(depth=[tmp_path / 'depth']), 'segmentation', tmp_path))
    assert [result.name for result in found] == NAMES


def test_sizes(model, data, tmp_path):
    wide = np.arange(18 * 35 * 3, dtype=np.uint32).astype(np.uint8).reshape(18, 35, 3)
    Image.fromarray(wide).save(tmp_path / 'wide.png')
    inputs = dict(rgb=[tmp_path / 'wide.png', data / 'rgb' / '0.png'])
    results = translate_files(model, inputs, 'segmentation', tmp_path / 'no')
    with pytest.raises(ValueError, match=r"wide\.png is 18 x 35; .*multiples of 4: give a size .*'nearest'"):
        list(results)

    out = tmp_path / 'nearest'
    written = [np.load(r.values).shape for r in translate_files(model, inputs, 'depth', out, resize='nearest')]
    assert written == [(16, 36), (16, 16)]
    (result, _) = translate_files(model, inputs, 'depth', tmp_path / 'square', resize=8)
    assert np.load(result.values).shape == (8, 8)
    # the left and the whole of it differ from the centre
    found = {}
    for crop in ('center', 'left', 'stretch'):
        (result, _) = translate_files(model, inputs, 'depth', tmp_path / crop, resize='16x8', crop=crop)
        found[crop] = np.load(result.values)
        assert found[crop].shape == (16, 8)
    assert not np.array_equal(found['center'], found['left'])
    assert not np.array_equal(found['center'], found['stretch'])
    for size, message in (('10', "resize='10': .* multiples of 4"), ('big', "'HEIGHTxWIDTH'"), ('0', 'must be a side')):
        with pytest.raises(ValueError, match=message):
            translate_files(model, inputs, 'depth', tmp_path, resize=size)


# ------------------------------------------------------------------------------------------------ how files are read


def test_depth_files(model, tmp_path):
    readers = file_readers(model)
    np.save(tmp_path / 'a.npy', np.array([[1.5, 0.0]], np.float64))
    Image.fromarray(np.array([[1500, 0]], np.uint16)).save(tmp_path / 'a.png')
    for name in ('a.npy', 'a.png'):
        assert readers['depth'].decode(tmp_path / name).tolist() == [[pytest.approx(1.5), 0]]
    assert file_readers(model, depth_scale=0.01)['depth'].decode(tmp_path / 'a.png').tolist() == [
        [pytest.approx(15), 0]
    ]


def test_maps(tmp_path):
    model = built(sets=dict(SETS, RN=['rgb', 'nir']))
    model.modalities['nir'] = MapModality(value_range=(-1.0, 1.0))
    reader = file_readers(model)['nir']
    Image.fromarray(np.array([[0, 255, 51]], np.uint8)).save(tmp_path / 'a.png')
    assert reader.decode(tmp_path / 'a.png')[..., 0].tolist() == [pytest.approx([-1, 1, -0.6])]
    np.save(tmp_path / 'a.npy', np.array([[0.25, -0.5]]))
    assert reader.decode(tmp_path / 'a.npy').tolist() == [[0.25, -0.5]]
    for wrong in (np.array([[1, 2]]), np.array([[np.nan, 1]])):
        np.save(tmp_path / 'b.npy', wrong)
        with pytest.raises(ValueError, match='finite floats are needed'):
            reader.decode(tmp_path / 'b.npy')


def test_readers_of_the_config(model):
    dataset = dict(
        type='AlignedModalities',
        modalities=dict(
            rgb=dict(type='OpponentReader', channel='theta1'),
            depth=dict(type='DepthReader', scale=0.5),
            other=dict(type='MapReader'),
        ),
    )
    config = Config(
        dict(train_dataloader=dict(dataset=dict(type='DisjointSets', dataset=dataset)), val_dataloader=None)
    )
    readers = file_readers(model, config)
    assert isinstance(readers['rgb'], OpponentReader)
    assert readers['depth'].scale == 0.5
    assert 'other' not in readers
    assert readers['segmentation'].num_classes == 5
    assert file_readers(model, config, depth_scale=0.1)['depth'].scale == 0.1
    assert isinstance(file_readers(model)['depth'], DepthReader)
    config.test_dataloader = dict(dataset=dict(modalities=dict(depth=dict(type='MapReader'))))
    assert isinstance(file_readers(model, config)['depth'], MapReader), 'the test set is named last'
    config.test_dataloader = dict(dataset=dict(type='ToyScenes', modalities=['rgb', 'depth']))
    assert file_readers(model, config)['depth'].scale == 0.5


# ------------------------------------------------------------------------------------------------ what is refused


def test_nothing_is_written_over(model, data, tmp_path):
    for overwrite in (False, True):
        list(translate_files(model, dict(depth=[data / 'depth']), 'rgb', tmp_path / 'out', overwrite=overwrite))
    with pytest.raises(FileExistsError, match=r'are there already.*\n.*rgb.0\.png\n.*rgb.1\.png'):
        translate_files(model, dict(depth=[data / 'depth']), 'rgb', tmp_path / 'out')
    with pytest.raises(FileExistsError, match=r'segmentation.0\.png'):
        translate_files(model, dict(depth=[data / 'depth']), 'segmentation', data)


@pytest.mark.parametrize(
    ('inputs', 'target', 'options', 'error', 'message'),
    [
        (dict(dept=['depth']), 'rgb', {}, ValueError, r"'dept'; the modalities are .*Did you mean 'depth'"),
        (dict(depth=['depth']), 'labels', {}, ValueError, "names 'labels'"),
        (dict(depth=['missing']), 'rgb', {}, FileNotFoundError, "missing' for 'depth' does not exist"),
        (dict(depth=[]), 'rgb', {}, ValueError, "no input for 'depth'"),
        ({}, 'rgb', {}, ValueError, 'at least one input'),
        (dict(depth=['empty']), 'rgb', {}, ValueError, r'has no file for .*ends with \.npy, \.png'),
        (dict(depth=['depth/0.png', 'copy/0.png']), 'rgb', {}, ValueError, "would both be '0'"),
        (dict(depth=['depth']), 'rgb', dict(crop='top'), ValueError, "crop='top' is not one of"),
        (dict(depth=['depth']), 'rgb', dict(limits=(0, 1)), ValueError, "for depth and maps; 'rgb' is made"),
        (dict(rgb=['rgb']), 'depth', dict(limits=(2, 1)), ValueError, r'limits=\(2, 1\) must increase'),
    ],
)
def test_wrong_arguments(model, data, tmp_path, inputs, target, options, error, message):
    (data / 'empty').mkdir()
    (data / 'copy').mkdir()
    (data / 'copy' / '0.png').write_bytes((data / 'depth' / '0.png').read_bytes())
    paths = {name: [data / path for path in given] for name, given in inputs.items()}
    with pytest.raises(error, match=message):
        translate_files(model, paths, target, tmp_path / 'out', **options)
    assert not (tmp_path / 'out').exists()


def test_files_that_can_not_be_used(model, data, tmp_path):
    def run(name, path, target='rgb', **others):
        return list(translate_files(model, {name: [path], **others}, target, tmp_path / 'out', overwrite=True))

    (data / 'depth' / '1.png').write_bytes(b'')
    with pytest.raises(ValueError, match=r'depth.1\.png can not be used: zero bytes'):
        run('depth', data / 'depth')
    Image.fromarray(np.full((16, 16), 5, np.uint8)).save(data / 'segmentation' / '0.png')
    with pytest.raises(ValueError, match=r'0\.png can not be used: its labels are \[5\]'):
        run('segmentation', data / 'segmentation' / '0.png')
    cv2.imwrite(str(tmp_path / 'large.png'), np.zeros((32, 32), np.uint16) + 900)
    with pytest.raises(ValueError, match=r'0\.png, .*large\.png: inputs that are fused .* one size'):
        run('rgb', data / 'rgb' / '0.png', 'segmentation', depth=[tmp_path / 'large.png'])


def test_other_models(data, tmp_path):
    with pytest.raises(ValueError, match='a Linear does not translate between modalities'):
        translate_files(torch.nn.Linear(1, 1), dict(depth=[data / 'depth']), 'rgb', tmp_path)

    class Swap(torch.nn.Module):
        """All that is asked of a translator."""

        modalities = built().modalities

        def translate(self, inputs, target):
            return 255 - inputs['rgb']

    (result,) = translate_files(Swap(), dict(rgb=[data / 'rgb' / '0.png']), 'rgb', tmp_path)
    np.testing.assert_array_equal(read_grid(result.values), 255 - read_grid(data / 'rgb' / '0.png'))
    with pytest.raises(ValueError, match=r"a Swap can not do this translation: .*'alpha'"):
        translate_files(Swap(), dict(rgb=[data / 'rgb']), 'rgb', tmp_path, alpha=0.1)


# ------------------------------------------------------------------------------------------------ the command


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A config file and a checkpoint of the model."""
    folder = tmp_path_factory.mktemp('trained')
    mmnets_experiment(folder).dump(str(folder / 'toy.py'))
    torch.save(dict(state_dict=built().state_dict()), folder / 'iter_1.pth')
    return [str(folder / 'toy.py'), str(folder / 'iter_1.pth')]


def test_command(trained, model, scenes, data, tmp_path, capsys):
    out = tmp_path / 'out'
    command = ['translate', *trained, '--target', 'segmentation', '--out', str(out)]
    assert main([*command, '--source', 'depth', str(data / 'depth'), '--depth-scale', '0.002', '--via', 'rgb']) == 0
    doubled = dict(scenes, depth=2 * scenes['depth'])
    wanted = expected(model, doubled, ['depth'], 'segmentation', via=['rgb'])
    for name, labels in zip(NAMES, wanted, strict=True):
        np.testing.assert_array_equal(np.array(Image.open(out / 'segmentation' / f'{name}.png')), labels)
    printed = capsys.readouterr().out
    assert f'first: {out}/segmentation/0.png, {out}/segmentation_pictures/0.png' in printed
    assert f'5 translated from depth to segmentation: {out}' in printed

    fused = [*command, '--source', 'rgb', '--source', 'depth', str(data / 'rgb'), str(data / 'depth'), '--overwrite']
    assert main([*fused, '--alpha', '0.9', '--indices-from', 'depth']) == 0
    wanted = expected(model, scenes, ['rgb', 'depth'], 'segmentation', alpha=0.9, indices_from='depth')
    for name, labels in zip(NAMES, wanted, strict=True):
        np.testing.assert_array_equal(np.array(Image.open(out / 'segmentation' / f'{name}.png')), labels)

    depth = ['translate', *trained, '--source', 'rgb', '--target', 'depth', '--out', str(out), str(data / 'rgb/0.png')]
    assert main([*depth, '--range', '0', '7', '--resize', '32', '--crop', 'stretch']) == 0
    metres = np.load(out / 'depth' / '0.npy')
    assert metres.shape == (32, 32)
    picture = draw_modality(model.modalities['depth'], metres, (0.0, 7.0))
    np.testing.assert_array_equal(read_grid(out / 'depth_pictures' / '0.png'), picture)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--source', 'depth', '--source', 'depth', 'a', 'b'], 'different modalities'),
        (['--source', 'rgb', '--source', 'depth', 'a'], r'2 sources \(rgb, depth\) need one file or folder each'),
        (['--source', 'depth', 'a', '--alpha', '0.5'], '--alpha is for several sources, and there is one: depth'),
        (['--source', 'depth', 'a', '--indices-from', 'rgb'], '--indices-from is for several sources'),
        (['--source', 'depth', 'nowhere'], "'nowhere' for 'depth' does not exist"),
    ],
)
def test_command_refuses(trained, tmp_path, capsys, arguments, message):
    assert main(['translate', *trained, '--target', 'segmentation', '--out', str(tmp_path / 'out'), *arguments]) == 2
    assert re.search(message, capsys.readouterr().err)
