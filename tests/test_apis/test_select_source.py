"""Choosing a source model for a target, through the API and the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmgentransfer.apis import SourceModel, init_model, load_config, select_source, start_from, train
from mmgentransfer.cli import main
from mmgentransfer.datasets.embedded.digits import Digits
from mmgentransfer.evaluation.functional import fid_from_features
from mmgentransfer.models.backbones.classifiers import DigitClassifier

EXTRACTORS = """
_classifier = dict(type='DigitClassifier', width=1)
val_evaluator = dict(
    extractors=dict(
        small=dict(type='ClassifierFeatures', classifier=_classifier, checkpoint={path!r}, hint='train it'),
        absent=dict(type='ClassifierFeatures', classifier=_classifier, checkpoint='gone.pth', hint='train it'),
    )
)
"""


@pytest.fixture(scope='module')
def setting(tmp_path_factory, write_config):
    """A target of 20 nines with a classifier of random weights, and two sources: a trained one, and white paper."""
    folder = tmp_path_factory.mktemp('select')
    torch.manual_seed(0)
    classifier = DigitClassifier(width=1)
    torch.save({f'classifier.{k}': v for k, v in classifier.state_dict().items()}, folder / 'classifier.pth')
    config = write_config(folder / 'toy_select.py')
    train(load_config(config, work_dir=folder / 'plain'))
    checkpoint = torch.load(folder / 'plain/iter_2.pth', weights_only=True)
    checkpoint['state_dict']['generator.deconvs.2.bias'] += 1000
    torch.save(checkpoint, folder / 'white.pth')
    config.write_text(config.read_text() + EXTRACTORS.format(path=str(folder / 'classifier.pth')))
    return folder, config, classifier.eval()


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv('MMGENTRANSFER_CACHE', str(tmp_path / 'cache'))


def sources_of(folder):
    return [SourceModel('white', str(folder / 'white.pth')), SourceModel('plain', str(folder / 'plain'))]


def test_columns_against_the_definition(setting):
    folder, config, classifier = setting
    ranking = select_source(
        config, sources_of(folder), 'small', num_images=120, seed=3, source_data=True, after=dict(white=9, plain=2)
    )

    @torch.no_grad()
    def features(pixels):
        return classifier.features(torch.as_tensor(pixels).float() / 255).numpy()

    target = features(Digits(classes=[9], split='train', num_images=20).images)
    model = init_model(None, str(folder / 'plain'))
    images = np.concatenate([model.sample(100, seed=(3, 0)), model.sample(20, seed=(3, 1))])
    generated = features(images.transpose(0, 3, 1, 2))
    expected = fid_from_features(generated, target)
    assert ranking.gen_to_target['plain'] == pytest.approx(expected, rel=1e-4)
    # the toy source was trained on the target's own images
    assert ranking.gen_to_own == pytest.approx(ranking.gen_to_target, rel=1e-6)
    assert ranking.real_to_target == pytest.approx(dict(white=0, plain=0), abs=1e-6)
    assert ranking.choice == 'plain'
    assert (ranking.regret, ranking.rank_correlation) == (0, pytest.approx(1))


def test_of_a_large_real_set_a_fixed_part_is_taken(setting, monkeypatch):
    _, config, _ = setting
    module = sys.modules[select_source.__module__]
    monkeypatch.setattr(module, 'MOST_REAL', 7)
    images = module._images_of(load_config(config), 'the target')
    assert len(images.dataset) == 7
    one, two = (torch.cat(list(module._images_of(load_config(config), 'the target'))) for _ in range(2))
    assert torch.equal(one, two)
    all_images = Digits(classes=[9], split='train', num_images=20).images
    places = [next(i for i, image in enumerate(all_images) if torch.equal(image, x)) for x in one]
    assert places == sorted(set(places)) != list(range(7))


def test_command(setting, tmp_path, capsys):
    folder, config, _ = setting
    arguments = ['select-source', str(config), '--extractor', 'small', '-n', '30', '-o', str(tmp_path / 'out.json')]
    for source in sources_of(folder):
        arguments += ['--source', source.name, source.checkpoint]
    assert main([*arguments, '--after', 'white=3.5', 'plain=5']) == 0
    shown = capsys.readouterr().out
    result = json.loads((tmp_path / 'out.json').read_text())
    assert result['choice'] == 'plain'
    assert result['regret'] == 1.5
    for text in ('choice by gen_to_target (small): plain', 'regret of the choice: 1.50', 'rough indicator'):
        assert text in shown
    for wrong, message in (
        (['--after', 'white'], 'NAME=FID'),
        (['--source', 'alone'], 'a checkpoint and perhaps'),
        (['--source', 'white', 'x.pth'], 'have one name'),
        (['--train'], 'there is nothing to start from a source'),
    ):
        assert main([*arguments, *wrong]) == 2
        assert message in capsys.readouterr().err


def test_adaptation_starts_from_the_choice(setting, tmp_path, monkeypatch):
    folder, config, _ = setting
    pretrained = Path(config).read_text() + (
        "\nmodel['networks']['generator']['init_cfg'] = "
        "dict(type='TransferredWeights', checkpoint='any.pth', prefix='generator')\n"
    )
    path = tmp_path / 'toy_select_adapt.py'
    path.write_text(pretrained)
    cfg = load_config(path)
    plain = sources_of(folder)[1]
    changed = start_from(cfg, plain)
    assert changed.model.networks.generator.init_cfg.checkpoint == plain.checkpoint
    assert cfg.model.networks.generator.init_cfg.checkpoint == 'any.pth'
    trained = []
    monkeypatch.setattr('mmgentransfer.apis.train', lambda given: trained.append(given) or dict(mv=1.0))
    arguments = ['select-source', str(path), '--extractor', 'small', '-n', '30', '--train', '--work-dir', str(tmp_path)]
    assert main([*arguments, '--source', 'plain', plain.checkpoint]) == 0
    assert trained[0].model.networks.generator.init_cfg.checkpoint == plain.checkpoint


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(extractor=None), r"declares \['absent', 'digits', 'small'\]; say which one to use"),
        (dict(extractor='smal'), "there is no 'smal'.*Did you mean 'small'"),
        (dict(extractor='absent'), 'no checkpoint at gone.pth: train it'),
        (dict(num_images=1), 'num_images must be at least 2, got 1'),
        (dict(criterion='real'), "criterion is 'real'"),
        (dict(criterion='real_to_target'), 'it needs source_data'),
        (dict(sources=[]), 'needs sources with names of their own'),
    ],
)
def test_wrong_settings(setting, arguments, message):
    folder, config, _ = setting
    with pytest.raises(ValueError, match=message):
        select_source(config, **dict(dict(sources=sources_of(folder), extractor='small', num_images=30), **arguments))


def test_sources_that_do_not_fit(setting, tmp_path):
    folder, config, _ = setting
    cfg = load_config(config)
    cfg.train_dataloader.dataset.image_size = 32
    cfg.val_evaluator.extractors.small.classifier.image_size = 32
    weights = DigitClassifier(image_size=32, width=1).state_dict()
    torch.save({f'classifier.{name}': tensor for name, tensor in weights.items()}, tmp_path / 'classifier.pth')
    cfg.val_evaluator.extractors.small.checkpoint = str(tmp_path / 'classifier.pth')
    with pytest.raises(ValueError, match=r"'plain' generates images of the shape \(1, 28, 28\), .* \(1, 32, 32\)"):
        select_source(cfg, sources_of(folder)[1:], 'small', num_images=30)
    bare = torch.load(folder / 'plain/iter_2.pth', weights_only=True)
    del bare['meta']
    torch.save(bare, tmp_path / 'bare.pth')
    with pytest.raises(ValueError, match='holds no config; give its config too'):
        select_source(config, [SourceModel('bare', str(tmp_path / 'bare.pth'))], 'small', num_images=30)
    given = SourceModel('bare', str(tmp_path / 'bare.pth'), folder / 'toy_select.py')
    assert select_source(config, [given], 'small', num_images=30).choice == 'bare'
