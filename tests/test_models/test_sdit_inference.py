"""What users do with a trained SDIT, here one with random weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sdit_toys import DOMAINS, MULTI, STARGAN, WITHOUT_ATTENTION, WITHOUT_CIN, sdit_config
from translator_toys import build

from mmgentransfer.datasets import ToyObjects
from mmgentransfer.evaluation.functional.localization import diversity_localization

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
HAIR = dict(
    MULTI,
    domains=['Black_Hair', 'Blond_Hair', 'Brown_Hair', 'Smiling'],
    exclusive_groups=[['Black_Hair', 'Blond_Hair', 'Brown_Hair']],
)


@pytest.fixture(scope='module')
def model():
    return build(sdit_config())


@pytest.fixture(scope='module')
def faces():
    return build(sdit_config(**HAIR))


def close(a, b):
    """One level of 255 apart at most, by the rounding of values that are equal to 1e-6."""
    return a.shape == b.shape and int(np.abs(a.astype(int) - b.astype(int)).max()) <= 1


def test_codes_in_one_call_and_one_by_one(model):
    values, targets = model.image_values(IMAGES), model.target_vectors('blue', 3)
    codes = model.draw_codes(4, seed=3)
    calls = []
    parts = (model.generator.encoder, model.generator.attention)
    hooks = [part.register_forward_hook(lambda m, i, o: calls.append(len(o))) for part in parts]
    with torch.no_grad():
        together = model.translate_values(values, targets, codes.expand(3, -1, -1))
        for hook in hooks:
            hook.remove()
        alone = [model.generator(values, targets, code.expand(3, -1)) for code in codes]
    assert calls == [3, 3]
    torch.testing.assert_close(together, torch.stack(alone, 1), atol=1e-6, rtol=0)


def test_the_seed_decides(model):
    first = model.translate(IMAGES, 'green', num_samples=3, seed=1)
    assert np.array_equal(first, model.translate(IMAGES, 'green', num_samples=3, seed=1))
    assert not np.array_equal(first, model.translate(IMAGES, 'green', num_samples=3, seed=2))
    assert not np.array_equal(first[:, 0], first[:, 1])


@pytest.mark.parametrize('options', [WITHOUT_CIN, STARGAN])
def test_without_codes_there_is_one_output(options):
    output = build(sdit_config(**options)).translate(IMAGES, 'green', num_samples=3)
    assert np.array_equal(output[:, 0], output[:, 2])


def test_another_attention_map(model):
    """Ones leave the changed features, zeros the encoder's own, through which no code acts."""
    zeros, ones, own = (
        model.translate(IMAGES, 'green', num_samples=2, attention=value)
        for value in (0.0, torch.ones(3, 1, 8, 8), None)
    )
    assert np.array_equal(zeros[:, 0], zeros[:, 1])
    assert (ones[:, 0] != ones[:, 1]).any()
    assert (ones != own).any()
    with pytest.raises(ValueError, match='attention was given'):
        build(sdit_config(**WITHOUT_ATTENTION)).translate(IMAGES, 'green', attention=1.0)


# ---------------------------------------------------------------------- attention


@pytest.mark.parametrize('channels', [1, 16])
def test_attention(channels):
    model = build(sdit_config(networks__generator__attention__out_channels=channels))
    maps = model.attention(IMAGES, 'blue')
    assert maps.shape == (3, 16, 16)
    assert 0 < maps.min() < maps.max() < 1
    raw = model.attention(IMAGES, 'blue', raw=True)
    with torch.no_grad():
        wanted = model.generator.encode(model.image_values(IMAGES), model.target_vectors('blue', 3))[1]
    assert raw.shape == (3, channels, 8, 8)
    np.testing.assert_array_equal(raw, wanted.numpy())
    # far from the border, two pixels of a cell weigh it 3 to 1 against its neighbours in each direction
    mean, m = raw.mean(1), maps[0, 3, 4]
    corners = 9 * mean[0, 1, 2] + 3 * mean[0, 2, 2] + 3 * mean[0, 1, 1] + mean[0, 2, 1]
    assert m == pytest.approx(corners / 16, abs=1e-5)
    np.testing.assert_array_equal(model.attention(IMAGES[0], 'blue').shape, (16, 16))


def test_attention_of_a_translation_takes_no_second_pass(model):
    calls = []
    hook = model.generator.encoder.register_forward_hook(lambda m, i, o: calls.append(len(o)))
    outputs, maps = model.translate(IMAGES, 'blue', num_samples=2, return_attention=True)
    hook.remove()
    assert calls == [3]
    np.testing.assert_array_equal(outputs, model.translate(IMAGES, 'blue', num_samples=2))
    np.testing.assert_array_equal(maps, model.attention(IMAGES, 'blue'))
    assert model.translate(IMAGES[0], 'blue', return_attention=True)[1].shape == (16, 16)
    assert (model.translate(IMAGES, 'blue', return_attention=True, attention=0.25)[1] == 0.25).all()


def test_no_attention_to_show():
    model = build(sdit_config(**WITHOUT_ATTENTION))
    assert not model.has_attention
    with pytest.raises(ValueError, match='this SDIT has no attention'):
        model.attention(IMAGES, 'blue')
    with pytest.raises(ValueError, match='this SDIT has no attention'):
        model.translate(IMAGES, 'blue', return_attention=True)


# ---------------------------------------------------------------------- paths of codes


@pytest.mark.parametrize(('mode', 'space'), [('slerp', 'z'), ('linear', 'z'), ('slerp', 'cin')])
def test_ends_of_paths_are_translations(model, mode, space):
    ends = model.draw_codes(2, seed=1).numpy()
    path = model.interpolate_codes(IMAGES, 'blue', *ends, steps=5, mode=mode, space=space)
    assert path.shape == (3, 5, 16, 16, 3)
    assert close(path[:, [0, -1]], model.translate(IMAGES, 'blue', codes=ends))
    assert (path[:, 0] != path[:, 2]).any()


def test_the_space_of_a_path_matters(model):
    ends = model.draw_codes(2, seed=1).numpy()
    z, cin = (model.interpolate_codes(IMAGES, 'blue', *ends, steps=3, mode='linear', space=s) for s in ('z', 'cin'))
    assert (z[:, 1] != cin[:, 1]).any()
    np.testing.assert_array_equal(z[:, 1], model.translate(IMAGES, 'blue', codes=ends.mean(0, keepdims=True))[:, 0])
    with pytest.raises(ValueError, match="space='w'"):
        model.interpolate_codes(IMAGES, 'blue', *ends, space='w')


@pytest.mark.parametrize('space', ['z', 'cin'])
@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (dict(steps=1), 'steps=1 must be at least 2'),
        (dict(mode='cubic'), "mode must be 'linear' or 'slerp', got 'cubic'"),
        (dict(code1=[0, 0, 0]), r'have the shape \(2,\), got \(2,\) and \(3,\)'),
        (dict(code0=0.5), r'got \(\) and \(2,\)'),
    ],
)
def test_bad_paths(model, space, change, words):
    with pytest.raises(ValueError, match=words):
        model.interpolate_codes(IMAGES, 'blue', **dict(code0=[1, 0], code1=[0, 1], space=space) | change)


def test_without_codes_there_are_no_paths():
    with pytest.raises(ValueError, match='a SDIT takes no codes'):
        build(sdit_config(**WITHOUT_CIN)).interpolate_codes(IMAGES, 'blue', [1, 0], [0, 1], space='cin')


# ---------------------------------------------------------------------- edits


@pytest.mark.parametrize(
    ('name', 'op', 'wanted'),
    [
        ('Smiling', 'flip', [[0, 0, 1, 0], [1, 0, 0, 1]]),
        ('Smiling', 'set', [[0, 0, 1, 1], [1, 0, 0, 1]]),
        ('Smiling', 'unset', [[0, 0, 1, 0], [1, 0, 0, 0]]),
        ('Blond_Hair', 'flip', [[0, 1, 0, 1], [0, 1, 0, 0]]),
        ('Brown_Hair', 'flip', [[0, 0, 1, 1], [0, 0, 1, 0]]),
        ('Black_Hair', 'unset', [[0, 0, 1, 1], [0, 0, 0, 0]]),
    ],
)
def test_edited_attributes(faces, name, op, wanted):
    own = torch.tensor([[0, 0, 1, 1], [1, 0, 0, 0]])
    assert faces.edited(own, name, op).tolist() == wanted
    assert own.tolist() == [[0, 0, 1, 1], [1, 0, 0, 0]]


def test_images_that_an_edit_changes(faces, model):
    own = torch.tensor([[0, 0, 1, 1], [1, 0, 0, 0], [1, 0, 1, 0]])
    assert faces.translatable(own, 'Black_Hair').tolist() == [True, False, False]  # only set, and cleared by others
    assert faces.translatable(own, 'Smiling').tolist() == [True, True, True]
    assert model.translatable(torch.eye(4), 'blue').tolist() == [True, False, True, True]


def test_edit(faces, model):
    labels = [[0, 0, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]]
    edited = faces.edit(IMAGES, labels, 'Blond_Hair', num_samples=2)
    assert np.array_equal(edited, faces.translate(IMAGES, [[0, 1, 0, 1], [0, 1, 0, 0], [0, 1, 0, 0]], num_samples=2))
    assert np.array_equal(faces.edit(IMAGES[0], labels[0], 'Blond_Hair'), edited[0, 0])
    assert np.array_equal(model.edit(IMAGES, [0, 1, 2], 'blue'), model.translate(IMAGES, 'blue'))
    with pytest.raises(ValueError, match=r"'Blonde_Hair' is none of .*Did you mean 'Blond_Hair'"):
        faces.edit(IMAGES, labels, 'Blonde_Hair')
    with pytest.raises(ValueError, match="op='toggle' must be one of"):
        faces.edit(IMAGES, labels, 'Smiling', op='toggle')
    with pytest.raises(ValueError, match='the attribute 3 is none of'):
        faces.edit(IMAGES, labels, [3])
    with pytest.raises(ValueError, match='3 images need 3 labels, got 2'):
        faces.edit(IMAGES, labels[:2], 'Smiling')


def test_edit_of_several_attributes(faces, model):
    labels = [[0, 0, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]]
    edited = faces.edit(IMAGES, labels, ['Blond_Hair', 'Smiling'])
    assert np.array_equal(edited, faces.translate(IMAGES, [[0, 1, 0, 0], [0, 1, 0, 1], [0, 1, 0, 1]]))
    both = ['Black_Hair', 'Brown_Hair']
    bald = faces.edit(IMAGES, labels, both, op='unset')
    assert np.array_equal(bald, faces.translate(IMAGES, [[0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]))
    with pytest.raises(ValueError, match=r"\['Black_Hair', 'Brown_Hair'\] exclude each other"):
        faces.edit(IMAGES, labels, both)
    with pytest.raises(ValueError, match='given twice'):
        faces.edit(IMAGES, labels, ['Smiling', 'Smiling'])
    with pytest.raises(ValueError, match=r"\['blue', 'green'\] exclude each other"):
        model.edit(IMAGES, [0, 1, 2], ['blue', 'green'])


def test_own_domains_by_name(model):
    numbers = [model.domains.index(name) for name in ('blue', 'green', 'blue')]
    by_name = model.reconstruct(IMAGES, ['blue', 'green', 'blue'], 'orange')
    np.testing.assert_array_equal(by_name, model.reconstruct(IMAGES, numbers, 'orange'))
    np.testing.assert_array_equal(
        model.reconstruct(IMAGES[1], 'green', 'orange'), model.reconstruct(IMAGES[1], numbers[1], 'orange')
    )
    with pytest.raises(ValueError, match=r"the label 'gren' is none of .*Did you mean 'green'"):
        model.reconstruct(IMAGES[1], 'gren', 'orange')
    with pytest.raises(ValueError, match=r'labels=\[4\] must be names of'):
        model.reconstruct(IMAGES[1], 4, 'orange')


# ---------------------------------------------------------------------- there and back


def test_reconstruct(model):
    labels, code = [0, 2, 3], [0.5, -1.0]
    there, back = model.reconstruct(IMAGES, labels, 'blue', code)
    values = model.image_values(IMAGES)
    with torch.no_grad():
        codes = torch.tensor([code] * 3)
        y = model.generator(values, torch.eye(4)[[1, 1, 1]], codes)
        x = model.generator(y, torch.eye(4)[labels], codes)
    assert close(there, model.image_pixels(y))
    assert close(back, model.image_pixels(x))
    alone = model.reconstruct(IMAGES[0], 0, 'blue', code)
    assert alone[1].shape == (16, 16, 3)
    assert close(alone[0], there[0])


def test_reconstruction_for_metrics(model):
    values, own = model.image_values(IMAGES), torch.eye(4)[:3]
    with torch.no_grad():
        wanted = model.generator(values, own, torch.zeros(3, 2))
        torch.testing.assert_close(model.reconstruct_values(values, own), wanted)


# ---------------------------------------------------------------------- where a code acts


def test_fusion_localises_the_code():
    """An attention map that is the object itself lets the code act there, without any training."""
    data = ToyObjects(
        image_size=16,
        num_per_class=25,
        labelled='colour',
        colours=DOMAINS,
        colour_space='hsv',
        shapes=['disc', 'square', 'triangle'],
        background='gradient',
        background_range=(0.6, 0.9),
        size=(0.44, 0.69),
        position=(0.2, 0.8),
        split='test',
        with_masks=True,
    )
    model = build(sdit_config())
    images, masks = data.images.permute(0, 2, 3, 1).numpy(), data.masks > 127
    found = dict(everywhere=[], object=[])
    chosen = []
    for label, name in enumerate(DOMAINS):
        rows = np.flatnonzero(data.labels.numpy() != label)
        chosen.append(rows)
        maps = torch.nn.functional.max_pool2d(masks[rows].float(), 2)
        for key, attention in (('everywhere', 1.0), ('object', maps)):
            found[key].append(model.translate(images[rows], name, num_samples=10, attention=attention))
    of_inputs = masks.numpy()[np.concatenate(chosen)]
    scores = {
        key: diversity_localization(np.concatenate(outputs).transpose(0, 1, 4, 2, 3), of_inputs)
        for key, outputs in found.items()
    }
    assert scores['object']['fg_bg'] >= 1.4 * scores['everywhere']['fg_bg']
    assert scores['object']['fg_far'] >= 2.0 * scores['everywhere']['fg_far']
