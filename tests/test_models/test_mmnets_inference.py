"""Using mix and match networks: encode, decode, fuse, translate."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmnets_toys import SETS4, aligned_samples, mmnets_config

from mmgentransfer.models.backbones import Latent


@pytest.fixture
def model(build_game):
    return build_game(mmnets_config()).eval()


@pytest.fixture
def samples(model):
    return model.data_preprocessor(aligned_samples())


def images(num=None, height=16, width=16, seed=0):
    random, shape = np.random.default_rng(seed), (height, width) if num is None else (num, height, width)
    return dict(
        rgb=random.integers(0, 256, (*shape, 3), dtype=np.uint8),
        depth=random.uniform(1, 5, shape).astype(np.float32),
        segmentation=random.integers(0, 5, shape),
    )


# ---------------------------------------------------------------------------------------------- side information


@pytest.mark.parametrize('side_info', ['pooling_indices', 'skip', 'none'])
def test_what_a_decoder_reads(build_game, side_info):
    """Another image's indices or skips change the output of a decoder that reads them, and not the colour decoder's."""
    model = build_game(mmnets_config(side_info=side_info)).eval()
    samples = model.data_preprocessor(aligned_samples())
    latent = model.encode(samples['depth'], 'depth')
    flipped = [tuple(x.flip(0) for x in part) for part in (latent.indices, latent.skips)]
    others = dict(
        pooling_indices=latent._replace(indices=flipped[0]),
        skip=latent._replace(skips=flipped[1]),
    )
    assert not torch.equal(latent.indices[0], flipped[0][0])
    for kind, other in others.items():
        same = torch.equal(model.decode(latent, 'segmentation'), model.decode(other, 'segmentation'))
        assert same is (kind != side_info)
        assert torch.equal(model.decode(latent, 'rgb'), model.decode(other, 'rgb'))


def test_a_translation_uses_its_own_sources_indices(model, samples):
    latent = model.encode(samples['depth'], 'depth')
    output = model.predict({'depth': samples['depth']}, ['segmentation'])['segmentation']
    assert torch.equal(output, model.decode(latent, 'segmentation'))
    rgb = model.encode(samples['rgb'], 'rgb')
    assert not torch.equal(output, model.decode(latent._replace(indices=rgb.indices), 'segmentation'))


# ---------------------------------------------------------------------------------------------- fusion


def test_fusion_with_alpha_0_and_1(model, samples):
    both = {name: samples[name] for name in ('rgb', 'depth')}
    single = {name: model.predict({name: samples[name]}, ['segmentation'])['segmentation'] for name in both}

    def fused(**options):
        return model.predict(both, ['segmentation'], **options)['segmentation']

    torch.testing.assert_close(fused(alpha=0.0), single['rgb'])
    torch.testing.assert_close(fused(alpha=1.0, indices_from='depth'), single['depth'])
    assert not torch.allclose(fused(alpha=1.0), single['depth']), 'the indices are those of colour'


def ones(value):
    return Latent(torch.full((1, 2, 1, 1), value), (torch.tensor(int(value)),), (torch.tensor(value),))


def test_weights_of_fusion(build_game):
    model = build_game(mmnets_config(SETS4))
    latents = dict(rgb=ones(1.0), depth=ones(10.0), nir=ones(100.0))
    two = model.fusion({name: latents[name] for name in ('depth', 'rgb')})
    assert two.h.flatten().tolist() == pytest.approx([0.8 + 0.2 * 10] * 2)
    assert two.indices is latents['rgb'].indices
    three = model.fusion(latents)
    assert three.h.flatten().tolist() == pytest.approx([0.8 + 0.1 * 10 + 0.1 * 100] * 2)
    given = model.fusion(latents, weights=dict(rgb=0.5, depth=0.5, nir=0.0), indices_from='nir')
    assert given.h.flatten().tolist() == pytest.approx([5.5] * 2)
    assert given.indices is latents['nir'].indices
    assert model.fusion({'depth': latents['depth']}, alpha=0.7) is latents['depth']


def test_fusion_of_the_config(build_game):
    model = build_game(mmnets_config(fusion=dict(alpha=0.5, indices_from='depth')))
    fused = model.fusion(dict(rgb=ones(1.0), depth=ones(10.0)))
    assert fused.h.flatten().tolist() == pytest.approx([5.5] * 2)
    assert fused.indices[0].item() == 10


@pytest.mark.parametrize(
    ('names', 'options', 'message'),
    [
        ((), {}, 'at least one input'),
        (('depth', 'segmentation'), {}, "without the anchor 'rgb' needs weights"),
        (('rgb', 'depth'), dict(alpha=1.5), r'alpha is a weight in \[0, 1\], got 1.5'),
        (('rgb', 'depth'), dict(weights=dict(rgb=1.0)), r"weights are given for \['rgb'\]"),
        (('rgb', 'depth'), dict(indices_from='segmentation'), "indices_from is 'segmentation'"),
        (('rgb', 'dept'), {}, "names 'dept'.*Did you mean 'depth'"),
    ],
)
def test_impossible_fusions(model, names, options, message):
    with pytest.raises(ValueError, match=message):
        model.fusion.weights(names, **options)


# ---------------------------------------------------------------------------------------------- predict


def test_predict_encodes_once_for_several_targets(model, samples):
    calls = []
    model.encoders['depth'].register_forward_hook(lambda *_: calls.append(1))
    outputs = model.predict({'depth': samples['depth']}, ['segmentation', 'rgb', 'depth'])
    assert len(calls) == 1
    assert {name: x.shape[1] for name, x in outputs.items()} == dict(segmentation=5, rgb=3, depth=1)


def test_cascade_goes_through_decoded_images(model, samples):
    output = model.predict({'depth': samples['depth']}, ['segmentation'], via=['rgb'])['segmentation']
    colour = model.predict({'depth': samples['depth']}, ['rgb'])['rgb']
    assert torch.equal(output, model.predict({'rgb': colour}, ['segmentation'])['segmentation'])
    assert not torch.equal(output, model.predict({'depth': samples['depth']}, ['segmentation'])['segmentation'])


def test_prediction_in_training_mode_leaves_no_trace(build_game, state_of, changed):
    """No noise, running statistics, no gradient; afterwards the model trains on."""
    model = build_game(mmnets_config())
    model.enter_stage(1)
    samples = model.data_preprocessor(aligned_samples())
    before = state_of(model)
    first = model.predict({'depth': samples['depth']}, ['segmentation'])['segmentation']
    model.eval()
    assert torch.equal(model.predict({'depth': samples['depth']}, ['segmentation'])['segmentation'], first)
    assert not first.requires_grad
    assert not changed(model, before)
    model.train()
    model.predict({'depth': samples['depth']}, ['segmentation'])
    assert model.decoders['depth'].training
    assert not model.encoders['rgb'].training


def test_a_prediction_depends_on_its_batch_with_batch_statistics_alone(build_game, state_of, changed):
    for batch_statistics in (False, True):
        model = build_game(mmnets_config(batch_statistics=batch_statistics)).eval()
        samples, before = model.data_preprocessor(aligned_samples()), state_of(model)
        whole = model.predict({'depth': samples['depth']}, ['segmentation'])['segmentation']
        part = model.predict({'depth': samples['depth'][:1]}, ['segmentation'])['segmentation']
        assert torch.allclose(whole[:1], part, atol=1e-5) is not batch_statistics
        assert not changed(model, before)


# ---------------------------------------------------------------------------------------------- translate


@pytest.mark.parametrize('source', ['rgb', 'depth', 'segmentation'])
def test_translate_arrays(model, source):
    """Every pair, seen or not, one image and a batch."""
    batch = images(2)
    kinds = dict(rgb=(np.uint8, (16, 16, 3)), depth=(np.float32, (16, 16)), segmentation=(np.uint8, (16, 16)))
    for target, (dtype, shape) in kinds.items():
        many = model.translate({source: batch[source]}, target)
        one = model.translate({source: batch[source][1]}, target)
        assert (many.dtype, many.shape, one.shape) == (dtype, (2, *shape), shape)
        np.testing.assert_allclose(many[1], one, rtol=1e-3, atol=1)


def test_translate_is_predict_on_values(model):
    batch = images(2)
    rgb = torch.from_numpy(batch['rgb']).permute(0, 3, 1, 2) / 127.5 - 1
    outputs = model.predict({'rgb': rgb}, ['segmentation', 'depth', 'rgb'])
    assert np.array_equal(model.translate({'rgb': batch['rgb']}, 'segmentation'), outputs['segmentation'].argmax(1))
    np.testing.assert_allclose(model.translate({'rgb': batch['rgb']}, 'depth'), outputs['depth'][:, 0].clamp(min=0))
    pixels = ((outputs['rgb'].permute(0, 2, 3, 1) + 1) * 127.5).round()
    np.testing.assert_allclose(model.translate({'rgb': batch['rgb']}, 'rgb'), pixels, atol=1)


def test_translate_fuses(model):
    batch = images()
    both = {name: batch[name] for name in ('rgb', 'depth')}
    fused = model.translate(both, 'segmentation', alpha=0.0)
    assert np.array_equal(fused, model.translate({'rgb': batch['rgb']}, 'segmentation'))
    assert model.translate(both, 'segmentation', via=['rgb']).shape == (16, 16)


@pytest.mark.parametrize('source', ['rgb', 'depth', 'segmentation'])
@pytest.mark.parametrize(('height', 'width'), [(16, 24), (4, 8)])
def test_translate_takes_any_suitable_size(model, source, height, width):
    one = images(height=height, width=width)
    assert model.translate({source: one[source]}, 'depth').shape == (height, width)


@pytest.mark.parametrize(
    ('inputs', 'target', 'message'),
    [
        (lambda x: dict(depht=x['depth']), 'segmentation', "'depht'; the modalities are.*Did you mean 'depth'"),
        (lambda x: dict(depth=x['depth']), 'segmentatoin', "'segmentatoin'.*Did you mean 'segmentation'"),
        (lambda x: {}, 'depth', 'at least one input'),
        (lambda x: dict(rgb=x['rgb'][..., :2]), 'depth', r'rgb: expected an array \(H, W, 3\) or \(N, H, W, 3\)'),
        (lambda x: dict(rgb=x['rgb'][..., 0]), 'depth', r'rgb: expected an array \(H, W, 3\)'),
        (lambda x: dict(depth=x['depth'][0]), 'rgb', r'depth: expected an array \(H, W\) or \(N, H, W\), got \(16,\)'),
        (lambda x: dict(depth=x['depth'][:15]), 'rgb', 'depth is 15 x 16: .* multiples of 4'),
        (lambda x: dict(depth=x['depth'][:0]), 'rgb', 'depth is 0 x 16'),
        (lambda x: dict(rgb=x['rgb'] / 255.0), 'depth', 'rgb: images are uint8, got torch.float64'),
        (lambda x: dict(depth=(1000 * x['depth']).astype(np.int32)), 'rgb', 'divide millimetres by 1000'),
        (lambda x: dict(segmentation=x['segmentation'] + 3), 'depth', r'labels \[5, 6, 7\]; classes are 0 to 4'),
        (lambda x: dict(segmentation=x['depth']), 'depth', 'labels are whole numbers'),
        (lambda x: dict(rgb=x['rgb'], depth=x['depth'][:12]), 'segmentation', 'at one size'),
        (lambda x: dict(rgb=x['rgb'][None], depth=x['depth']), 'segmentation', 'at one size'),
    ],
)
def test_translate_refuses(model, inputs, target, message):
    with pytest.raises(ValueError, match=message):
        model.translate(inputs(images()), target)


def test_ignored_labels_are_translated(model):
    labels = images()['segmentation']
    labels[:8] = 255
    assert np.isfinite(model.translate({'segmentation': labels}, 'depth')).all()
    one_hot = model.modalities['segmentation'].to_input(torch.from_numpy(labels)[None])
    assert one_hot.shape == (1, 5, 16, 16)
    assert one_hot[:, :, :8].sum() == 0
    assert torch.equal(one_hot[:, :, 8:].argmax(1), torch.from_numpy(labels)[None, 8:])
    assert (one_hot[:, :, 8:].sum(1) == 1).all()


def test_infrared_maps(build_game):
    model = build_game(mmnets_config(SETS4)).eval()
    grey = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    as_bytes = model.translate({'nir': grey}, 'nir')
    as_floats = model.translate({'nir': (grey / 255).astype(np.float32)}, 'nir')
    np.testing.assert_allclose(as_bytes, as_floats, atol=1e-5)
    assert as_bytes.dtype == np.float32
    assert 0 <= as_bytes.min() <= as_bytes.max() <= 1
