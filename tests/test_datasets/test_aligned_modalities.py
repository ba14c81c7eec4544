"""Folders of aligned modalities: what is read, at which size, in which unit, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from mmgentransfer.datasets import (
    AlignedModalities,
    DepthReader,
    DisjointSets,
    ImageReader,
    LabelReader,
    MapReader,
    OpponentReader,
    SeparateSets,
    opponent_channels,
)
from mmgentransfer.datasets.modality_readers import resize_crop
from mmgentransfer.registry import DATASETS, TRANSFORMS

MODALITIES = dict(
    rgb=dict(type='ImageReader'),
    depth=dict(type='DepthReader'),
    segmentation=dict(type='LabelReader', num_classes=5),
)


@pytest.fixture
def root(tmp_path):
    """Six scenes of 4 rows and 6 columns in three videos; the scene's number is in every modality."""
    for number in range(6):
        name = f'{number // 2}/{number}'
        rgb = np.zeros((4, 6, 3), np.uint8)
        rgb[..., 0] = 10 * number
        depth = np.full((4, 6), 1000 + number, np.uint16)
        labels = np.full((4, 6), number % 5, np.uint8)
        for modality, values in (('rgb', rgb), ('depth', depth), ('segmentation', labels)):
            file = tmp_path / modality / f'{name}.png'
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(file)
    return tmp_path


def build(root, **options):
    return DATASETS.build(
        dict(type='AlignedModalities', data_root=str(root), image_size=4, modalities=MODALITIES) | options
    )


# ---------------------------------------------------------------------- the data set


@pytest.mark.parametrize('cache', ['ram', 'none'])
def test_samples_are_aligned_and_have_their_units(root, cache):
    dataset = build(root, cache=cache)
    assert dataset.modalities == ['rgb', 'depth', 'segmentation']
    assert dataset.samples.tolist() == ['0/0', '0/1', '1/2', '1/3', '2/4', '2/5']
    batch = dataset.__getitems__([5, 2])
    assert {name: (value.dtype, tuple(value.shape)) for name, value in batch.items()} == dict(
        rgb=(torch.uint8, (2, 3, 4, 4)),
        depth=(torch.float32, (2, 1, 4, 4)),
        segmentation=(torch.uint8, (2, 4, 4)),
    )
    assert batch['rgb'][:, 0, 0, 0].tolist() == [50, 20]
    assert batch['depth'][:, 0, 0, 0].tolist() == pytest.approx([1.005, 1.002])
    assert batch['segmentation'][:, 3, 3].tolist() == [0, 2]
    assert dataset[3]['depth'].shape == (1, 4, 4)


def test_nothing_is_read_but_what_is_asked_for(root):
    dataset = build(root, check='none')
    (root / 'depth/1/2.png').write_bytes(b'')
    assert set(dataset.load([2], ['rgb'])) == {'rgb'}
    with pytest.raises(ValueError, match=r'depth/1/2\.png can not be used: zero bytes'):
        dataset.load([2], ['rgb', 'depth'])


def test_split_is_a_list_or_a_folder_in_each_modality(root):
    (root / 'few.txt').write_text('2/4\n\n0/1\n')
    assert build(root, split='few').samples.tolist() == ['0/1', '2/4']
    part = build(root, split='1')
    assert part.samples.tolist() == ['2', '3']
    assert part.path(0, 'depth') == str(root / 'depth/1/2.png')


def test_groups_by_pattern_and_by_file(root):
    assert build(root).groups.tolist() == [0, 1, 2, 3, 4, 5]
    assert build(root, group_pattern=r'^(.*)/').groups.tolist() == [0, 0, 1, 1, 2, 2]
    (root / 'groups.txt').write_text(''.join(f'{i // 2}/{i} {"odd" if i % 2 else "even"}\n' for i in range(6)))
    assert build(root, group_file='groups.txt').groups.tolist() == [0, 1, 0, 1, 0, 1]


def test_videos_are_dealt_out_whole(root):
    sets = dict(RS=['rgb', 'segmentation'], RD=['rgb', 'depth'], X=['rgb'])
    dealt = DisjointSets(build(root, group_pattern=r'^(.*)/'), sets)
    assert sorted(len(index) for index in dealt.indices.values()) == [2, 2, 2]
    for index in dealt.indices.values():
        assert index[0] // 2 == index[1] // 2
    batch = dealt.__getitems__([0, 1])
    assert {name: set(part) for name, part in batch.items()} == {name: set(held) for name, held in sets.items()}


def test_separate_sets_wrap_around(root):
    (root / 'one.txt').write_text('0/1\n')
    modalities = dict(rgb=MODALITIES['rgb'])
    both = SeparateSets(
        dict(
            RS=dict(type='AlignedModalities', data_root=root, image_size=4, modalities=MODALITIES),
            R=build(root, modalities=modalities, split='one'),
        )
    )
    assert both.sets == dict(RS=['rgb', 'depth', 'segmentation'], R=['rgb'])
    assert len(both) == 6
    batch = both.__getitems__(list(range(6)))
    assert sorted(batch['RS']['rgb'][:, 0, 0, 0].tolist()) == [0, 10, 20, 30, 40, 50]
    assert batch['R']['rgb'][:, 0, 0, 0].tolist() == [10] * 6
    assert both[5]['R']['rgb'].shape == (3, 4, 4)
    with pytest.raises(ValueError, match=r'dataset\.sets is empty'):
        SeparateSets({})


@pytest.mark.parametrize(
    ('spoil', 'options', 'message'),
    [
        (lambda root: (root / 'depth/0/1.png').unlink(), {}, r"6, 'depth': 5.*depth: 0/1"),
        (lambda root: (root / 'rgb/0/1.jpg').write_bytes(b''), {}, r'0/1\.jpg and 0/1\.png are one sample'),
        (lambda root: (root / 'depth/0/1.png').write_bytes(b'no image'), {}, r'0/1\.png: not an image'),
        (lambda root: Image.new('L', (6, 4), 7).save(root / 'segmentation/0/1.png'), {}, r'labels are \[7\].*0 to 4'),
        (lambda root: Image.new('RGB', (6, 4)).save(root / 'segmentation/0/1.png'), {}, r'labels are numbers, not'),
        (lambda root: (root / 'x.txt').write_text('0/1\n0/9\n'), dict(split='x'), r'names 2 samples; 3 files.*0/9'),
        (lambda root: (root / 'x.txt').write_text('0/1\n0/1\n'), dict(split='x'), r'more than once'),
        (lambda root: None, dict(split='tra'), r"neither tra\.txt in .* nor a folder tra in .*\['0', '1', '2'\]"),
        (lambda root: None, dict(modalities=dict(colour=MODALITIES['rgb'])), r"modalities\.colour\.folder='.*'"),
        (lambda root: None, dict(modalities=dict(rgb=dict(type='DecodeImage'))), r'no reader of a modality'),
        (lambda root: None, dict(modalities={}), r'modalities is empty'),
        (lambda root: None, dict(group_pattern='^9'), r"group_pattern='\^9' gives 6 samples no group"),
        (lambda root: None, dict(group_file='g.txt'), r'group_file: there is no file'),
        (lambda root: None, dict(group_file='g.txt', group_pattern='x'), r'exclude each other'),
        (lambda root: None, dict(image_size=(4, 0)), r'image_size=\(4, 0\)'),
        (lambda root: None, dict(crop='right'), r"crop='right'"),
    ],
)
def test_what_is_wrong_is_named(root, spoil, options, message):
    spoil(root)
    with pytest.raises((ValueError, OSError), match=f'(?s){message}'):
        build(root, **options)


# ---------------------------------------------------------------------- geometry


def test_crop_keeps_the_left_or_the_centre():
    values = np.tile(np.arange(8, dtype=np.uint8), (4, 1))
    assert resize_crop(values, (4, 4), 'center', False)[0].tolist() == [2, 3, 4, 5]
    assert resize_crop(values, (4, 4), 'left', False)[0].tolist() == [0, 1, 2, 3]
    assert resize_crop(values, (4, 4), 'stretch', False)[0].tolist() == [1, 3, 5, 7]
    assert resize_crop(values.T, (4, 4), 'left', False)[:, 0].tolist() == [2, 3, 4, 5]
    assert resize_crop(values, (2, 4), 'center', False)[0].tolist() == [1, 3, 5, 7]


def test_images_are_averaged_and_depth_and_labels_are_not():
    values = np.array([[0, 100, 200, 255]] * 4, np.uint8)
    assert resize_crop(values, (2, 2), 'center', True).tolist() == [[50, 228], [50, 228]]
    assert resize_crop(values, (2, 2), 'center', False).tolist() == [[100, 255], [100, 255]]
    grown = resize_crop(np.array([[0, 100]] * 2, np.uint8), (4, 4), 'center', False)
    assert grown[0].tolist() == [0, 0, 100, 100]
    assert resize_crop(np.array([[0, 100]] * 2, np.uint8), (4, 4), 'center', True)[0].tolist() == [0, 25, 75, 100]


def test_the_same_part_is_taken_of_every_modality(root):
    column = np.arange(6, dtype=np.uint8)
    Image.fromarray(np.tile(column[None, :, None] * 40, (4, 1, 3))).save(root / 'rgb/0/0.png')
    Image.fromarray(np.tile(column.astype(np.uint16) + 1, (4, 1))).save(root / 'depth/0/0.png')
    Image.fromarray(np.tile(np.minimum(column, 4), (4, 1))).save(root / 'segmentation/0/0.png')
    for crop, columns in (('center', [1, 2, 3, 4]), ('left', [0, 1, 2, 3])):
        sample = build(root, crop=crop)[0]
        assert (sample['rgb'][0, 0] // 40).tolist() == columns
        assert (sample['depth'][0, 0] * 1000 - 1).round().tolist() == columns
        assert sample['segmentation'][0].tolist() == columns


# ---------------------------------------------------------------------- readers


def test_depth_is_in_metres_and_missing_where_it_means_nothing(tmp_path):
    Image.fromarray(np.array([[0, 1500, 65535]], np.uint16)).save(tmp_path / 'mm.png')
    np.save(tmp_path / 'm.npy', np.array([[np.nan, -1, np.inf, 2.5]]))
    reader = DepthReader()
    assert reader.decode(tmp_path / 'mm.png')[0].tolist() == pytest.approx([0, 1.5, 65.535])
    assert reader.decode(tmp_path / 'm.npy')[0].tolist() == [0, 0, 0, 2.5]
    assert DepthReader(scale=2e-4).decode(tmp_path / 'mm.png')[0, 1] == pytest.approx(0.3)
    assert reader.read(tmp_path / 'm.npy', (1, 4), 'center').shape == (1, 1, 4)


def test_depth_in_a_doubtful_unit_is_noticed():
    reader = DepthReader()
    assert reader.doubt(np.array([0.0, 2.0, 3.0])) is None
    assert 'are these millimetres' in reader.doubt(np.array([0.0, 2000.0, 3000.0]))
    assert 'does DepthReader.scale fit' in reader.doubt(np.array([0.0, 0.002]))
    assert reader.doubt(np.zeros(3)) == 'no pixel has a depth'
    assert reader.summary(np.array([0.0, 2.0, 3.0])) == (2, 3)


def test_labels_may_be_a_palette_image_and_keep_255(tmp_path):
    image = Image.fromarray(np.array([[0, 1, 255]], np.uint8), 'P')
    image.putpalette([200] * 768)
    image.save(tmp_path / 'p.png')
    reader = LabelReader(num_classes=2)
    assert reader.decode(tmp_path / 'p.png').tolist() == [[0, 1, 255]]
    assert reader.summary(np.array([[0, 1, 255]])) == (0, 1)
    assert reader.doubt(np.full((2, 2), 255)) == 'every pixel is ignored (255)'
    np.save(tmp_path / 'float.npy', np.zeros((1, 2)))
    with pytest.raises(ValueError, match='labels are float64'):
        reader.decode(tmp_path / 'float.npy')


def test_map_of_16_bits_keeps_its_precision(tmp_path):
    Image.fromarray(np.array([[7000, 7001, 9000, 20000]], np.uint16)).save(tmp_path / 't.png')
    reader = MapReader(value_range=(7000, 9000))
    assert reader.decode(tmp_path / 't.png')[0].tolist() == pytest.approx([0, 0.0005, 1, 1])
    assert 'end of value_range' in reader.doubt(np.ones(3))
    np.save(tmp_path / 'nan.npy', np.array([[np.nan]]))
    with pytest.raises(ValueError, match='NaN'):
        reader.decode(tmp_path / 'nan.npy')


def test_opponent_channels_of_known_colours(tmp_path):
    rgb = np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.2, 0.5, 0.9]]])
    theta = opponent_channels(rgb)
    assert theta['theta1'][0].tolist() == pytest.approx([1, -1, -0.3])
    assert theta['theta2'][0].tolist() == pytest.approx([0, 1, -0.4])
    assert theta['theta3'][0, 2].tolist() == pytest.approx([-0.6, 0, 0.8])
    Image.fromarray((rgb * 255).round().astype(np.uint8)).save(tmp_path / 'c.png')
    read = OpponentReader('theta2').read(tmp_path / 'c.png', (1, 3), 'center')
    assert read.dtype == np.float32
    assert read[0, 0].tolist() == pytest.approx([0, 1, -0.4], abs=0.005)


def test_modalities_may_share_a_folder(root):
    shared = dict(
        theta1=dict(type='OpponentReader', channel='theta1', folder='rgb'),
        theta3=dict(type='ImageReader', folder='rgb'),
    )
    sample = build(root, modalities=shared)[5]
    assert sample['theta1'].unique().tolist() == pytest.approx([50 / 255])
    assert sample['theta3'][0].unique().tolist() == [50]


@pytest.mark.parametrize(
    ('cfg', 'message'),
    [
        (dict(type='ImageReader', channels=2), 'channels=2'),
        (dict(type='DepthReader', scale=0), 'scale=0'),
        (dict(type='LabelReader', num_classes=0), 'num_classes=0'),
        (dict(type='MapReader', value_range=(3, 3)), r'value_range=\(3, 3\)'),
        (dict(type='OpponentReader', channel='theta3'), "channel='theta3'"),
    ],
)
def test_readers_refuse_wrong_options(cfg, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build(cfg)


def test_grey_images_stay_bytes(tmp_path):
    Image.new('L', (4, 4), 77).save(tmp_path / 'n.png')
    read = ImageReader(channels=1).read(tmp_path / 'n.png', (2, 2), 'center')
    assert (read.dtype, read.shape, int(read.max())) == (np.uint8, (1, 2, 2), 77)


# ---------------------------------------------------------------------- inspection


def test_inspection_finds_what_training_would_not_notice(root):
    Image.fromarray(np.full((4, 6), 3, np.uint16)).save(root / 'depth/0/1.png')
    Image.new('RGB', (4, 4)).save(root / 'rgb/1/2.png')
    Image.new('L', (6, 4), 9).save(root / 'segmentation/1/3.png')
    report = build(root, check='none', group_pattern='^.').inspect()
    assert report.facts == [
        '6 samples in 3 groups',
        'rgb: 4x6 (5 files), 4x4 (rgb/1/2.png); values 0 to 50',
        'depth: 4x6 (6 files); values 0.003 to 1.005',
        'segmentation: 4x6 (5 files); values 0 to 4',
    ]
    problems = '\n'.join(report.problems)
    assert len(report.problems) == 3, problems
    assert 'depth/0/1.png: the median depth is 0.003 m' in problems
    assert 'segmentation/1/3.png: its labels are [9]' in problems
    assert '1/2: its modalities are not aligned: rgb 4x4, depth 4x6' in problems


def test_inspection_of_sound_files_has_no_problems(root):
    assert build(root).inspect().problems == []


def test_samples_of_another_resolution_are_aligned(root):
    for number in range(6):
        Image.new('RGB', (60, 40)).save(root / f'rgb/{number // 2}/{number}.png')
    dataset = build(root)
    assert dataset.inspect().problems == []
    assert isinstance(dataset, AlignedModalities)
    assert dataset[0]['rgb'].shape == (3, 4, 4)
