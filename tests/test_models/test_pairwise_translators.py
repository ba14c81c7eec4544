"""A trained model for every two of several domains, used as one."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest
import torch
from mmengine.config import Config
from sdit_toys import DOMAINS, sdit_config
from translator_toys import CHANNELS, KINDS, build, cyclegan_config

from mmgentransfer.apis import init_model

NAMES = DOMAINS[:3]


def pair_config(names):
    cfg = sdit_config(domains=list(names), networks__generator__num_domains=2, networks__discriminator__num_domains=2)
    return cfg


@pytest.fixture(scope='module')
def pairs(tmp_path_factory):
    """A config and a checkpoint for each pair; the last is given as a model."""
    folder, found = tmp_path_factory.mktemp('pairs'), []
    for seed, names in enumerate(itertools.combinations(NAMES, 2)):
        cfg, name = pair_config(names), '_'.join(names)
        Config(dict(model=cfg)).dump(folder / f'{name}.py')
        torch.save(dict(state_dict=build(cfg, seed + 1).state_dict()), folder / f'{name}.pth')
        found.append(
            dict(domains=names[::-1], config=str(folder / f'{name}.py'), checkpoint=str(folder / f'{name}.pth'))
        )
    found[-1] = dict(domains=found[-1]['domains'], model=pair_config(NAMES[1:]), checkpoint=found[-1]['checkpoint'])
    return found


def config(pairs, **options):
    return dict(type='PairwiseTranslators', domains=NAMES, pairs=copy.deepcopy(pairs)) | options


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)


def test_each_image_goes_through_the_model_of_its_pair(pairs, images):
    model = build(config(pairs)).eval()
    sources = [NAMES[0], NAMES[1], NAMES[2], NAMES[0], NAMES[1]]
    made = model.translate(images, NAMES[2], 2, seed=3, sources=sources)
    assert made.shape == (5, 2, 16, 16, 3)
    for place, (pair, rows) in enumerate({1: [0, 3], 2: [1, 4]}.items()):
        names = list(itertools.combinations(NAMES, 2))[pair]
        single = init_model(Config(dict(model=pair_config(names))), pairs[pair]['checkpoint'])
        expected = single.translate(images[rows], NAMES[2], 2, seed=3)
        assert np.array_equal(made[rows], expected), place
    assert np.array_equal(made[2], images[[2, 2]])  # in the target domain already
    assert np.array_equal(model.translate(images[0], NAMES[2], 2, seed=3, sources=NAMES[0]), made[0])


def test_a_checkpoint_alone_brings_its_config(pairs, images, tmp_path):
    first, *rest = pairs
    path = tmp_path / 'iter_1.pth'
    meta = dict(cfg=Config(dict(model=pair_config(NAMES[:2]))).pretty_text)
    torch.save({**torch.load(first['checkpoint']), 'meta': meta}, path)
    given = config([dict(domains=first['domains'], checkpoint=str(path)), *rest])
    calls = dict(target=NAMES[0], sources=NAMES[1], seed=1)
    assert np.array_equal(build(given).translate(images, **calls), build(config(pairs)).translate(images, **calls))


def test_it_trains_nothing_and_is_a_checkpoint_itself(pairs, images):
    model = build(config(pairs)).eval()
    assert model.players == {}
    assert not any(parameter.requires_grad for parameter in model.parameters())
    other = build(config([{key: value for key, value in pair.items() if key != 'checkpoint'} for pair in pairs])).eval()
    calls = dict(target=NAMES[0], sources=NAMES[1])
    assert not np.array_equal(other.translate(images, **calls), model.translate(images, **calls))
    other.load_state_dict(model.state_dict())
    assert np.array_equal(other.translate(images, **calls), model.translate(images, **calls))


def test_cyclegan_pairs(images, monkeypatch):
    for kinds, value in ((KINDS, dict(type='ImageModality')), (CHANNELS, 3)):
        for name in NAMES:
            monkeypatch.setitem(kinds, name, value)
    cycle = dict(type='L1Loss')
    made = []
    for a, b in itertools.combinations(NAMES, 2):
        losses = {a: cycle, b: cycle, 'adversarial': dict(type='LSGANLoss'), 'cycle': cycle}
        losses['cycle'] = dict(type='ModalitySumLoss', loss_weight=10)
        net = dict(type='ResNetGenerator', base_channels=4, num_blocks=1)
        cfg = cyclegan_config('rgb', 'depth')
        cfg['modalities'] = {a: KINDS['rgb'], b: KINDS['rgb']}
        critic = next(iter(cfg['networks']['discriminators'].values())) | dict(in_channels=3)
        cfg['networks'] = dict(
            generators={f'{a}_to_{b}': net, f'{b}_to_{a}': net}, discriminators={a: critic, b: critic}
        )
        cfg['losses'] = losses
        made.append(dict(domains=[a, b], model=cfg))
    model = build(config(made)).eval()
    assert model.code_dim is None
    outputs = model.translate(images, NAMES[1], sources=NAMES[0])
    direct = model.pairs['0_1'].translate({NAMES[0]: images}, NAMES[1])
    assert np.array_equal(outputs, direct)


def test_a_model_without_domains_takes_the_pairs(pairs, images):
    given = copy.deepcopy(pairs)
    names = given[-1]['domains']
    del given[-1]['model']['domains']
    made = build(config(given)).eval().translate(images, names[0], sources=names[1])
    single = init_model(Config(dict(model=dict(pair_config(NAMES[1:]), domains=list(names)))), pairs[-1]['checkpoint'])
    assert np.array_equal(made, single.translate(images, names[0]))


def test_sources_are_needed_and_known(pairs, images):
    model = build(config(pairs)).eval()
    for sources, words in (
        (None, r'needs to know which the images have.*--source'),
        ('yelow', "the source 'yelow' is none of.*Did you mean 'yellow'"),
        ([NAMES[0]] * 4, 'sources are 4 names, and there are 5 images'),
    ):
        with pytest.raises(ValueError, match=words):
            model.translate(images, NAMES[1], sources=sources)


def test_config_errors(pairs, tmp_path):
    def refused(words, given, error=ValueError):
        with pytest.raises(error, match=words):
            build(config(given))

    first, *rest = pairs
    refused(r"model\.pairs lacks \[\('yellow', 'blue'\)\]", rest)
    refused(r'pairs\[3\].domains=.* is there already', [*pairs, first])
    refused(r"pairs\[0\] has 'chekpoint'.*Did you mean 'checkpoint'", [dict(first, chekpoint=''), *rest])
    refused(r"pairs\[0\].domains has 'blu'.*Did you mean 'blue'", [dict(first, domains=['blu', 'yellow']), *rest])
    refused('two different ones', [dict(first, domains=['blue', 'blue']), *rest])
    refused('and the model as model: give one', [dict(first, model=pair_config(NAMES[:2])), *rest])
    refused(r'pairs\[0\] has no model: give it a checkpoint', [dict(domains=first['domains'], checkpoint=None), *rest])
    refused(
        r"domains are \['green', 'yellow'\], but its model translates",
        [dict(first, domains=['green', 'yellow']), *rest],
    )
    refused('does not exist|no ', [dict(first, checkpoint=str(tmp_path / 'none.pth')), *rest], FileNotFoundError)
    odd = dict(first, model=dict(pair_config(NAMES[:2])), checkpoint=None)
    odd.pop('config')
    odd['model']['networks']['generator']['mapping']['code_dim'] = 3
    odd['model']['networks']['discriminator']['code_head']['code_dim'] = 3
    refused('codes of different widths', [odd, *rest])
