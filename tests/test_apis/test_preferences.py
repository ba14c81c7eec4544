"""Pairs of images for people to compare, and the scores of their answers."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections import Counter

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmgentransfer.apis import export_pairs, load_config, preferences, score_pairs, train
from mmgentransfer.apis.preferences import PreferenceCount
from mmgentransfer.cli import main
from mmgentransfer.registry import MODELS
from mmgentransfer.visualization import read_grid

PAIRS = 1000
SEED = 4


@pytest.fixture(scope='module')
def build():
    """Builds a small GAN with batch norms, of one channel and 8 px, with ``num_classes``."""

    def make(seed: int, num_classes: int = 0, side: int = 8):
        generator = dict(
            type='WGANGPGenerator', image_size=side, base_channels=4, channel_mults=(2, 1), noise_size=8,
            out_channels=1, num_classes=num_classes, cond_mode='bnorm' if num_classes else None,
        )  # fmt: skip
        critic = dict(
            type='WGANGPCritic', image_size=side, base_channels=4, channel_mults=(1, 2), in_channels=1,
            num_classes=num_classes,
        )  # fmt: skip
        heads = ('critic_class', 'generator_class') if num_classes else ()
        losses = dict(adversarial=dict(type='WassersteinLoss'))
        losses |= {name: dict(type='AuxiliaryClassifierLoss') for name in heads}
        torch.manual_seed(seed)
        with DefaultScope.overwrite_default_scope('mmgentransfer'):
            model = MODELS.build(
                dict(
                    type='TransferGAN',
                    networks=dict(generator=generator, critic=critic),
                    losses=losses,
                    moves=[dict(player='critic'), dict(player='generator')],
                )
            )
        model.init_weights()
        return model.eval()

    return make


def read(path):
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope='module')
def study(build, tmp_path_factory):
    models = dict(pretrained=build(0, num_classes=4), scratch=build(1, num_classes=4))
    names = ['bed', 'dining_room', 'tower', 'unused']
    folder = tmp_path_factory.mktemp('study') / 'pairs'
    assert export_pairs(models, folder, PAIRS, SEED, classes=[2, 0, 1], class_names=names) == folder
    return models, folder


def test_the_folder_is_complete(study):
    _, folder = study
    assert {path.name for path in folder.iterdir()} == {'pairs', 'sheets', 'pairs.csv', 'key.csv', 'answers.csv'}
    assert sorted(p.name for p in (folder / 'pairs').iterdir()) == [f'{i:05d}.png' for i in range(PAIRS)]
    assert (folder / 'answers.csv').read_text() == 'subject,pair,answer\n'
    questions = {row['class']: row['question'] for row in read(folder / 'pairs.csv')}
    assert questions['dining_room'] == 'Which of these two images of dining room is more realistic?'
    counts = Counter(row['class'] for row in read(folder / 'pairs.csv'))
    assert sorted(counts.values()) == [333, 333, 334]
    assert set(counts) == {'bed', 'dining_room', 'tower'}
    # a sheet of 10 x 10 pairs, in order
    assert len(list((folder / 'sheets').iterdir())) == PAIRS // 100
    sheet, pair = read_grid(folder / 'sheets/001.png'), read_grid(folder / 'pairs/00112.png')
    height, width = pair.shape[:2]
    top, left = 8 + height + 8, 8 + 2 * (width + 8)
    assert np.array_equal(sheet[top : top + height, left : left + width], pair)


def test_the_key_says_how_each_image_was_drawn(study):
    models, folder = study
    labels = dict(bed=0, dining_room=1, tower=2)
    batches = {}
    seen = set()
    for row in read(folder / 'key.csv')[:60]:
        assert (row['model_a'], row['model_b']) == ('pretrained', 'scratch')
        picture = read_grid(folder / 'pairs' / f'{row["pair"]}.png')
        sides = dict(left=picture[:, :8], right=picture[:, -8:])
        assert (picture[:, 8:-8] == 255).all()
        for side, name in (('left', row['left_model']), ('right', other(row))):
            *seed, index = map(int, row[f'{side}_z'].split('/'))
            assert seed[:2] == [SEED, list(models).index(name)]
            seen.add((name, *seed, index))
            if (name, *seed) not in batches:
                model = models[name]
                images = model.sample(100, seed=tuple(seed), batch_statistics=True)
                batches[(name, *seed)] = images
            assert index % 4 == labels[row['class']]  # batches mix all four classes evenly
            assert np.array_equal(sides[side], batches[(name, *seed)][index].repeat(3, axis=2))
    assert len(seen) == 120  # no image twice


def other(row):
    return row['model_b'] if row['left_model'] == row['model_a'] else row['model_a']


def test_nothing_tells_which_side_is_which(study):
    _, folder = study
    left = [row['left_model'] == 'pretrained' for row in read(folder / 'key.csv')]
    assert abs(np.mean(left) - 0.5) <= 0.06
    pairs = read(folder / 'pairs.csv')
    assert set(pairs[0]) == {'pair', 'class', 'question'}
    for name in ('bed', 'tower', 'dining_room'):  # nor does the class
        assert 0.35 <= np.mean([side for side, row in zip(left, pairs, strict=True) if row['class'] == name]) <= 0.65
    public = (folder / 'pairs.csv').read_text() + (folder / 'answers.csv').read_text()
    assert 'pretrained' not in public
    assert 'scratch' not in public
    data = (folder / 'pairs/00000.png').read_bytes()
    chunks, position = [], 8
    while position < len(data):
        chunks.append(data[position + 4 : position + 8])
        position += 12 + int.from_bytes(data[position : position + 4], 'big')
    assert set(chunks) == {b'IHDR', b'IDAT', b'IEND'}


def test_pairs_do_not_depend_on_the_sides(build, tmp_path):
    """What subjects see beside the pixels is the same if every pair is turned round."""
    models = dict(a=build(0, num_classes=2), b=build(1, num_classes=2))
    export_pairs(models, tmp_path / 'one', 6)
    export_pairs(dict(reversed(models.items())), tmp_path / 'two', 6)
    left = [[row['left_model'] for row in read(tmp_path / name / 'key.csv')] for name in ('one', 'two')]
    assert all(x != y for x, y in zip(*left, strict=True))
    assert (tmp_path / 'one/pairs.csv').read_bytes() == (tmp_path / 'two/pairs.csv').read_bytes()


def test_unconditional_models_and_scaling(build, tmp_path):
    models = dict(a=build(0), b=build(1, side=16))
    with pytest.raises(ValueError, match='different sizes'):
        export_pairs(models, tmp_path / 'pairs', 3)
    export_pairs(models, tmp_path / 'pairs', 3, side=24)
    assert read_grid(tmp_path / 'pairs/pairs/00002.png').shape == (24, 24 + 3 + 24, 3)
    assert read(tmp_path / 'pairs/pairs.csv')[0]['question'] == 'Which of these two images is more realistic?'


def test_a_seed_means_the_same_study(build, tmp_path):
    models = dict(a=build(0), b=build(1))
    for name, seed in (('one', 0), ('two', 0), ('three', 1)):
        export_pairs(models, tmp_path / name, 5, seed)
    contents = [[p.read_bytes() for p in sorted((tmp_path / name).rglob('*.*'))] for name in ('one', 'two', 'three')]
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]


def test_wrong_exports_leave_no_folder(build, tmp_path, monkeypatch):
    a, b = build(0), build(1)
    conditional = build(0, num_classes=2)
    for models, settings, message in (
        (dict(a=a), {}, 'two models'),
        (dict(a=a, b=b), dict(num_pairs=0), 'num_pairs'),
        (dict(a=a, b=b), dict(seed=-1), 'seed'),
        (dict(a=a, b=b), dict(classes=[0]), 'unconditional'),
        (dict(a=a, b=conditional), {}, 'different numbers of classes'),
        (dict(a=conditional, b=conditional), dict(classes=[0, 2]), 'classes must be'),
        (dict(a=conditional, b=conditional), dict(classes=[1, 1]), 'classes must be'),
        (dict(a=conditional, b=conditional), dict(class_names=['x']), '1 class_names'),
    ):
        with pytest.raises(ValueError, match=message):
            export_pairs(models, tmp_path / 'pairs', **settings)

    def full(path, image):
        if path.name == '00002.png':
            raise OSError(28, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr(preferences, 'save_image', full)
        with pytest.raises(OSError, match='No space'):
            export_pairs(dict(a=a, b=b), tmp_path / 'pairs', 5)
    assert list(tmp_path.iterdir()) == []

    (tmp_path / 'pairs').mkdir()
    export_pairs(dict(a=a, b=b), tmp_path / 'pairs', 2)  # an empty folder is taken
    before = (tmp_path / 'pairs/key.csv').read_bytes()
    with pytest.raises(FileExistsError, match='not empty'):
        export_pairs(dict(a=a, b=b), tmp_path / 'pairs', 3)
    assert (tmp_path / 'pairs/key.csv').read_bytes() == before


# ---------------------------------------------------------------------- scores


def wilson(for_a: int, valid: int) -> tuple[float, float]:
    z, p = 1.959963985, for_a / valid
    centre = (p + z * z / (2 * valid)) / (1 + z * z / valid)
    half = z / (1 + z * z / valid) * math.sqrt(p * (1 - p) / valid + z * z / (4 * valid * valid))
    return centre - half, centre + half


def test_the_published_share():
    count = PreferenceCount(for_a=67, valid=100, skipped=5)
    assert count.share == 0.67
    assert count.interval == pytest.approx((0.5731, 0.7544), abs=5e-5)
    assert count.interval == pytest.approx(wilson(67, 100), abs=1e-8)
    tail = sum(math.comb(100, k) for k in range(67, 101)) / 2**100
    assert count.p_value == pytest.approx(2 * tail) == pytest.approx(0.00087, abs=5e-6)


def test_without_a_valid_answer():
    count = PreferenceCount(skipped=3)
    assert math.isnan(count.share)
    assert (count.interval, count.p_value) == ((0, 1), 1)
    assert count.as_dict()['share'] is None


KEY = """pair,class,model_a,model_b,left_model,left_z,right_z
00000,bridge,pre,new,pre,,
00001,bridge,pre,new,new,,
00002,tower,pre,new,new,,
"""
# for 'pre': ann left of 0, right of 1; ben right of 1. Against it: ann left of 2, ben right of 0
ANSWERS = """subject,pair,answer
ann,00000,left
ann,1,Right
ann,00002,left
ben,00000,right
ben, 00001 ,right

ben,00002,skip
"""


@pytest.fixture
def tables(tmp_path):
    (tmp_path / 'key.csv').write_text(KEY)
    (tmp_path / 'answers.csv').write_text(ANSWERS, encoding='utf-8-sig')
    return tmp_path / 'key.csv', tmp_path / 'answers.csv'


def test_answers_are_counted(tables):
    scores = score_pairs(*tables, valid_per_subject=3)
    assert (scores.model_a, scores.model_b) == ('pre', 'new')
    assert scores.total == PreferenceCount(for_a=3, valid=5, skipped=1)
    assert scores.classes == dict(bridge=PreferenceCount(3, 4, 0), tower=PreferenceCount(0, 1, 1))
    assert scores.subjects == dict(ann=PreferenceCount(2, 3, 0), ben=PreferenceCount(1, 2, 1))
    assert scores.too_few == ['ben']
    text = str(scores)
    assert '| all | 60.0 |' in text
    assert '| class tower | 0.0 |' in text
    assert 'fewer than 3 valid answers: ben' in text
    assert scores.as_dict()['subjects']['ann']['share'] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('ann,00000,left', 'line 9: ann answered pair 00000 before'),
        ('cal,00007,left', "line 9: pair '00007' is not in"),
        ('cal,00000,both', "line 9: the answer is 'both'; it can be one of"),
        (',00000,left', 'line 9: no subject'),
    ],
)
def test_wrong_answers(tables, line, message):
    tables[1].write_text(ANSWERS + line + '\n')
    with pytest.raises(ValueError, match=message):
        score_pairs(*tables)


def test_wrong_files(tables, tmp_path):
    with pytest.raises(FileNotFoundError, match='gone'):
        score_pairs(tables[0], tmp_path / 'gone.csv')
    tables[1].write_text('subject,pair,answer\n')
    with pytest.raises(ValueError, match='no answers yet'):
        score_pairs(*tables)
    tables[1].write_text('subject;pair;answer\nann;0;left\n')
    with pytest.raises(ValueError, match='separated by commas'):
        score_pairs(*tables)
    tables[0].write_text(KEY.splitlines()[0])
    with pytest.raises(ValueError, match='has no pairs'):
        score_pairs(*tables)


# ---------------------------------------------------------------------- command line


def test_commands(toy_config, tmp_path, capsys):
    train(load_config(toy_config, work_dir=tmp_path / 'run'))
    export = ['export-pairs', '-n', '4', '-o', str(tmp_path / 'pairs'), '--side', '20']
    one, two = ['--model', 'pre', str(tmp_path / 'run')], ['--model', 'new', str(tmp_path / 'run'), str(toy_config)]
    assert main([*export, *one, *two]) == 0
    assert 'key.csv from the subjects' in capsys.readouterr().out
    assert read_grid(tmp_path / 'pairs/pairs/00003.png').shape[0] == 20
    with open(tmp_path / 'pairs/answers.csv', 'a') as file:
        for row in read(tmp_path / 'pairs/key.csv')[:3]:
            file.write(f'ann,{row["pair"]},{"left" if row["left_model"] == "pre" else "right"}\n')
    assert main(['score-pairs', str(tmp_path / 'pairs'), '--valid', '4', '-o', str(tmp_path / 'out.json')]) == 0
    shown = capsys.readouterr().out
    assert 'pre against new' in shown
    assert '| all | 100.0 |' in shown
    result = json.loads((tmp_path / 'out.json').read_text())
    assert result[str(tmp_path / 'pairs')]['total']['for_a'] == 3
    assert result[str(tmp_path / 'pairs')]['too_few'] == ['ann']

    for wrong, message in (
        ([*export, *one, *two], 'not empty'),
        ([*export, *one], '--model is given twice'),
        ([*export, *one, *one], 'two names'),
        ([*export, *one, '--model', 'new'], 'perhaps a config'),
        (['score-pairs', str(tmp_path / 'run')], 'key.csv'),
    ):
        assert main(wrong) == 2
        assert message in capsys.readouterr().err


def test_questions_name_the_classes_of_the_config(build, tmp_path, monkeypatch):
    config = Config(dict(train_dataloader=dict(dataset=dict(class_order=['bridge', 'tower']))))
    monkeypatch.setattr(sys.modules['mmgentransfer.apis.select_source'], 'config_of', lambda source: config)
    monkeypatch.setattr('mmgentransfer.apis.init_model', lambda *_: build(0, num_classes=2))
    out = tmp_path / 'pairs'
    command = ['export-pairs', '-n', '2', '--model', 'a', 'x', '--model', 'b', 'y', '-o', str(out)]
    assert main(command) == 0
    assert {row['class'] for row in read(out / 'pairs.csv')} == {'bridge', 'tower'}
