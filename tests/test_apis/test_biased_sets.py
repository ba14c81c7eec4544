from __future__ import annotations

import itertools
import json
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmgentransfer.apis import load_biased_set, make_biased_sets
from mmgentransfer.cli import main
from mmgentransfer.datasets import AttributeImages, AttributeTable, ToyObjects, UnpairedDomains

SPECS = Path(__file__).parents[2] / 'configs' / '_base_' / 'biased_sets'


def bags(num: int) -> AttributeTable:
    """A table of ``num`` bags of each colour and texture."""
    kinds = list(itertools.product(['red', 'black'], ['flat', 'textured'], range(num)))
    return AttributeTable(
        [f'{c}_{t}_{i:05d}.png' for c, t, i in kinds],
        dict(color=[c for c, _, _ in kinds], texture=[t for _, t, _ in kinds], size=[str(i) for _, _, i in kinds]),
    )


def small(**options):
    flat = dict(where=dict(color='red', texture='flat'), count=6)
    return dict(
        roles=dict(test=[dict(flat, count=2)], train=dict(B=[dict(where=dict(color='black'), count=5)], A=[flat])),
        **options,
    )


COUNTS = dict(
    handbags_color=dict(
        trainA={'black flat': 755}, trainB={'red textured': 1000, 'red flat': 100}, testA={'black flat': 100}
    ),
    handbags_texture=dict(
        trainA={'red flat': 1256}, trainB={'black textured': 1100, 'red textured': 100}, testA={'red flat': 100}
    ),
)


@pytest.mark.parametrize('name', COUNTS)
def test_published_counts_of_disjoint_roles(name, tmp_path):
    spec = load_biased_set(SPECS / f'{name}.py')
    sets = make_biased_sets(bags(2000), tmp_path / 'a', **spec)
    assert [made.name for made in sets] == ['trainA', 'trainB', 'testA', 'metric']
    for made in sets[:3]:
        kinds = map(' '.join, zip(made.table.columns['color'], made.table.columns['texture'], strict=True))
        assert Counter(kinds) == COUNTS[name][made.name]
    assert len(sets[3].table) == 2000
    paths = [path for made in sets for path in made.table.paths]
    assert len(set(paths)) == len(paths)
    again = make_biased_sets(bags(2000), tmp_path / 'b', **spec)
    other = make_biased_sets(bags(2000), tmp_path / 'c', **{**spec, 'seed': 1})
    assert [made.digest for made in again] == [made.digest for made in sets]
    assert [made.path.read_bytes() for made in again] == [made.path.read_bytes() for made in sets]
    assert not {made.digest for made in other} & {made.digest for made in sets}


def test_every_description_can_be_met(tmp_path):
    """Each published set can be made of a table that has enough of everything."""
    values = dict(
        makeup=dict(gender=['female', 'male'], makeup=['yes', 'no']),
        cityscapes_synthia=dict(source=['cityscapes', 'synthia', 'bdd'], time=['day', 'night']),
        morph=dict(gender=['M', 'F'], age=['20', '60'], ethnicity=['African', 'European']),
    )
    totals = dict(
        makeup=1400 + 1400 + 200,
        cityscapes_synthia=3000 + 3300 + 475 + 8 * 3000,
        morph=2 * 11000 + 2 * 400 + 4 * 2000 + 4 * 1200,
    )
    for name, columns in values.items():
        kinds = list(itertools.product(*columns.values(), range(12000)))
        table = AttributeTable(
            [str(i) for i in range(len(kinds))], dict(zip(columns, list(zip(*kinds, strict=True))[:-1], strict=True))
        )
        sets = make_biased_sets(table, tmp_path / name, **load_biased_set(SPECS / f'{name}.py'))
        assert sum(len(made.table) for made in sets) == totals[name]


def test_the_choice_is_the_documented_permutation(tmp_path):
    table = bags(20)
    train_a, train_b, test = make_biased_sets(table, tmp_path, **small(seed=3))
    assert (train_a.name, train_b.name, test.name) == ('trainA', 'trainB', 'test')
    candidates = sorted(path for path in table.paths if path.startswith('red_flat'))
    order = np.random.default_rng([3, zlib.crc32(b'trainA'), 0]).permutation(20)
    assert train_a.table.paths.tolist() == [candidates[i] for i in order[:6]]
    left = [path for path in candidates if path not in set(train_a.table.paths)]
    order = np.random.default_rng([3, zlib.crc32(b'test'), 0]).permutation(14)
    assert test.table.paths.tolist() == [left[i] for i in order[:2]]
    assert (test.counts, test.available) == ((2,), (14,))


def test_units_are_in_one_group(tmp_path):
    table = AttributeTable(list('abcdefgh'), dict(subject=list('11223344'), old=list('01010101')))
    roles = dict(train=[dict(where=dict(old=0), count=2)], test=[dict(where=dict(old=1), count=2)])
    train, test = make_biased_sets(table, tmp_path, roles, unit_key='subject')
    assert not set(train.table.columns['subject']) & set(test.table.columns['subject'])
    assert len(test.table) == 2
    with pytest.raises(ValueError, match=r'wants 3 images.*has 2 of them'):
        make_biased_sets(table, tmp_path, dict(roles, test=[dict(where=dict(old=1), count=3)]), unit_key='subject')


def test_excluded_manifests(tmp_path):
    first = make_biased_sets(bags(10), tmp_path / 'a', **small())
    files = [made.path for made in first]
    second = make_biased_sets(bags(10), tmp_path / 'b', dict(train=[dict(where={}, count=27)]), exclude=files)
    assert not set(second[0].table.paths) & {path for made in first for path in made.table.paths}
    with pytest.raises(ValueError, match=r'wants 28 images with any attributes.*has 27'):
        make_biased_sets(bags(10), tmp_path / 'c', dict(train=[dict(where={}, count=28)]), exclude=files)


def test_metric_sets_may_share_images(tmp_path):
    """With as few women as MORPH has (3,200 of each age), which sets of disjoint metrics would use up."""
    numbers = {('M', 'African'): 14000, ('M', 'European'): 4000, ('F', 'African'): 2500, ('F', 'European'): 700}
    rows = [(*kind, age) for kind, num in numbers.items() for age in ('20', '60') for _ in range(num)]
    columns = dict(zip(('gender', 'ethnicity', 'age'), zip(*rows, strict=True), strict=True))
    table = AttributeTable([f'{i:05d}.jpg' for i in range(len(rows))], columns)
    spec = load_biased_set(SPECS / 'morph.py')
    roles = dict(spec['roles'], extractor=[dict(where={}, count=100)])
    sets = {made.name: set(made.table.paths) for made in make_biased_sets(table, tmp_path, roles)}
    assert [len(sets[name]) for name in ('metricGender', 'metricEthnicity')] == [8000, 4800]
    assert sets['metricGender'] & sets['metricEthnicity']
    for first, second in itertools.combinations(sets, 2):
        assert {first, second} == {'metricGender', 'metricEthnicity'} or not sets[first] & sets[second]


def test_manifests_are_not_lost_unasked(tmp_path):
    train_a, _, test = make_biased_sets(bags(10), tmp_path, **small())
    summary = json.loads((tmp_path / 'biased_set.json').read_text())
    assert summary['table_sha256'] == bags(10).digest() != bags(11).digest()
    assert (summary['exclude'], summary['allow_fewer']) == ([], False)
    make_biased_sets(bags(10), tmp_path, **small())  # the same again

    before = train_a.path.read_text()
    train_a.path.write_text(edited := before.replace('red_flat', 'blue_flat'))
    with pytest.raises(FileExistsError, match=r'manifests of another set.*--overwrite.*\n  trainA.csv$'):
        make_biased_sets(bags(10), tmp_path, **small())
    assert train_a.path.read_text() == edited
    make_biased_sets(bags(10), tmp_path, **small(), overwrite=True)
    assert train_a.path.read_text() == before

    fewer = small()
    del fewer['roles']['test']
    (tmp_path / 'testimony.csv').write_text('')  # not of an earlier set
    with pytest.raises(FileExistsError, match=r':\n  test.csv$'):
        make_biased_sets(bags(10), tmp_path, **fewer)
    make_biased_sets(bags(10), tmp_path, **fewer, overwrite=True)
    assert not test.path.exists()
    assert (tmp_path / 'testimony.csv').exists()


def test_a_value_that_no_image_has(tmp_path):
    roles = dict(train=[dict(where=dict(color='blak', texture='flat'), count=2)])
    with pytest.raises(ValueError, match=r'has 0 of them .*None has color=blak; the values of color are black, red$'):
        make_biased_sets(bags(4), tmp_path / 'out', roles)


def test_too_few(tmp_path):
    with pytest.raises(
        ValueError, match=r'roles\.trainA\[0\] wants 6 images with color=red, texture=flat, and the table has 4'
    ):
        make_biased_sets(bags(4), tmp_path / 'out', **small())
    assert not (tmp_path / 'out').exists()
    fewer = small()
    del fewer['roles']['test']
    sets = make_biased_sets(bags(4), tmp_path / 'out', **fewer, allow_fewer=True)
    assert [made.counts for made in sets] == [(4,), (5,)]


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (dict(roles=dict(trains=[])), "roles has 'trains'.*Did you mean 'train'"),
        (dict(roles={}), 'roles is empty'),
        (dict(roles=dict(train=[])), r'roles\.train must be a list of groups'),
        (dict(roles=dict(train=[dict(count=1)])), r'roles\.train\[0\]=.* must be dict\(where'),
        (dict(roles=dict(train=[dict(where={}, count=0)])), r'count=0'),
        (
            dict(roles=dict(train=[dict(where=dict(colour='red'), count=1)])),
            r"roles\.train\[0\]\.where names 'colour'.*'color'",
        ),
        (dict(roles=dict(train=[dict(where=dict(color=dict(min=1)), count=1)])), r'where\.color is a range'),
        (dict(unit_key='subject'), "unit_key names 'subject'"),
        (dict(seed=-1), 'seed=-1'),
    ],
)
def test_errors(tmp_path, change, words):
    with pytest.raises(ValueError, match=words):
        make_biased_sets(bags(10), tmp_path, **{**small(), **change})


def test_command_and_the_data_sets_that_read_it(tmp_path, capsys):
    (tmp_path / 'images').mkdir()
    objects = ToyObjects(
        image_size=8, shapes=['bag'], colours=['red', 'black'], textures=['plain', 'stripes'],
        counts={f'{c} {t}': 4 for c in ('red', 'black') for t in ('plain', 'stripes')},
    )  # fmt: skip
    names = [f'{i}.png' for i in range(16)]
    for name, image in zip(names, objects.images, strict=True):
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(tmp_path / 'images' / name)
    colours, textures = (objects.attributes[key] for key in ('colour', 'texture'))
    AttributeTable(names, dict(color=colours, texture=textures)).write(tmp_path / 'table.csv')
    red, black, few = (
        dict(color=c, texture=t) for c, t in (('red', 'plain'), ('black', 'stripes'), ('red', 'stripes'))
    )
    roles = dict(
        train=dict(A=[dict(where=red, count=3)], B=[dict(where=black, count=3), dict(where=few, count=1)]),
        metric=[dict(where=dict(texture=t, color='black'), count=1) for t in ('plain', 'stripes')],
    )
    (tmp_path / 'spec.json').write_text(json.dumps(dict(roles=roles)))
    out = tmp_path / 'manifests'
    command = ['make-biased-set', str(tmp_path / 'spec.json'), '--table', str(tmp_path / 'table.csv'), '-o', str(out)]
    assert main([*command, '--data-root', str(tmp_path / 'images'), '--seed', '2']) == 0
    assert '1 of 4: color=red, texture=stripes' in capsys.readouterr().out
    summary = json.loads((out / 'biased_set.json').read_text())
    assert summary['sets']['trainB']['counts'] == [3, 1]
    assert summary['seed'] == 2

    def images(name, **options):
        return AttributeImages(tmp_path / 'images', out / f'{name}.csv', 8, **options)

    domains = UnpairedDomains(dict(A=images('trainA'), B=images('trainB')))
    assert len(domains) == 4
    assert sorted(images('trainB').attributes['color']) == ['black'] * 3 + ['red']
    metric = images('metric', labelled='texture')
    assert (metric.classes, metric.labels.tolist()) == (('plain', 'stripes'), [0, 1])
    for image, label in zip(metric.images, metric.labels, strict=True):
        kind = (colours == 'black') & (textures == metric.classes[label])
        assert any((image == objects.images[i]).all() for i in np.flatnonzero(kind))

    (tmp_path / 'images' / names[0]).unlink()
    for name in names[1:]:
        (tmp_path / 'images' / name).unlink()
    assert main([*command, '--data-root', str(tmp_path / 'images')]) == 2
    assert 'of the images chosen 9 are not in' in capsys.readouterr().err
    assert main([*command, '--exclude', str(out / 'trainA.csv')]) == 2
    assert main([*command, '--exclude', str(out / 'trainA.csv'), '--allow-fewer']) == 2
    assert 'manifests of another set' in capsys.readouterr().err
    assert main([*command, '--exclude', str(out / 'trainA.csv'), '--allow-fewer', '--overwrite']) == 0
    summary = json.loads((out / 'biased_set.json').read_text())
    assert (summary['exclude'], summary['allow_fewer']) == ([str(out / 'trainA.csv')], True)


def test_descriptions_are_checked(tmp_path):
    (tmp_path / 'spec.json').write_text('{"role": {}}')
    with pytest.raises(ValueError, match=r"has the key 'role'.*Did you mean 'roles'"):
        load_biased_set(tmp_path / 'spec.json')
    (tmp_path / 'spec.json').write_text('{"seed": 1}')
    with pytest.raises(ValueError, match='lacks the key roles'):
        load_biased_set(tmp_path / 'spec.json')
    with pytest.raises(FileNotFoundError, match='no description'):
        load_biased_set(tmp_path / 'spec.py')
