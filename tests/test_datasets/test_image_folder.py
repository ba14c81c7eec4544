from __future__ import annotations

import os
import random

import numpy as np
import pytest
import torch
from PIL import Image

from mmgentransfer.datasets import ImageFolder
from mmgentransfer.datasets import image_files as image_files_module
from mmgentransfer.registry import DATASETS


def save(path, value: int, size: int = 4) -> None:
    """Writes a square image of one colour, (value, value + 1, value + 2)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', (size, size), (value, value + 1, value + 2)).save(path)


@pytest.fixture
def folder(tmp_path):
    """20 images, 0.png .. 19.png by two digits, made in random order; image i has the red value i."""
    numbers = list(range(20))
    random.Random(0).shuffle(numbers)
    for i in numbers:
        save(tmp_path / 'images' / f'{i:02}.png', i)
    return tmp_path / 'images'


def reds(dataset) -> list[int]:
    return [int(item['images'][0, 0, 0]) for item in (dataset[i] for i in range(len(dataset)))]


@pytest.mark.parametrize('cache', ['ram', 'none'])
def test_items_are_rgb_in_the_order_of_their_paths(folder, cache):
    dataset = DATASETS.build({'type': 'ImageFolder', 'data_root': str(folder), 'image_size': 4, 'cache': cache})
    assert len(dataset) == 20
    assert reds(dataset) == list(range(20))
    image = dataset[5]['images']
    assert image.dtype == torch.uint8
    assert image.shape == (3, 4, 4)
    assert image[:, 0, 0].tolist() == [5, 6, 7]
    assert dataset.metainfo == {}
    assert dataset.files.path(5) == str(folder / '05.png')
    with pytest.raises(IndexError):
        dataset[20]


@pytest.mark.parametrize('cache', ['ram', 'none'])
def test_batches_are_stacked_items(folder, cache):
    dataset = ImageFolder(folder, 4, cache=cache)
    batch = dataset.__getitems__([7, 0, 7, 19])
    assert set(batch) == {'images'}
    assert torch.equal(batch['images'], torch.stack([dataset[i]['images'] for i in (7, 0, 7, 19)]))


def test_ram_decodes_each_file_once(folder, monkeypatch):
    opened = []
    original = Image.open
    monkeypatch.setattr(Image, 'open', lambda path, *args: opened.append(os.fspath(path)) or original(path, *args))
    dataset = ImageFolder(folder, 4, num_images=6)
    reds(dataset)
    assert len(opened) == len(set(opened)) == 6


def test_subsets_are_nested_disjoint_and_seeded(folder):
    few, more = (reds(ImageFolder(folder, 4, num_images=n, seed=2)) for n in (4, 11))
    assert len(few) == 4
    assert set(few) < set(more)
    assert more == sorted(more)
    rest = reds(ImageFolder(folder, 4, skip=11, seed=2))
    assert sorted(more + rest) == list(range(20))
    assert reds(ImageFolder(folder, 4, num_images=4, seed=3)) != few


def test_odd_shapes_and_grey_output(tmp_path):
    wide = np.arange(0, 80, 10, dtype=np.uint8)[None].repeat(4, 0)
    Image.fromarray(wide).save(tmp_path / 'wide.png')
    crop = ImageFolder(tmp_path, 2, channels=1)
    assert crop[0]['images'].tolist() == [[[25, 45], [25, 45]]]
    stretch = ImageFolder(tmp_path, 2, channels=1, resize='stretch')
    assert stretch[0]['images'].tolist() == [[[15, 55], [15, 55]]]
    assert ImageFolder(tmp_path, 2)[0]['images'].shape == (3, 2, 2)


def test_nested_folders_hidden_files_endings_and_links(tmp_path):
    save(tmp_path / 'b' / 'deep' / 'x.PNG', 1)
    save(tmp_path / 'a.jpeg', 50)
    save(tmp_path / 'c.bmp', 100)
    save(tmp_path / 'd.webp', 150)
    save(tmp_path / '.hidden' / 'x.png', 9)
    (tmp_path / '._a.png').write_bytes(b'\0\1')
    (tmp_path / 'readme.txt').write_text('no image')
    (tmp_path / 'b' / 'loop').symlink_to(tmp_path)
    dataset = ImageFolder(tmp_path, 4)
    assert [os.path.relpath(dataset.files.path(i), tmp_path) for i in range(len(dataset))] == [
        'a.jpeg',
        'b/deep/x.PNG',
        'c.bmp',
        'd.webp',
    ]
    assert len(ImageFolder(tmp_path, 4, extensions='.bmp')) == 1
    assert len(ImageFolder(tmp_path, 4, extensions=['.bmp', '.png'])) == 2


def test_split_is_a_folder_or_a_list(folder):
    save(folder / 'val' / 'z.png', 200)
    assert reds(ImageFolder(folder, 4, split='val')) == [200]
    (folder / 'few.txt').write_text('07.png\n\n03.png \nval/z.png\n')
    assert reds(ImageFolder(folder, 4, split='few')) == [3, 7, 200]
    # a list goes before a folder of the same name
    (folder / 'val.txt').write_text('01.png\n')
    assert reds(ImageFolder(folder, 4, split='val')) == [1]


def test_own_pipeline_takes_the_place_of_the_default_one(folder):
    pipeline = [{'type': 'LoadImageFromFile'}, {'type': 'Resize', 'scale': (6, 6)}]
    dataset = ImageFolder(folder, 6, pipeline=pipeline, num_images=2)
    assert dataset[0]['images'].shape == (3, 6, 6)
    red, green, blue = dataset[0]['images'][:, 0, 0].tolist()
    assert (green, blue) == (red + 1, red + 2)
    grey = ImageFolder(folder, 4, channels=1, pipeline=[{'type': 'LoadImageFromFile', 'color_type': 'grayscale'}])
    assert grey.images.shape == (20, 1, 4, 4)


def damage(folder) -> None:
    data = (folder / '03.png').read_bytes()
    (folder / '03.png').write_bytes(data[: len(data) // 2])
    (folder / '05.png').write_bytes(b'')
    (folder / '08.png').write_text('hello')
    (folder / '11.png').unlink()
    (folder / '11.png').symlink_to('nowhere.png')


@pytest.mark.parametrize('cache', ['ram', 'none'])
def test_one_error_names_all_bad_files(folder, cache):
    damage(folder)
    with pytest.raises(ValueError, match=r'4 of 20 images can not be used') as caught:
        ImageFolder(folder, 4, cache=cache)
    lines = str(caught.value).splitlines()[1:]
    assert len(lines) == 4
    assert lines[0].startswith(f'  {folder}/03.png: ')
    assert lines[1] == f'  {folder}/05.png: zero bytes'
    assert lines[2] == f'  {folder}/08.png: not an image'
    assert lines[3] == f'  {folder}/11.png: No such file or directory'


def test_many_bad_files_are_counted(folder):
    for i in range(13):
        (folder / f'{i:02}.png').write_bytes(b'')
    with pytest.raises(ValueError, match='13 of 20') as caught:
        ImageFolder(folder, 4)
    lines = str(caught.value).splitlines()[1:]
    assert len(lines) == 11
    assert lines[-1] == '  ... and 3 more'


def test_unchecked_bad_file_is_named_when_it_is_asked_for(folder):
    damage(folder)
    dataset = ImageFolder(folder, 4, cache='none', check='none')
    assert int(dataset[4]['images'][0, 0, 0]) == 4
    with pytest.raises(ValueError, match=r'05\.png can not be used: zero bytes'):
        dataset[5]


def test_bad_files_outside_the_subset_do_not_matter(folder):
    kept = reds(ImageFolder(folder, 4, num_images=5))
    left_out = next(i for i in range(20) if i not in kept)
    (folder / f'{left_out:02}.png').write_bytes(b'')
    assert reds(ImageFolder(folder, 4, num_images=5)) == kept


def test_unreadable_file_is_named(folder, monkeypatch):
    original = Image.open

    def guarded(path, *args):
        if os.fspath(path).endswith('09.png'):
            raise PermissionError(13, 'Permission denied', path)
        return original(path, *args)

    monkeypatch.setattr(Image, 'open', guarded)
    with pytest.raises(ValueError, match=r'1 of 20 .*\n  .*09\.png: Permission denied$'):
        ImageFolder(folder, 4)


def test_missing_folder_suggests_near_ones(folder):
    with pytest.raises(FileNotFoundError, match=r"dataset\.data_root='.*imagse' .* Did you mean 'images'\?"):
        ImageFolder(folder.parent / 'imagse', 4)
    with pytest.raises(FileNotFoundError, match=r"there is no 'zzz' in .* It holds the folders images\."):
        ImageFolder(folder.parent / 'zzz' / 'deeper', 4)


def test_missing_folder_of_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no 'zzz' in the current folder\.$"):
        ImageFolder('zzz', 4)


def test_file_in_place_of_a_folder(folder):
    with pytest.raises(NotADirectoryError, match=r"dataset\.data_root='.*01\.png' is a file"):
        ImageFolder(folder / '01.png', 4)


def test_folder_without_permission(folder, monkeypatch):
    monkeypatch.setattr(image_files_module.os, 'access', lambda path, mode: False)
    with pytest.raises(PermissionError, match=r"dataset\.data_root='.*images' can not be listed"):
        ImageFolder(folder, 4)


def test_folder_inside_without_permission(folder, monkeypatch):
    (folder / 'inner').mkdir()
    original = os.scandir

    def guarded(path):
        if os.fspath(path).endswith('inner'):
            raise PermissionError(13, 'Permission denied', os.fspath(path))
        return original(path)

    monkeypatch.setattr(os, 'scandir', guarded)
    with pytest.raises(PermissionError, match=r'inner can not be listed: Permission denied'):
        ImageFolder(folder, 4)


def test_empty_folder_tells_what_it_holds(tmp_path):
    with pytest.raises(ValueError, match=r'dataset\.data_root: there is no image in .* which holds no file at all'):
        ImageFolder(tmp_path, 4)
    (tmp_path / 'a.tif').touch()
    (tmp_path / 'b.tif').touch()
    (tmp_path / 'c').touch()
    with pytest.raises(ValueError, match=r'holds 2 x \.tif, 1 x no ending; .*\.webp \(dataset\.extensions\)'):
        ImageFolder(tmp_path, 4)


def test_split_errors(folder):
    with pytest.raises(FileNotFoundError, match=r"dataset\.split='val': .* set dataset\.split=None"):
        ImageFolder(folder, 4, split='val')
    (folder / 'train').mkdir()
    (folder / 'val2.txt').write_text('00.png\n00.png\n')
    with pytest.raises(FileNotFoundError, match=r"parts train, val2\. Did you mean 'val2'\?"):
        ImageFolder(folder, 4, split='val')
    with pytest.raises(ValueError, match=r'dataset\.split: there is no image in .*train'):
        ImageFolder(folder, 4, split='train')
    with pytest.raises(ValueError, match=r'val2\.txt \(dataset\.split\) names 1 files more than once:\n  00\.png$'):
        ImageFolder(folder, 4, split='val2')
    (folder / 'gone.txt').write_text('00.png\nx.png\ny.png\n')
    with pytest.raises(FileNotFoundError, match=r'names 3 files, of which 2 are not in .*:\n  x\.png\n  y\.png$'):
        ImageFolder(folder, 4, split='gone')
    (folder / 'blank.txt').write_text('\n \n')
    with pytest.raises(ValueError, match=r'blank\.txt \(dataset\.split\) is empty'):
        ImageFolder(folder, 4, split='blank')


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'num_images': 21}, r'dataset\.num_images=21 .* there are 20 images in .*images$'),
        ({'num_images': 0}, r'dataset\.num_images=0'),
        ({'num_images': 15, 'skip': 6}, r'dataset\.num_images=15 .* 14 images .* after dataset\.skip=6 of 20'),
        ({'channels': 4}, r'dataset\.channels=4 must be 1 or 3'),
        ({'cache': 'disk'}, r"dataset\.cache='disk' is not one of \('ram', 'none'\)"),
        ({'check': True}, r"dataset\.check=True is not one of \('decode', 'none'\)"),
        ({'resize': 'pad'}, r"'pad' \(dataset\.resize\)"),
        ({'pipeline': [{'type': 'LoadImageFromFile'}], 'image_size': 8}, r'returned uint8 \(4, 4, 3\), .* \(8, 8, 3\)'),
    ],
)
def test_argument_errors(folder, arguments, message):
    with pytest.raises(ValueError, match=message):
        ImageFolder(folder, **{'image_size': 4, **arguments})


def test_pipeline_that_drops_an_image(folder):
    (folder / '00.png').write_bytes(b'')
    pipeline = [{'type': 'LoadImageFromFile', 'ignore_empty': True}]
    with pytest.raises(ValueError, match=r'LoadImageFromFile of dataset\.pipeline dropped the image'):
        ImageFolder(folder, 4, pipeline=pipeline)
