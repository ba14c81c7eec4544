from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from PIL import Image

from mmgentransfer.datasets import AttributeImages, AttributeTable
from mmgentransfer.registry import DATASETS

NAMES = ['Bangs', 'Male', 'Young']
FLAGS = [(1, -1, 1), (-1, 1, 1), (1, 1, -1), (-1, -1, -1), (1, -1, -1), (-1, 1, -1)]


@pytest.fixture
def celeba(tmp_path):
    """Six files of 6x10 pixels; red numbers the file, and the four columns in the middle are green."""
    (tmp_path / 'img').mkdir()
    lines = ['6', ' '.join(NAMES)]
    for index, flags in enumerate(FLAGS):
        pixels = np.zeros((10, 6, 3), np.uint8)
        pixels[..., 0] = 10 * index
        pixels[3:7, 1:5, 1] = 200
        Image.fromarray(pixels).save(tmp_path / 'img' / f'{index}.png')
        lines.append(f'{index}.png  ' + '  '.join(f'{flag:2d}' for flag in flags))
    (tmp_path / 'list_attr_celeba.txt').write_text('\n'.join(lines) + '\n')
    return tmp_path


def built(celeba, **options):
    config = dict(type='AttributeImages', data_root=str(celeba / 'img'), image_size=4)
    return DATASETS.build(dict(config, table=str(celeba / 'list_attr_celeba.txt'), **options))


def numbers(dataset):
    return [int(image[0, 0, 0]) // 10 for image in dataset.images]


def test_labels_are_the_selected_attributes_in_their_order(celeba):
    dataset = built(celeba, selected=['Young', 'Bangs'])
    assert dataset.labels.tolist() == [[int(young > 0), int(bangs > 0)] for bangs, _, young in FLAGS]
    assert dataset.labels.dtype == torch.int64
    assert dataset.classes == ('Young', 'Bangs')
    assert numbers(dataset) == list(range(6))
    assert dataset.__getitems__([4])['labels'].tolist() == [[0, 1]]
    assert dataset.attributes['Male'].tolist() == [str(male) for _, male, _ in FLAGS]


def test_without_attributes_there_are_no_labels(celeba):
    assert set(built(celeba)[0]) == {'images'}


def test_crop_takes_the_centre(celeba):
    assert (built(celeba, crop=4).images[:, 1] == 200).all()
    assert not (built(celeba).images[:, 1] == 200).all()


def test_split_is_a_shuffle_by_the_seed(celeba):
    order = list(range(6))
    random.Random(1234).shuffle(order)
    test, train = (built(celeba, split=split, num_test=2, selected=NAMES) for split in ('test', 'train'))
    assert numbers(test) == sorted(order[:2])
    assert numbers(train) == sorted(order[2:])
    assert test.labels.tolist() == [[int(f > 0) for f in FLAGS[i]] for i in numbers(test)]
    assert numbers(built(celeba, split='test', num_test=2, split_seed=1)) != numbers(test)


def test_conditions_and_subsets_keep_labels_beside_images(celeba):
    dataset = built(celeba, where=dict(Male=-1), selected=['Bangs'])
    assert numbers(dataset) == [0, 3, 4]
    assert dataset.labels.tolist() == [[1], [0], [1]]
    few = built(celeba, selected=NAMES, num_images=2, seed=3)
    assert few.labels.tolist() == [[int(f > 0) for f in FLAGS[i]] for i in numbers(few)]


def test_a_csv_file_with_classes(celeba):
    (celeba / 'img' / 'table.csv').write_text('path,colour,age\n2.png,red,31\n0.png,"light, blue",20.5\n1.png,red,45\n')
    dataset = built(celeba) and AttributeImages(celeba / 'img', 'table.csv', 4, labelled='colour')
    assert dataset.classes == ('light, blue', 'red')
    assert (numbers(dataset), dataset.labels.tolist()) == ([2, 0, 1], [1, 0, 1])
    reds = AttributeImages(celeba / 'img', 'table.csv', 4, labelled='colour', class_order=['red'])
    assert (numbers(reds), reds.labels.tolist()) == ([2, 1], [0, 0])
    old = AttributeImages(celeba / 'img', 'table.csv', 4, where=dict(age=dict(min=31)))
    assert numbers(old) == [2, 1]


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (dict(selected=['Bang']), ["dataset.selected names 'Bang'", "Did you mean 'Bangs'?"]),
        (dict(selected=['Hat']), ['It has Bangs, Male, Young.']),
        (dict(selected='Bangs'), ['must be a list']),
        (dict(selected=['Male', 'Male']), ['none twice']),
        (dict(selected=['Male'], labelled='Young'), ['set one']),
        (dict(class_order=['1']), ['needs dataset.labelled']),
        (dict(labelled='Male', class_order=['2']), ["names '2'", 'There are: -1, 1']),
        (dict(where=dict(Mal=1)), ["dataset.where names 'Mal'", "'Male'"]),
        (dict(where=dict(Male=7)), ['leaves none']),
        (dict(where=dict(Male=dict(low=1))), ['dataset.where.Male', 'min, max or both']),
        (dict(split='val'), ["dataset.split='val'"]),
        (dict(split='test', num_test=6), ['dataset.num_test=6', '1..5']),
        (dict(crop=0), ['dataset.crop=0']),
    ],
)
def test_errors_name_value_and_key(celeba, options, words):
    with pytest.raises(ValueError, match='dataset') as caught:
        built(celeba, **options)
    assert all(word in str(caught.value) for word in words), caught.value


def test_missing_files_are_named(celeba):
    (celeba / 'img' / '3.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'names 6 images, of which 1 are not in .*img:\n  3.png'):
        built(celeba)
    with pytest.raises(FileNotFoundError, match=r'Did you mean .list_attr_celeba'):
        AttributeImages(celeba / 'img', celeba / 'list_attr_celebA.txt', 4)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('', "one of them must be 'path'"),
        ('file,a\n1.png,2\n', "one of them must be 'path'"),
        ('path,a\n', 'has no rows'),
        ('path,a,a\n1,2,3\n', 'a column twice'),
        ('path,a\n1.png,2\n2.png\n', 'line 3: 1 values, and the table has 2'),
        ('path,a\n1.png,2\n1.png,3\n', 'more than once:\n  1.png'),
        ('3\nA B\n1.png 1 -1\n', 'says in its first line that it has 3 images, and has 1'),
        ('1\nA B\n1.png 1\n', 'line 3: 2 values'),
    ],
)
def test_bad_tables(tmp_path, text, words):
    (tmp_path / 'table.csv').write_text(text)
    with pytest.raises(ValueError, match=r'table\.csv') as caught:
        AttributeTable.read(tmp_path / 'table.csv')
    assert words in str(caught.value)


def test_attributes_that_are_not_set_or_unset(tmp_path):
    table = AttributeTable(['a', 'b', 'c'], dict(x=['1', 'YES', 'no'], y=['1', 'maybe', '0']))
    assert table.flags('x', 'key').tolist() == [True, True, False]
    with pytest.raises(ValueError, match=r"key: 'y' of the table is not 1 or 0.*\n  maybe"):
        table.flags('y', 'key')


def test_what_is_written_is_read_and_changes_are_noticed(tmp_path):
    table = AttributeTable(['a,b.png', 'c.png'], dict(word=['say "x"', 'é']), notes=['train, seed 0'])
    digest = table.write(tmp_path / 'out.csv')
    back = AttributeTable.read(tmp_path / 'out.csv')
    assert back.paths.tolist() == ['a,b.png', 'c.png']
    assert back.columns['word'].tolist() == ['say "x"', 'é']
    assert back.notes == ['train, seed 0', f'sha256: {digest}']
    text = (tmp_path / 'out.csv').read_text(encoding='utf-8')
    (tmp_path / 'out.csv').write_text(text.replace('c.png', 'd.png'), encoding='utf-8')
    with pytest.raises(ValueError, match='was changed since it was written'):
        AttributeTable.read(tmp_path / 'out.csv')


def test_conditions():
    table = AttributeTable(list('abcd'), dict(n=['1', '2.0', '3', '10'], s=['x', 'y', 'x', '1']))
    assert table.rows_where(dict(n=2), 'k').tolist() == [False, True, False, False]
    assert table.rows_where(dict(n=[1, 10]), 'k').tolist() == [True, False, False, True]
    assert table.rows_where(dict(n=dict(min=2, max=3)), 'k').tolist() == [False, True, True, False]
    assert table.rows_where(dict(n=dict(max=3), s='x'), 'k').tolist() == [True, False, True, False]
    assert table.rows_where(dict(s=True), 'k').tolist() == [False, False, False, True]
    with pytest.raises(ValueError, match=r"k\.s is a range, but the table has 'x' there"):
        table.rows_where(dict(s=dict(min=1)), 'k')
