"""MUNIT and UDIT: what is made of images once they are trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import udit_toys as toys
from drit_toys import drit_config
from translator_toys import build

A, B = toys.DOMAINS


@pytest.fixture(scope='module')
def model():
    return toys.build(base_channels=8).eval()


@pytest.fixture(scope='module')
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)


def test_translations_do_not_depend_on_their_batch(model, images):
    values, codes = model.image_values(images), model.draw_codes(3).expand(5, -1, -1)
    targets = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    with torch.no_grad():
        together = model.translate_values(values, targets, codes)
        assert together.shape == (5, 3, 3, 16, 16)
        for row in range(5):
            alone = model.translate_values(values[row : row + 1], targets[row : row + 1], codes[row : row + 1])
            torch.testing.assert_close(alone[0], together[row], atol=1e-5, rtol=0)
        code = model.content_encoders[B](values[1:2])
        torch.testing.assert_close(together[1, 2], model.decoders[A](code, codes[1, 2:3])[0], atol=1e-5, rtol=0)


def test_styles_of_examples(model, images):
    styles = model.styles_of(images[:2], B)
    assert styles.shape == (2, 8)
    given = model.translate(images, B, style_from=images[:2])
    assert given.shape == (5, 2, 16, 16, 3)
    assert (given == model.translate(images, B, codes=styles)).all()
    with pytest.raises(ValueError, match='style_from gives the styles'):
        model.translate(images, B, style_from=images, num_samples=2)
    with pytest.raises(ValueError, match=r"'flut' is none of.*Did you mean 'flat'"):
        model.styles_of(images, 'flut')


def test_reconstruction(model, images):
    values = model.image_values(images)
    with torch.no_grad():
        expected = model.decoders[A](model.content_encoders[A](values), model.style_encoders[A](values))
    assert (model.reconstruct(images, A) == model.image_pixels(expected)).all()
    assert model.reconstruct(images[0], B).shape == (16, 16, 3)


def test_interpolated_styles(model, images):
    first, last = model.draw_codes(2, seed=1)
    line = model.interpolate_styles(images, B, first, last, steps=3)
    assert line.shape == (5, 3, 16, 16, 3)
    expected = model.translate(images, B, codes=torch.stack([first, (first + last) / 2, last]))
    assert np.abs(line.astype(int) - expected).max() <= 1
    assert (line[:, 0] != line[:, 1]).any()
    with pytest.raises(ValueError, match='steps=1 must be at least 2'):
        model.interpolate_styles(images, B, first, last, steps=1)
    for ends in ((first, last[:7]), (model.draw_codes(2), model.draw_codes(2))):
        with pytest.raises(ValueError, match=r'codes of a MUNIT have the shape \(8,\), got'):
            model.interpolate_styles(images, B, *ends, steps=2)


def test_styles_by_image(model, images):
    codes = model.draw_codes(5, seed=1)
    each = model.translate(images, B, style=codes)  # as codes they would be five for all images
    assert each.shape == (5, 16, 16, 3)
    assert (each == model.translate(images, B, codes=codes[:, None])[:, 0]).all()
    assert (each != model.translate(images, B, codes=codes)[:, 0]).any()
    one = model.translate(images, B, style=codes[0])
    assert (one == model.translate(images, B, codes=codes[:1])[:, 0]).all()
    assert (
        model.translate(images[3], B, style=codes[0].tolist()) == model.translate(images[3:4], B, style=codes[:1])[0]
    ).all()
    several = model.draw_codes(10).unflatten(0, (5, 2))
    assert (model.translate(images, B, style=several) == model.translate(images, B, codes=several)).all()
    with pytest.raises(ValueError, match=r'style for 5 images has the shape \(8,\), \(5, 8\) or .*, got \(4, 8\)'):
        model.translate(images, B, style=codes[:4])
    with pytest.raises(ValueError, match=r'got \(7,\)'):
        model.translate(images, B, style=codes[0, :7])
    with pytest.raises(ValueError, match='style gives the styles'):
        model.translate(images, B, num_samples=2, style=codes)


def runs_of(model, names):
    """Returns a list that each run of one of the networks' parts adds its name and number of images to."""
    seen = []
    for name in names:
        network = getattr(model, name)
        for part in network.values() if isinstance(network, torch.nn.ModuleDict) else [network]:
            part.register_forward_hook(lambda m, args, out, name=name: seen.append((name, len(args[0]))))
    return seen


@pytest.mark.parametrize(
    ('make', 'names'),
    [
        (lambda: toys.build(), ('content_encoders', 'style_encoders')),
        (lambda: toys.build(family='pool_index'), ('content_encoders', 'style_encoders')),
        (lambda: build(drit_config()), ('content_encoder', 'attribute_encoder')),
    ],
    ids=['munit', 'pool_index', 'drit'],
)
def test_an_input_is_encoded_once_for_all_its_outputs(make, names, images):
    model = make()
    seen, target = runs_of(model, names), model.domains[1]
    assert model.translate(images, target, num_samples=5).shape == (5, 5, 16, 16, 3)
    assert seen == [(names[0], 5)]
    seen.clear()
    assert model.translate(images, target, style_from=images[:3]).shape == (5, 3, 16, 16, 3)
    assert seen == [(names[1], 3), (names[0], 5)]


@pytest.mark.parametrize('family', ['munit', 'pool_index'])
def test_styles_make_outputs_differ(family, images):
    model = toys.build(family=family).eval()
    outputs = model.translate(images, B, num_samples=3, seed=2).astype(int)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert (np.abs(outputs[:, first] - outputs[:, second]).mean((1, 2, 3)) > 0.1).all()
    one = model.draw_codes(1, seed=2).expand(3, -1)
    assert (model.translate(images, B, codes=one).astype(int).std(1) == 0).all()
