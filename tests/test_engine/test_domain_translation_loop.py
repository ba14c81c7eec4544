"""What the loop translates, with which codes, and what it hands to the metrics."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import udit_toys
from domain_baseline_toys import cut_config, nicegan_config, starganv2_config
from domain_toys import COLOURS, SIDE, evaluator, painter, scoring_loop, toy_objects
from sdit_toys import sdit_config
from translator_toys import build, stargan_config

from mmgentransfer.datasets import DomainImages, UnpairedDomains
from mmgentransfer.registry import METRICS

FID = dict(type='FID', extractor='colour')


@METRICS.register_module(force=True)
class KeepTranslations:
    """Keeps the records that it is given."""

    extractor = 'colour'
    needs_train = False
    needs_attention = True
    needs_reconstruction = True

    def __init__(self, pairs=None):
        self.records, self.pairs = [], pairs

    def score(self, translations):
        self.records.append(translations)
        return dict(place=translations.place)


@METRICS.register_module(force=True)
class KeepImages(KeepTranslations):
    extractor = None


@METRICS.register_module(force=True)
class KeepAttention(KeepImages):
    needs_reconstruction = False


def records(tmp_path, model=None, dataset=None, kind='KeepImages', **options):
    scorer = evaluator(tmp_path, dict(type=kind))
    loop = scoring_loop(tmp_path, painter() if model is None else model, scorer, dataset, **options)
    loop.run()
    return scorer.metrics[0].records


def test_images_of_the_other_domains_are_translated_to_each(tmp_path):
    data = toy_objects()
    found = records(tmp_path, num_samples=3)
    assert [record.target for record in found] == list(COLOURS)
    for place, record in enumerate(found):
        others = np.flatnonzero(data.labels.numpy() != place)
        np.testing.assert_array_equal(record.inputs, data.images[others].numpy())
        np.testing.assert_array_equal(record.sources.argmax(1), data.labels[others].numpy())
        np.testing.assert_array_equal(record.reals, data.images[data.labels == place].numpy())
        np.testing.assert_array_equal(record.attributes['shape'], data.attributes['shape'][others])
        assert record.outputs.shape == (12, 3, 3, SIDE, SIDE)
        assert record.outputs.dtype == np.uint8
        assert record.masks.shape == (12, 1, SIDE, SIDE)
        assert record.attention.shape == (12, 1, SIDE, SIDE)
        assert record.attention == pytest.approx(0.25)  # the mean of channels of 0 and 0.5
        assert record.reconstruction_errors == pytest.approx(0.25)
        assert (record.wanted == 1).all()
        assert not record.deterministic


@pytest.mark.parametrize('attention', [True, False])
def test_an_image_is_encoded_once_for_its_outputs_and_its_attention(tmp_path, attention):
    options = {} if attention else dict(networks__generator__attention=None)
    numbers = dict(networks__generator__num_domains=3, networks__discriminator__num_domains=3)
    model = build(sdit_config(domains=list(COLOURS), **numbers, **options)).eval()
    calls = []
    hook = model.generator.encoder.register_forward_hook(lambda m, i, o: calls.append(len(o)))
    monitored = evaluator(tmp_path, dict(type='KeepAttention'))
    scoring_loop(tmp_path, model, monitored, targets=['red', 'green'], num_samples=3).run()
    hook.remove()
    assert sum(calls) == 2 * 12  # of each target, whatever the number of codes
    record = monitored.metrics[0].records[1]
    if not attention:
        assert record.attention is None
        return
    images = np.moveaxis(record.inputs, 1, -1)
    np.testing.assert_allclose(record.attention[:, 0], model.attention(images, 'green'), atol=1e-5)


def test_outputs_are_what_translate_makes_of_the_codes(tmp_path):
    model = painter()
    drawn = []
    draw = model.draw_codes
    model.draw_codes = lambda *args: drawn.append(draw(*args)) or drawn[-1]
    record = records(tmp_path, model, targets=['green'], num_samples=3)[0]
    assert len(drawn) == 1
    codes = drawn[0].reshape(12, 3, 2)
    assert len(np.unique(codes.numpy())) == codes.numel()  # every output has a code of its own
    images = np.moveaxis(record.inputs, 1, -1)
    wanted = np.stack([model.translate(image, 'green', codes=code) for image, code in zip(images, codes, strict=True)])
    np.testing.assert_array_equal(np.moveaxis(record.outputs, 2, -1), wanted)


def test_codes_follow_from_the_seed(tmp_path):
    first, again, other = (records(tmp_path, num_samples=2, seed=seed)[0].outputs for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_targets_and_pairs_have_other_codes(tmp_path):
    model = painter()
    seeds = []
    draw = model.draw_codes
    model.draw_codes = lambda num, seed: seeds.append(seed) or draw(num, seed)
    scorer = evaluator(tmp_path, dict(type='KeepTranslations', pairs=(4, 6)))
    scoring_loop(tmp_path, model, scorer, num_samples=2).run()
    assert len(seeds) == len(set(seeds)) == 6


@METRICS.register_module(force=True)
class CountCompared:
    """Counts what a metric of distributions is given."""

    extractor = 'colour'
    needs_train = False

    def compute(self, real, fake, train=None):
        return dict(real=len(real), fake=len(fake))


def test_images_that_lose_an_attribute_are_not_compared_with_those_that_have_it(tmp_path):
    data = toy_objects()
    data.labels, data.metainfo = torch.tensor([[1, 0], [0, 0], [1, 1]])[data.labels], {}
    model = painter(domains=['dark', 'big'], exclusive=False)
    scorer = evaluator(tmp_path, dict(type='CountCompared'))
    scores = scoring_loop(tmp_path, model, scorer, data, num_samples=3).run()
    assert (scores['dark/real'], scores['dark/fake']) == (12, 3 * 6)
    assert (scores['big/real'], scores['big/fake']) == (6, 3 * 12)
    assert scores['big/num_translations'] == 36


def test_a_model_without_codes_has_one_output(tmp_path):
    record = records(tmp_path, painter(width=None))[0]
    assert record.deterministic
    assert record.outputs.shape == (12, 1, 3, SIDE, SIDE)


def test_attributes_are_flipped(tmp_path):
    data = toy_objects()
    data.labels = torch.tensor([[1, 0], [0, 0], [1, 1]])[data.labels]
    data.metainfo = dict(classes=('big', 'dark'))
    model = painter(domains=['dark', 'big'], exclusive=False)
    seen = []
    translate = model.translate_values
    model.translate_values = lambda values, targets, *args, **kwargs: (
        seen.append(targets) or translate(values, targets, *args, **kwargs)
    )
    dark, big = records(tmp_path, model, data, num_samples=2)
    own = data.labels[:, [1, 0]].numpy()  # matched by name
    np.testing.assert_array_equal(dark.sources, own)
    np.testing.assert_array_equal(torch.cat(seen[:5]).numpy(), own ^ [1, 0])
    np.testing.assert_array_equal(torch.cat(seen[5:]).numpy(), own ^ [0, 1])
    np.testing.assert_array_equal(dark.wanted, 1 - own[:, 0])
    np.testing.assert_array_equal(big.reals, data.images[own[:, 1] == 1].numpy())


def test_an_attribute_that_is_only_set_is_translated_where_it_is_lacking(tmp_path):
    data = toy_objects()
    # the last images have both colours of the group: setting one clears the other, and the one was there before
    data.labels, data.metainfo = torch.tensor([[1, 0, 0], [0, 1, 1], [1, 1, 0]])[data.labels], {}
    model = painter(domains=['blond', 'brown', 'smile'], exclusive=False)

    def edited(own, name):
        target, place = own.clone(), model.domains.index(name)
        target[:, :2] *= name == 'smile'
        target[:, place] = 1 - own[:, place] if name == 'smile' else 1
        return target

    model.edited = edited
    blond, brown, smile = records(tmp_path, model, data, num_samples=2)
    np.testing.assert_array_equal(blond.inputs, data.images[6:12].numpy())
    np.testing.assert_array_equal(blond.sources, data.labels[6:12].numpy())
    np.testing.assert_array_equal(brown.inputs, data.images[:6].numpy())
    np.testing.assert_array_equal(smile.inputs, data.images.numpy())
    assert (blond.wanted == 1).all()
    assert (brown.wanted == 1).all()
    np.testing.assert_array_equal(smile.wanted, [1] * 6 + [0] * 6 + [1] * 6)


def test_unpaired_domains_are_scored_as_labelled_images_are(tmp_path):
    dataset = UnpairedDomains(dataset=toy_objects())
    by_label, by_domain = (records(tmp_path, num_samples=2, dataset=data) for data in (None, dataset))
    for one, other in zip(by_label, by_domain, strict=True):
        np.testing.assert_array_equal(one.outputs, other.outputs)
        np.testing.assert_array_equal(one.attributes['shape'], other.attributes['shape'])
        np.testing.assert_array_equal(one.masks, other.masks)


def test_items_of_unpaired_domains_in_any_order():
    data = toy_objects()
    images = DomainImages(UnpairedDomains(dataset=data), ['green', 'red', 'blue'], True)
    rows = [17, 0, 6, 5]
    places = [11, 12, 0, 17]  # green is 12.. of the data, red 0.., blue 6..
    assert torch.equal(images.__getitems__(rows)['images'], data.images[places])
    assert torch.equal(images.fetch(np.array(rows))['masks'], data.__getitems__(places)['masks'])
    assert images.own[rows].argmax(1).tolist() == [2, 0, 1, 0]


def test_moving_averages_are_scored(tmp_path):
    model = painter()
    model.add_ema(['generator'])
    with torch.no_grad():
        model.generator.strength.fill_(-1)
    ema, live = (records(tmp_path, model, num_samples=1, which=which)[0].outputs for which in ('ema', 'live'))
    assert (ema != live).any()
    np.testing.assert_array_equal(ema, records(tmp_path, num_samples=1)[0].outputs)


def test_inputs_can_be_fewer(tmp_path):
    found = records(tmp_path, num_samples=1, num_inputs=5)
    assert [len(record.inputs) for record in found] == [5, 5, 5]
    again = records(tmp_path, num_samples=1, num_inputs=5)
    np.testing.assert_array_equal(found[0].inputs, again[0].inputs)


def test_further_outputs_for_metrics_of_pairs(tmp_path):
    scorer = evaluator(tmp_path, dict(type='KeepTranslations', pairs=(4, 6)))
    scoring_loop(tmp_path, painter(), scorer, num_samples=2).run()
    record = scorer.metrics[0].records[0]
    assert record.pairs.shape == (4, 6, 3, SIDE, SIDE)
    assert record.outputs is None  # nothing asks for the images themselves
    assert record.num_samples == 2
    assert len(np.unique(record.pairs.reshape(24, -1), axis=0)) == 24


def test_each_image_passes_an_extractor_once(tmp_path):
    scorer = evaluator(tmp_path, FID, dict(type='KID', extractor='colour'), dict(type='KeepTranslations'))
    loop = scoring_loop(tmp_path, painter(), scorer, num_samples=3)
    scores = loop.run()
    assert scorer.extractors['colour'].seen == 18 + 3 * 12 * 3  # real images, translations
    loop.run()
    assert scorer.extractors['colour'].seen == 18 + 2 * 3 * 12 * 3  # real images are known
    assert scores['fid_colour'] == pytest.approx(np.mean([scores[f'{name}/fid_colour'] for name in COLOURS]))
    inputs, outputs, reals = scorer.metrics[2].records[0].through('colour')
    assert (len(inputs), len(outputs), len(reals)) == (12, 36, 6)
    record = scorer.metrics[2].records[0]
    np.testing.assert_allclose(inputs.features, record.inputs.mean((2, 3)) / 255, rtol=1e-5)
    np.testing.assert_allclose(reals.features, record.reals.mean((2, 3)) / 255, rtol=1e-5)


def test_scores_are_written_with_their_targets(tmp_path):
    scorer = evaluator(tmp_path, FID, dict(type='KeepTranslations'))
    scores = scoring_loop(tmp_path, painter(), scorer, targets=['green', 'red'], num_samples=2).run()
    line = json.loads((tmp_path / 'metrics.jsonl').read_text())
    assert line == dict(iter=3, num_samples=18, train_seconds=0.0, **scores)
    assert (line['green/place'], line['red/place'], line['place']) == (2, 0, 1)
    assert line['green/num_translations'] == 24
    assert line['green/num_reals'] == 6
    assert 'num_reals' not in line
    assert 'blue/fid_colour' not in line


def test_options_reach_the_model(tmp_path):
    model = painter()
    records(tmp_path, model, options=dict(sharp=True))
    assert set(map(str, model.options)) == {"{'sharp': True}"}


def test_modes_are_left_as_they_were(tmp_path):
    model = painter().train()
    records(tmp_path, model)
    assert model.training
    assert model.generator.training


def test_a_missing_extractor_leaves_its_metrics_out(tmp_path):
    scorer = evaluator(tmp_path, FID, colour=dict(type='ColourExtractor', gone='put x into y'))
    loop = scoring_loop(tmp_path, painter(), scorer)
    assert loop.run() == {}
    assert loop.runner.warnings == ["extractor 'colour' is not available, left out: FID. put x into y"]
    assert not loop.runner.model.generator.calls


def without_labels():
    data = toy_objects()
    data.labels = None
    return data


def with_an_unknown_class():
    data = toy_objects()
    data.metainfo = dict(classes=('red', 'blue', 'gren'))
    return data


@pytest.mark.parametrize(
    ('dataset', 'options', 'message'),
    [
        (None, dict(targets=['gren']), "val_cfg.targets names 'gren'.*Did you mean 'green'"),
        (None, dict(num_samples=0), 'val_cfg.num_samples=0 must be at least 1'),
        (None, dict(num_inputs=0), 'val_cfg.num_inputs=0 must be at least 1'),
        (without_labels(), {}, 'has no labels'),
        (with_an_unknown_class(), {}, "the class 'gren', which is none of model.domains=.*Did you mean 'green'"),
        (toy_objects(colours=('red', 'blue')), {}, "12 images to translate to 'green', and 0 real ones"),
        (UnpairedDomains(dataset=toy_objects(colours=('red', 'blue'))), {}, r"the model's \['green'\] are not among"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, dataset, options, message):
    with pytest.raises(ValueError, match=message):
        scoring_loop(tmp_path, painter(), evaluator(tmp_path, FID), dataset, **options)


@pytest.mark.parametrize('by_domain', [False, True])
@pytest.mark.parametrize(
    ('config', 'multiple'),
    [
        (cut_config(), 4),
        (nicegan_config(), 4),
        (starganv2_config(2), 2),
        (stargan_config(domains=['disc', 'square', 'star']), 4),
        (sdit_config(domains=['disc', 'square', 'star', 'ring']), None),
    ],
    ids=lambda value: value['type'] if isinstance(value, dict) else '',
)
def test_images_that_can_not_be_halved_are_refused_before_any_training(tmp_path, config, multiple, by_domain):
    data = toy_objects(colours=('red',), shapes=config['domains'], labelled='shape', image_size=17)
    what = f'multiples of {multiple}' if multiple else r'have the shape \(3, 17, 17\)'
    with pytest.raises(ValueError, match=f'val_dataloader.*{what}'):
        scoring_loop(
            tmp_path, build(config), evaluator(tmp_path, FID), UnpairedDomains(dataset=data) if by_domain else data
        )


def test_images_that_munits_encoders_do_not_take(tmp_path):
    with pytest.raises(ValueError, match=r"val_dataloader.dataset, 'flat': 17x17 pixels, but .* multiples of 2"):
        scoring_loop(tmp_path, udit_toys.build(), evaluator(tmp_path, FID), udit_toys.bags(100, image_size=17))


def test_labels_of_the_other_kind_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r'the 3 attributes .* need \(N, 3\)'):
        scoring_loop(tmp_path, painter(exclusive=False), evaluator(tmp_path, FID))


def test_models_of_other_kinds_are_refused(tmp_path):
    with pytest.raises(ValueError, match='a Linear is none'):
        scoring_loop(tmp_path, torch.nn.Linear(1, 1), evaluator(tmp_path, FID))


def test_two_metrics_of_one_name_are_refused(tmp_path):
    scorer = evaluator(tmp_path, dict(type='KeepTranslations'), dict(type='KeepImages'))
    with pytest.raises(ValueError, match="both give 'place'"):
        scoring_loop(tmp_path, painter(), scorer).run()
