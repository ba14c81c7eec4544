"""What all translators between domains have in common."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from domain_toys import COLOURS, SIDE, evaluator, painter, scoring_loop, toy_objects
from drit_toys import icgan_config
from translator_toys import build, stargan_config


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)


def test_domains_are_two_or_more_different_names():
    for domains in (['a'], ['a', 'a']):
        with pytest.raises(ValueError, match='two or more different names'):
            painter(domains=domains)


def test_codes_follow_from_the_seed():
    model = painter(width=3)
    state = torch.get_rng_state()
    codes = model.draw_codes(5, seed=1)
    assert codes.shape == (5, 3)
    assert torch.equal(codes, model.draw_codes(5, seed=1))
    assert torch.equal(codes[:2], model.draw_codes(2, seed=1))
    assert not torch.equal(codes, model.draw_codes(5, seed=2))
    assert torch.equal(torch.get_rng_state(), state)
    with pytest.raises(ValueError, match='a Painter has no codes'):
        painter(width=None).draw_codes(1)


def test_shapes_of_translations(images):
    model = painter()
    assert model.translate(images, 'blue').shape == images.shape
    assert model.translate(images[0], 'blue').shape == images.shape[1:]
    assert model.translate(images, 'blue', num_samples=3).shape == (2, 3, SIDE, SIDE, 3)
    assert model.translate(images[0], 'blue', num_samples=1).shape == (1, SIDE, SIDE, 3)
    grey = painter(data_preprocessor=dict(type='ImagePreprocessor'))
    assert grey.translate(images[..., :1], 'red').shape == (2, SIDE, SIDE, 1)


def test_values_of_a_translation_by_hand(images):
    model = painter(width=None)
    wanted = (0.5 * (images / 127.5 - 1) + 1 / 3 - 0.5 + 1) * 127.5  # half the image, and blue's level
    assert np.abs(model.translate(images, 'blue').astype(int) - wanted).max() <= 0.51


def test_images_share_their_codes(images):
    model = painter()
    same = np.stack([images[0], images[0]])
    outputs = model.translate(same, 'red', num_samples=4, seed=3)
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert len(np.unique(outputs[0].reshape(4, -1), axis=0)) == 4
    np.testing.assert_array_equal(outputs, model.translate(same, 'red', num_samples=4, seed=3))
    assert (outputs != model.translate(same, 'red', num_samples=4, seed=4)).any()
    np.testing.assert_array_equal(outputs, model.translate(same, 'red', codes=model.draw_codes(4, 3)))
    one_by_one = [model.translate(same, 'red', codes=code[None])[:, 0] for code in model.draw_codes(4, 3)]
    np.testing.assert_array_equal(outputs, np.stack(one_by_one, axis=1))


def test_codes_of_each_image(images):
    model = painter()
    codes = model.draw_codes(6).reshape(2, 3, 2)
    outputs = model.translate(images, 'red', codes=codes.numpy())
    for image, code, output in zip(images, codes, outputs, strict=True):
        np.testing.assert_array_equal(model.translate(image, 'red', codes=code), output)


def test_a_model_without_codes_repeats_its_image(images):
    outputs = painter(width=None).translate(images, 'red', num_samples=3)
    assert outputs.shape == (2, 3, SIDE, SIDE, 3)
    assert (outputs == outputs[:, :1]).all()


def test_moving_averages_translate(images):
    model = painter()
    before = model.translate(images, 'red')
    model.add_ema(['generator'])
    with torch.no_grad():
        model.generator.strength.fill_(-1)
    np.testing.assert_array_equal(model.translate(images, 'red'), before)
    assert (model.translate(images, 'red', which='live') != before).any()


def test_modes_and_gradients_are_left_alone(images):
    model = painter().train()
    model.translate(images, 'red')
    assert model.generator.training
    assert model.generator.strength.grad is None


def test_options_reach_the_method(images):
    model = painter()
    model.translate(images, 'red', sharp=1)
    assert model.options == [dict(sharp=1)]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(images=np.zeros((2, 4, 4, 3))), 'images are uint8 .*got float64'),
        (dict(images=np.zeros((4, 4), np.uint8)), r'got uint8 \(4, 4\)'),
        (dict(target='gren'), "the target 'gren' is none of .*Did you mean 'green'"),
        (dict(target=['red', 'blue']), 'domains exclude each other'),
        (dict(target=[[1, 0]]), r'shape \(2, 3\), got \(1, 2\)'),
        (dict(target=[1, 0]), r'shape \(3,\), or one each, of the shape \(2, 3\), got \(2,\)'),
        (dict(target=3), 'the target 3 is none of the 3 domains, which count from 0: red, blue, green'),
        (dict(target=-1), 'the target -1 is none of the 3 domains'),
        (dict(target=1.0), r'got \(\)'),
        (dict(target=True), r'got \(\)'),
        (dict(target=dict(blue=0)), "a target holds exactly one 1 .*got {'blue': 0}"),
        (dict(target=dict(blue=1, red=1)), 'exactly one 1'),
        (dict(target=dict(blue=2)), "0 or 1 for each name, got {'blue': 2}"),
        (dict(target=[0, 0, 0]), 'exactly one 1'),
        (dict(target=[[1, 0, 0], [1, 0, 1]]), 'exactly one 1'),
        (dict(target=[1, 1, -1]), 'exactly one 1'),
        (dict(target=[]), 'exactly one 1'),
        (dict(sharp=1, return_attention=True), 'this Painter has no attention'),
        (dict(num_samples=0), 'num_samples=0 must be at least 1'),
        (dict(codes=np.zeros((4, 3))), r'shape \(K, 2\) or \(2, K, 2\), got \(4, 3\)'),
        (dict(codes=np.zeros((3, 4, 2))), r'got \(3, 4, 2\)'),
        (dict(codes=np.zeros((4, 2)), num_samples=4), 'num_samples and codes are given'),
    ],
)
def test_what_can_not_be_translated_is_refused(images, change, message):
    with pytest.raises(ValueError, match=message):
        painter(attends=False).translate(**dict(images=images, target='red') | change)
    with pytest.raises(ValueError, match='takes no codes'):
        painter(width=None).translate(images, 'red', codes=np.zeros((4, 2)))


def test_labels_as_vectors():
    model = painter()
    assert model.domains_of(torch.tensor([2, 0])).tolist() == [[0, 0, 1], [1, 0, 0]]
    attributes = painter(exclusive=False)
    assert attributes.domains_of(torch.tensor([[1, 0, 1]])).tolist() == [[1, 0, 1]]
    with pytest.raises(ValueError, match=r'shape \(N,\), got \(1, 3\)'):
        model.domains_of(torch.tensor([[1, 0, 1]]))
    with pytest.raises(ValueError, match=r'shape \(N, 3\), got \(2,\)'):
        attributes.domains_of(torch.tensor([2, 0]))


def test_targets_by_name_and_vector():
    attributes = painter(exclusive=False)
    for target in (['red', 'green'], dict(red=1, blue=0, green=True), [[1, 0, 1]] * 2):
        assert attributes.target_vectors(target, 2).tolist() == [[1, 0, 1]] * 2
    assert attributes.target_vectors(1, 1).tolist() == [[0, 1, 0]]
    for target in ([], dict(red=0), [0, 0, 0]):  # none of them is set
        assert attributes.target_vectors(target, 2).tolist() == [[0, 0, 0]] * 2
    model = painter()
    vector = torch.tensor([0.0, 0.0, 1.0])
    for target in ('green', ('green',), dict(green=1, red=0), 2, np.int64(2), vector, [0, 0, 1], vector.expand(2, -1)):
        assert model.target_vectors(target, 2).tolist() == [[0, 0, 1]] * 2
    assert model.target_vectors([0.25, 0.75, 0], 1).tolist() == [[0.25, 0.75, 0]]  # on the way between two


def test_a_target_by_number_or_vector_is_that_by_name(images):
    model = painter()
    by_name = model.translate(images, 'green')
    for target in (2, [0, 0, 1], [[0, 0, 1]] * 2):
        np.testing.assert_array_equal(model.translate(images, target), by_name)
    np.testing.assert_array_equal(model.translate(images[0], [0, 0, 1]), by_name[0])


def test_edits():
    own = torch.tensor([[1.0, 0, 0], [0, 1, 0]])
    assert painter().edited(own, 'green').tolist() == [[0, 0, 1]] * 2
    flipped = painter(exclusive=False).edited(own, 'red')
    assert flipped.tolist() == [[0, 0, 0], [1, 1, 0]]
    assert own[0, 0] == 1  # not changed in place
    assert painter().targets == list(COLOURS)


def test_edits_of_several_attributes():
    own = torch.tensor([[1.0, 0, 0], [0, 1, 0]])
    model = painter(exclusive=False, exclusive_groups=[['red', 'blue']])
    assert model.edit_vectors(own, ['red', 'green']).tolist() == [[1, 0, 1]] * 2
    assert model.edit_vectors(own, 'green', 'unset').tolist() == own.tolist()
    assert painter().edit_vectors(own, ['green']).tolist() == [[0, 0, 1]] * 2
    for names, words in (('grey', "'grey' is none of"), (['red', 'blue'], 'exclude each other')):
        with pytest.raises(ValueError, match=words):
            model.edit_vectors(own, names)
    with pytest.raises(ValueError, match="op='clear' must be one of"):
        model.edit_vectors(own, 'red', 'clear')


def test_attention_at_the_size_of_images(images):
    outputs, maps = painter().translate(images, 'red', return_attention=True)
    np.testing.assert_array_equal(outputs, painter().translate(images, 'red'))
    assert maps.shape == (2, SIDE, SIDE)
    assert maps == pytest.approx(0.25)  # the mean of channels of 0 and 0.5


def hair_model(method, groups=(('brown', 'blond'),), exclusive=False):
    """A model of three attributes, of which the first and the last are colours of hair."""
    options = dict(domains=['brown', 'smiling', 'blond'], exclusive_groups=groups)
    if method == 'stargan':
        return build(stargan_config(exclusive, **options))
    if method == 'icgan':
        return build(icgan_config(exclusive=exclusive, **options))
    return painter(exclusive=exclusive, **options)


@pytest.mark.parametrize('method', ['painter', 'stargan', 'icgan'])
def test_an_attribute_of_a_group_is_set_and_the_others_are_cleared(method):
    model = hair_model(method)
    own = torch.tensor([[1.0, 0, 0], [0, 1, 1], [0, 0, 0]])
    assert model.edited(own, 'blond').tolist() == [[0, 0, 1], [0, 1, 1], [0, 0, 1]]
    assert model.edited(own, 'brown').tolist() == [[1, 0, 0], [1, 1, 0], [1, 0, 0]]
    assert model.edited(own, 'smiling').tolist() == [[1, 1, 0], [0, 0, 1], [0, 1, 0]]
    assert model.translatable(own, 'blond').tolist() == [True, False, True]
    assert hair_model(method, ()).edited(own, 'blond').tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 1]]


@pytest.mark.parametrize('method', ['painter', 'stargan', 'icgan'])
@pytest.mark.parametrize(
    ('groups', 'exclusive', 'message'),
    [
        ([['brown', 'blond']], True, 'all domains exclude each other'),
        ([['brown', 'black']], False, "names 'black', which is none of"),
        ([['brown']], False, 'must be lists of two or more'),
        ([['brown', 'blond'], ['blond', 'smiling']], False, 'each of which is in one group'),
    ],
)
def test_groups_that_do_not_fit_are_refused(method, groups, exclusive, message):
    with pytest.raises(ValueError, match=message):
        hair_model(method, groups, exclusive)


def test_stargan_is_scored(tmp_path):
    model = build(stargan_config(domains=list(COLOURS))).eval()
    metrics = [
        dict(type='FID', extractor='colour'),
        dict(type='LPIPSDiversity', distance='pixel'),
        dict(type='ReconstructionL1'),
    ]
    scores = scoring_loop(tmp_path, model, evaluator(tmp_path, *metrics)).run()
    assert scores['diversity_within_input_pixel'] == 0.0
    assert scores['red/num_translations'] == 12
    data = toy_objects()
    values = data.images / 127.5 - 1
    with torch.no_grad():
        rebuilt = model.generator(values, torch.nn.functional.one_hot(data.labels, 3).float())
    errors = (rebuilt - values).abs().mean((1, 2, 3))
    wanted = np.mean([errors[data.labels != place].mean() for place in range(3)])
    assert scores['reconstruction_l1'] == pytest.approx(wanted, rel=1e-4)
    with pytest.raises(ValueError, match=r"StarGAN.translate has no options, got \['sharp'\]"):
        model.translate(np.zeros((SIDE, SIDE, 3), np.uint8), 'red', sharp=1)
