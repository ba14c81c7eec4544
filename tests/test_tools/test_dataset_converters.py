"""Converters of data sets, each on a small copy of the real layout with numbers worked out by hand."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmgentransfer.datasets import AlignedModalities, DisjointSets, LabelledImageFolder

TOOLS = Path(__file__).parents[2] / 'tools' / 'dataset_converters'


@pytest.fixture(autouse=True)
def _tools_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))


def tool(name):
    return importlib.import_module(name)


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def pixels(path):
    return np.asarray(Image.open(path))


def colour(value=0, size=(6, 8)):
    return np.full((*size, 3), value, np.uint8)


# ---------------------------------------------------------------------- SUN RGB-D


@pytest.fixture
def sunrgbd(tmp_path):
    source = tmp_path / 'sunrgbd'
    for number in range(1, 9):
        save(source / f'image/img-{number:06d}.jpg', colour(number))
        # the toolbox's rotation of 1000 + number millimetres: 3 bits to the left, the top 3 to the end
        stored = np.full((6, 8), (1000 + number) << 3, np.uint16)
        stored[0, 0], stored[0, 1] = (9000 << 3) & 0xFFFF | 9000 >> 13, 0
        save(source / (f'depth/{number:06d}.png' if number % 2 else f'depth/img-{number:06d}.png'), stored)
        save(
            source / f'label37/img-{number:06d}.png', np.tile(np.arange(8, dtype=np.uint8) + 30 * (number == 1), (6, 1))
        )
    return source


def test_sunrgbd_depth_labels_and_split(sunrgbd, tmp_path):
    split = tmp_path / 'split.json'
    split.write_text(json.dumps(dict(RS=[5, 2], RD=[1, 8], test=[3])))
    out = tmp_path / 'out'
    tool('sunrgbd').main([str(sunrgbd), str(out), '--split', str(split)])
    assert pixels(out / 'depth/000002.png')[0, :3].tolist() == [8000, 0, 1002]
    assert pixels(out / 'segmentation/000002.png')[0].tolist() == [0, 12, 5, 6, 1, 4, 9, 10]
    assert pixels(out / 'segmentation/000001.png')[0].tolist() == [7, 7, 6, 7, 7, 7, 7, 7]
    assert (out / 'rgb/000005.jpg').is_symlink()
    assert (out / 'train.txt').read_text().split() == ['000001', '000002', '000005', '000008']
    assert (out / 'test.txt').read_text().split() == ['000003']
    assert json.loads((out / 'sets.json').read_text()) == dict(RS=[1, 2], RD=[0, 3])
    modalities = dict(depth=dict(type='DepthReader'), segmentation=dict(type='LabelReader', num_classes=14))
    data = AlignedModalities(out, 6, modalities, split='train')
    assert data.inspect().problems == []
    assert data[1]['depth'][0, 1, 1] == pytest.approx(1.002)


def test_sunrgbd_deals_the_official_number_out():
    ids = [f'{i:06d}' for i in range(1, 10336)]
    split = tool('sunrgbd').deal(ids, 0)
    assert {name: len(part) for name, part in split.items()} == dict(RS=5000, RD=5000, test=335)
    assert sorted(i for part in split.values() for i in part) == ids
    assert split == tool('sunrgbd').deal(ids[::-1], 0)
    assert split != tool('sunrgbd').deal(ids, 1)


def test_sunrgbd_classes_of_rotated_depth():
    stored = np.array([0b0000000000001000, 0b1000000000000000, 1], np.uint16)
    assert tool('sunrgbd').to_millimetres(stored).tolist() == [1, 4096, 8000]  # 1 << 13 is beyond 8 m
    with pytest.raises(ValueError, match='labels go to 41'):
        tool('sunrgbd').to_13_classes(np.array([41]))


@pytest.mark.parametrize(
    ('split', 'message'),
    [
        (dict(RS=[1], RD=[1], test=[2]), 'two parts'),
        (dict(RS=[1], RD=[3], test=[99]), '000099'),
        (dict(RS=[1], test=[2]), 'not RS, RD and test'),
        (None, 'too few'),
    ],
)
def test_sunrgbd_refuses_a_wrong_split(sunrgbd, tmp_path, split, message):
    file = tmp_path / 'split.json'
    file.write_text(json.dumps(split))
    options = [] if split is None else ['--split', str(file)]
    with pytest.raises(ValueError, match=message):
        tool('sunrgbd').main([str(sunrgbd), str(tmp_path / 'out'), *options])


def test_command_names_what_is_missing(tmp_path):
    run = subprocess.run(
        [sys.executable, str(TOOLS / 'sunrgbd.py'), str(tmp_path), str(tmp_path / 'out')],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert run.stderr == f'error: there is no folder {tmp_path}/image\n'


# ---------------------------------------------------------------------- Freiburg Forest


def test_freiburg_forest(tmp_path):
    source, out = tmp_path / 'freiburg_forest_annotated', tmp_path / 'out'
    annotation = colour()
    for column, value in enumerate(
        [(0, 120, 255), (170, 170, 170), (0, 255, 0), (102, 102, 51), (0, 60, 0), (0, 0, 0), (0, 0, 1), (255, 0, 0)]
    ):
        annotation[:, column] = value
    for part, frames in (('train', ['b1-3', 'b1-1', 'b10-2', 'b2-4', 'b2-5']), ('test', ['b300-9'])):
        for frame in frames:
            save(source / part / f'rgb/{frame}_Clipped.jpg', colour())
            save(source / part / f'depth_gray/{frame}_Clipped_redict_depth_gray.png', colour(51))
            save(source / part / f'nir_gray/{frame}_Clipped.png', colour(102)[..., 0])
            save(source / part / f'GT_color/{frame}_mask.png', annotation)
    tool('freiburg_forest').main([str(source), str(out), '--copy'])
    assert pixels(out / 'segmentation/test/b300-9.png')[3].tolist() == [0, 1, 2, 3, 3, 4, 255, 255]
    assert not (out / 'rgb/train/b1-1.jpg').is_symlink()
    modalities = dict(
        rgb=dict(type='ImageReader'),
        depth=dict(type='ImageReader', channels=1),
        nir=dict(type='ImageReader', channels=1),
        segmentation=dict(type='LabelReader', num_classes=5),
    )
    data = AlignedModalities(out, 6, modalities, split='train')
    assert data.samples.tolist() == ['b1-1', 'b1-3', 'b10-2', 'b2-4', 'b2-5']
    assert (data[0]['depth'].unique().tolist(), data[0]['nir'].unique().tolist()) == ([51], [102])
    sets = DisjointSets(data, dict(RS=['rgb'], RDN=['nir']), split_file=str(out / 'sets.json'))
    assert [data.samples[sets.indices[name]].tolist() for name in ('RS', 'RDN')] == [
        ['b1-1', 'b1-3'],
        ['b10-2', 'b2-4', 'b2-5'],
    ]
    (source / 'train/nir_gray/b2-5_Clipped.png').unlink()
    with pytest.raises(ValueError, match='nir and rgb differ in 1 frames'):
        tool('freiburg_forest').main([str(source), str(tmp_path / 'again')])


# ---------------------------------------------------------------------- flowers


def test_flowers_opponent(tmp_path):
    from scipy.io import savemat

    flowers, source, out = tool('flowers_opponent'), tmp_path / '102flowers', tmp_path / 'out'
    labels = np.repeat([*flowers.CLASSES.values(), 1], 5)
    source.mkdir()
    savemat(source / 'imagelabels.mat', dict(labels=labels))
    for number in range(1, len(labels) + 1):
        save(source / f'jpg/image_{number:05d}.jpg', colour(number))
    flowers.main([str(source), str(out)])
    train, test = (
        sorted(f'{p.parent.name}/{p.stem}' for p in (out / 'rgb' / part).rglob('*.jpg')) for part in ('train', 'test')
    )
    sets = json.loads((out / 'sets.json').read_text())
    # of five images of each of ten classes: one for the test, two for each set; the eleventh class is left out
    assert (len(train), len(test), len(sets['T12']), len(sets['T13'])) == (40, 10, 20, 20)
    assert sorted(sets['T12'] + sets['T13']) == list(range(40))
    for name, label in flowers.CLASSES.items():
        mine = [s for s in [*train, *test] if s.startswith(f'{name}/')]
        assert len(mine) == 5
        assert {labels[int(s[-5:]) - 1] for s in mine} == {label}
        assert sum(s.startswith(f'{name}/') for s in test) == 1
        assert sum(train[i].startswith(f'{name}/') for i in sets['T12']) == 2
    data = AlignedModalities(
        out,
        6,
        dict(theta1=dict(type='OpponentReader', channel='theta1', folder='rgb')),
        split='train',
        class_order=list(flowers.CLASSES),
    )
    assert data.samples.tolist() == train
    assert [list(flowers.CLASSES)[label] for label in data.labels] == [sample.split('/')[0] for sample in train]
    # the classifier that scores the translations is trained on the same images
    images = LabelledImageFolder(out / 'rgb' / 'train', 6, class_order=list(flowers.CLASSES))
    assert sorted(os.path.splitext(images.files.path(i))[0][-11:] for i in range(40)) == sorted(s[-11:] for s in train)
    (source / 'jpg/image_00001.jpg').unlink()
    with pytest.raises(ValueError, match='54 images'):
        flowers.main([str(source), str(out)])


# ---------------------------------------------------------------------- domains


def test_color_objects_split_and_unsplit(tmp_path):
    objects = tool('color_objects')
    for number, name in enumerate(objects.COLOURS):
        for i in range(3):
            save(tmp_path / f'raw/{name}/{i}.jpg', colour(20 * number))
    objects.main([str(tmp_path / 'raw'), str(tmp_path / 'out'), '--test', '1'])
    for name in objects.COLOURS:
        train, test = ({p.name for p in (tmp_path / 'out' / part / name).iterdir()} for part in ('train', 'test'))
        assert (len(train), len(test), train & test) == (2, 1, set())
    assert (
        pixels(tmp_path / 'out/train/black' / min(p.name for p in (tmp_path / 'out/train/black').iterdir())).max() > 190
    )
    objects.main([str(tmp_path / 'out'), str(tmp_path / 'again'), '--copy'])
    assert sum(1 for p in (tmp_path / 'again').rglob('*.jpg') if not p.is_symlink()) == 33
    with pytest.raises(ValueError, match='leaves none'):
        objects.main([str(tmp_path / 'raw'), str(tmp_path / 'out'), '--test', '3'])


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_color_objects_takes_800_and_200_of_the_colours_it_is_told(tmp_path, capsys):
    (tmp_path / 'raw/yellow').mkdir(parents=True)
    for i in range(1003):
        (tmp_path / f'raw/yellow/{i}.jpg').touch()
    tool('color_objects').main([str(tmp_path / 'raw'), str(tmp_path / 'out'), '--colours', 'yellow'])
    train, test = (names_in(tmp_path / 'out' / part / 'yellow') for part in ('train', 'test'))
    assert (len(train), len(test), train & test) == (800, 200, set())
    assert capsys.readouterr().out.splitlines() == ['train/yellow: 800 of 800', 'test/yellow: 200 of 200']


@pytest.fixture
def artworks_source(tmp_path):
    """Of each painter 4 + 2 paintings, and 5 + 2 photographs, of which each of the sets has all."""
    for number, painter in enumerate(['cezanne', 'ukiyoe', 'monet', 'vangogh']):
        for part, paintings, photos in (('train', range(4), range(5)), ('test', range(4, 6), range(5, 7))):
            for i in paintings:
                save(tmp_path / f'raw/{painter}2photo/{part}A/{number}{i}.jpg', colour())
            for i in photos:
                save(tmp_path / f'raw/{painter}2photo/{part}B/photo{i}.jpg', colour())
    return tmp_path / 'raw'


def test_artworks_deals_the_images_of_a_domain_out(artworks_source, tmp_path, capsys):
    artworks, out = tool('artworks'), tmp_path / 'out'
    # both parts of van Gogh hold one of the paintings, which is to be in one part
    save(artworks_source / 'vangogh2photo/testA/30.jpg', colour())
    numbers = ['--train', '3', '4', '9', '1', '3', '--test', '2', '1', '2', '1', '1']
    artworks.main([str(artworks_source), str(out), *numbers])
    for domain, (train, test) in dict(
        photo=(3, 2), cezanne=(4, 1), ukiyoe=(4, 2), monet=(1, 1), vangogh=(3, 1)
    ).items():
        found = [names_in(out / part / domain) for part in ('train', 'test')]
        assert ([len(part) for part in found], found[0] & found[1]) == ([train, test], set())
    assert 'train/ukiyoe: 4 of 9\ntest/ukiyoe: 2 of 2' in capsys.readouterr().out
    assert {name[0] for name in names_in(out / 'train/monet')} == {'2'}
    domains = ['photo', 'cezanne', 'ukiyoe', 'monet']
    data = LabelledImageFolder(out / 'train', 4, class_order=domains)
    assert data.labels.tolist() == [0] * 3 + [1] * 4 + [2] * 4 + [3]

    # the same choice for some of the domains alone, and again
    for _ in range(2):
        numbers = ['--train', '1', '3', '--test', '1', '2']
        artworks.main([str(artworks_source), str(tmp_path / 'few'), '--domains', 'monet', 'photo', *numbers])
    assert names_in(tmp_path / 'few/train') == {'monet', 'photo'}
    for folder in ('train/monet', 'test/monet', 'train/photo', 'test/photo'):
        assert names_in(tmp_path / 'few' / folder) == names_in(out / folder)


def test_artworks_has_the_numbers_of_the_thesis():
    counts = tool('artworks').COUNTS
    thesis = dict(photo=(3000, 300), cezanne=(500, 100), ukiyoe=(700, 100), monet=(1000, 200))
    assert {domain: counts[domain] for domain in thesis} == thesis


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--train', '3', '--test', '6'], '--test 6 leaves none to train on'),
        (['--train', '3', '3'], 'a number above 0 for each of'),
        (['--test', '0'], 'a number above 0 for each of'),
        (['--train', '3', '--test', '2', '--seed', '1'], 'files of another split'),
    ],
)
def test_artworks_refuses(artworks_source, tmp_path, options, message):
    arguments = [str(artworks_source), str(tmp_path / 'out'), '--domains', 'monet']
    tool('artworks').main([*arguments, '--train', '3', '--test', '2'])
    with pytest.raises(ValueError, match=message):
        tool('artworks').main([*arguments, *options])


# ---------------------------------------------------------------------- SceneNet


def varint(value):
    out = b''
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def message(number, value):
    """A field of a protocol buffer: a whole number, a text, or the bytes of a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def instance(number, wordnet, kind):
    return message(1, number) + (message(2, wordnet) + message(3, 'a name') if wordnet else b'') + message(4, kind)


@pytest.fixture
def scenenet(tmp_path):
    """Two training videos, in folders whose order by text would be another, and one of the validation set."""
    described = {'train_0': ['2/2000', '10/10000'], 'val': ['0/0']}
    # number 300 needs two bytes; a view (field 3) and a number of 4 bytes (kind 5) are to be passed over
    content = [instance(0, '', 1), instance(1, '04593077', 4), instance(300, '4546855', 2)]
    for name, videos in described.items():
        trajectories = b''
        for video in videos:
            body = b''.join(message(2, part) for part in content)
            body += message(3, message(1, 25) + varint(9 << 3 | 5) + b'abcd') + message(4, video)
            trajectories += message(1, body)
            for frame in [*range(0, 1300, 25), *range(1500, 7500, 750)]:
                folder = tmp_path / 'scenenet' / name.split('_')[0] / video
                labels = np.zeros((3, 4), np.uint16)
                labels[0], labels[1] = 1, 300
                if frame % 750 in (0, 25) or video == '0/0':
                    save(folder / f'photo/{frame}.jpg', colour(0, (3, 4)))
                    save(folder / f'depth/{frame}.png', np.full((3, 4), 2500, np.uint16))
                    save(folder / f'instance/{frame}.png', labels)
        (tmp_path / 'pb').mkdir(exist_ok=True)
        (tmp_path / f'pb/scenenet_rgbd_{name}.pb').write_bytes(trajectories)
    (tmp_path / 'classes.txt').write_text(
        'wnid name 13_classes\n4593077  wing_chair.n.01  Chair\n4546855 wall.n.01 Wall\n'
    )
    return tmp_path


def scenenet_arguments(root, *more):
    described = ['--protobufs', str(root / 'pb'), '--classes', str(root / 'classes.txt')]
    return [str(root / 'scenenet'), str(root / 'out'), *described, *more]


def test_scenenet_classes_and_lists(scenenet, monkeypatch):
    converter = tool('scenenet')
    monkeypatch.setattr(converter, 'NUM_TRAIN', 1)
    converter.main(scenenet_arguments(scenenet))
    out = scenenet / 'out'
    lists = {p.stem: p.read_text().split() for p in out.glob('*.txt')}
    frames = range(0, 7500, 750)
    assert lists == dict(
        train=[f'train/2/2000/{i}' for i in frames],
        val=[f'train/10/10000/{i}' for i in frames],
        test=[f'val/0/0/{i}' for i in frames],
    )
    assert pixels(out / 'segmentation/train/2/2000/6750.png').tolist() == [[4] * 4, [12] * 4, [0] * 4]
    modalities = dict(depth=dict(type='DepthReader'), segmentation=dict(type='LabelReader', num_classes=14))
    data = AlignedModalities(out, 3, modalities, split='test', crop='left', group_pattern=r'^(.*)/')
    assert (len(data), len(set(data.groups))) == (10, 1)
    assert data[0]['depth'].unique().tolist() == [2.5]


def test_scenenet_51k_has_fifty_frames_and_the_first_of_the_test(scenenet, monkeypatch):
    converter = tool('scenenet')
    monkeypatch.setattr(converter, 'SMALL_FRAMES', range(25, 1275, 750))
    converter.main(scenenet_arguments(scenenet, '--51k'))
    assert (scenenet / 'out/train51k.txt').read_text().split() == [
        f'train/{video}/{frame}' for video in ('2/2000', '10/10000') for frame in (25, 775)
    ]
    assert (scenenet / 'out/test51k.txt').read_text().split() == ['val/0/0/0']
    monkeypatch.undo()
    assert len(converter.SMALL_FRAMES) == 50
    assert (converter.SMALL_FRAMES[0], converter.SMALL_FRAMES[-1]) == (25, 1250)


def test_scenenet_takes_class13_where_it_is(scenenet, monkeypatch):
    converter = tool('scenenet')
    monkeypatch.setattr(converter, 'FRAMES', range(1))
    for video in ('train/2/2000', 'train/10/10000', 'val/0/0'):
        save(scenenet / f'scenenet/{video}/class13/0.png', np.full((3, 4), 13, np.uint8))
    converter.main([str(scenenet / 'scenenet'), str(scenenet / 'out')])
    assert pixels(scenenet / 'out/segmentation/val/0/0/0.png').max() == 13


def test_scenenet_names_what_is_wrong(scenenet, monkeypatch):
    converter = tool('scenenet')
    monkeypatch.setattr(converter, 'FRAMES', range(1))
    with pytest.raises(ValueError, match='--protobufs and --classes are not given'):
        converter.main([str(scenenet / 'scenenet'), str(scenenet / 'out')])
    with pytest.raises(ValueError, match='go together'):
        converter.main([str(scenenet / 'scenenet'), str(scenenet / 'out'), '--protobufs', str(scenenet / 'pb')])
    (scenenet / 'classes.txt').write_text('4593077 wing_chair.n.01 Chair\n')
    with pytest.raises(ValueError, match=r"instance/0\.png: instance 300 has the WordNet number '4546855'"):
        converter.main(scenenet_arguments(scenenet))
    (scenenet / 'classes.txt').write_text('4593077 wing_chair.n.01 Stool\n')
    with pytest.raises(ValueError, match='Stool'):
        converter.main(scenenet_arguments(scenenet))
    file = scenenet / 'pb/scenenet_rgbd_val.pb'
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(ValueError, match=r'val\.pb can not be read: no protocol buffer, or cut short'):
        converter.read_videos(file)
