"""Grids of all classes, images of single levels of an adaptor, and maps of translations."""

import numpy as np
import pytest
import torch
from domain_baseline_toys import cut_config, nicegan_config, starganv2_config
from transferi2i_toys import biggan_config, stylegan_config
from translator_toys import build, stargan_config

from mmgentransfer import cli
from mmgentransfer.apis import class_tools
from mmgentransfer.apis.class_tools import adaptor_images, class_grid, latent_map, translate_to_all
from mmgentransfer.apis.translate_domains import interpolate_labels
from mmgentransfer.visualization import modalities, save_image, split_grid
from mmgentransfer.visualization.scatter import scatter_images

SIDE = 32


def pictures(num=2, seed=0, side=SIDE):
    return np.random.default_rng(seed).integers(0, 256, (num, side, side, 3), dtype=np.uint8)


@pytest.fixture(scope='module')
def classes():
    model = build(biggan_config(num_classes=3))
    model.enter_stage(2)
    model.begin_stage()
    return model.eval()


def close(first, second):
    return np.abs(first.astype(int) - second.astype(int)).max() <= 1


# ---------------------------------------------------------------------- all classes


def test_all_classes_are_the_translations_with_one_code(classes, monkeypatch):
    monkeypatch.setattr(class_tools, 'BATCH', 2)
    images = pictures()
    outputs = translate_to_all(classes, images, seed=3)
    code = classes.draw_codes(1, 3)
    for place, name in enumerate(classes.domains):
        assert close(outputs[:, place], classes.translate(images, name, codes=code)[:, 0])
    redrawn = translate_to_all(classes, images, seed=3, share_code=False)
    assert close(redrawn[:, 0], classes.translate(images, 'class 0', codes=classes.draw_codes(3, 3)[:1])[:, 0])
    assert (redrawn[:, 2] != outputs[:, 2]).any()


def test_an_image_is_encoded_once_for_all_classes(classes):
    calls = []
    hook = classes.encoder.register_forward_hook(lambda *_: calls.append(1))
    translate_to_all(classes, pictures())
    hook.remove()
    assert len(calls) == 2


@pytest.mark.parametrize('config', [starganv2_config, nicegan_config, cut_config])
def test_all_domains_of_other_methods(config):
    model = build(config()).eval()
    images = pictures()
    outputs = translate_to_all(model, images)
    assert outputs.shape == (2, len(model.targets), SIDE, SIDE, 3)
    codes = {} if model.code_dim is None else dict(codes=model.draw_codes(1))
    wanted = model.translate(images, model.targets[-1], **codes)
    assert close(outputs[:, -1], wanted if model.code_dim is None else wanted[:, 0])


def test_grid_has_each_class_under_its_name_and_ends_with_the_input(classes, monkeypatch):
    written = []
    draw = modalities.write_above
    monkeypatch.setattr(
        modalities, 'write_above', lambda picture, texts, starts: _noted(written, texts, draw(picture, texts, starts))
    )
    images = pictures()
    first, second = class_grid(classes, images, columns=2)
    assert written == [['class 0', 'class 1'], ['class 2', 'input']] * 2
    upper, lower = np.split(first, 2)
    cells = np.concatenate([split_grid(row[-66 - 2 :], 64, 2) for row in (upper, lower)])[:, ::2, ::2]
    np.testing.assert_array_equal(cells[3], images[0])
    np.testing.assert_array_equal(cells[:3], translate_to_all(classes, images)[0])
    assert first.shape == second.shape


def _noted(notes, value, result):
    notes.append(value)
    return result


def test_attributes_have_no_grid_of_classes():
    with pytest.raises(ValueError, match='attributes'):
        translate_to_all(build(stargan_config(exclusive=False)), pictures(side=16))


def test_the_path_between_classes_begins_and_ends_with_them(classes):
    images = pictures()
    code = classes.draw_codes(1, 5)
    path = interpolate_labels(classes, images, 'class 2', 'class 0', steps=3, code=code[0])
    for place, name in ((0, 'class 2'), (2, 'class 0')):
        assert close(path[:, place], classes.translate(images, name, codes=code)[:, 0])
    assert (path[:, 1] != path[:, 0]).any()
    assert (path[:, 1] != path[:, 2]).any()


# ---------------------------------------------------------------------- single levels


def test_levels_of_a_biggan_written_out(classes):
    images = adaptor_images(classes, num=3, target='class 1', seed=2)
    assert images.shape == (3, 3, SIDE, SIDE, 3)
    noise = torch.randn(3, classes.generator.noise_size, generator=torch.Generator().manual_seed(2))
    labels = torch.ones(3, dtype=torch.int64)
    with torch.no_grad():
        real = classes.generator(noise, labels)
        adapted = classes.adaptor(classes.discriminator.features(real))
        level = classes.generator(torch.zeros_like(noise), labels, injected={8: adapted[8]}, start=8)
    for made, wanted in ((images[:, 0], real), (images[:, 2], level)):
        assert close(made, classes.data_preprocessor.to_uint8(wanted).movedim(1, -1).numpy())


def test_classes_take_turns(classes):
    images = adaptor_images(classes, num=4, taps=[4])
    alone = adaptor_images(classes, num=4, taps=[4], target='class 1')
    assert close(images[1, 0], alone[1, 0])
    assert not close(images[2, 0], alone[2, 0])


def test_levels_of_a_stylegan_know_no_noise():
    model = build(stylegan_config()).eval()
    images = adaptor_images(model, num=2)
    assert images.shape == (2, 3, SIDE, SIDE, 3)
    assert (images[0] != images[1]).any()
    with pytest.raises(ValueError, match='no classes to choose'):
        adaptor_images(model, target='disc')


def test_what_levels_refuse(classes):
    with pytest.raises(ValueError, match=r'no adaptor at 16; the taps are \[4, 8\]'):
        adaptor_images(classes, taps=[16])
    with pytest.raises(ValueError, match='has no adaptor'):
        adaptor_images(build(cut_config()))
    with pytest.raises(ValueError, match='class 7'):
        adaptor_images(classes, target='class 7')


# ---------------------------------------------------------------------- maps


def test_a_map_of_translations(classes):
    images = pictures(3)
    found = latent_map(classes, images, ['class 2', 'class 0'], num=6, seed=1, perplexity=3)
    assert {key: value.shape for key, value in found.items()} == dict(
        positions=(12, 2), outputs=(12, SIDE, SIDE, 3), inputs=(12,), targets=(12,)
    )
    assert found['targets'].tolist() == [0] * 6 + [1] * 6
    codes = classes.draw_codes(12, 1)
    for row in (1, 7):
        name = ['class 2', 'class 0'][found['targets'][row]]
        wanted = classes.translate(images[found['inputs'][row]], name, codes=codes[row : row + 1])[0]
        assert close(found['outputs'][row], wanted)
    again = latent_map(classes, images, ['class 2', 'class 0'], num=6, seed=1, perplexity=3)
    np.testing.assert_array_equal(found['positions'], again['positions'])
    with pytest.raises(ValueError, match='perplexity=30'):
        latent_map(classes, images, ['class 2'], num=30)


def test_a_map_tells_groups_apart(classes):
    def two_groups(images):
        groups = np.arange(len(images)) % 2
        return groups[:, None] * 10 + np.random.default_rng(0).normal(size=(len(images), 60)) * 0.1

    places = latent_map(classes, pictures(3), ['class 0'], num=16, features=two_groups, perplexity=4)['positions']
    first, second = places[::2], places[1::2]
    spread = max(first.std(0).max(), second.std(0).max())
    assert np.linalg.norm(first.mean(0) - second.mean(0)) > 3 * spread


def test_thumbnails_stand_at_their_places():
    images = np.stack([np.full((4, 8, 3), level, np.uint8) for level in (10, 100)])
    picture = scatter_images(images, np.array([[0.0, 0.0], [2.0, 5.0]]), size=20, thumbnail=4)
    assert (picture[16:, :8] == 10).all()  # the origin is at the lower left
    assert (picture[:4, 12:] == 100).all()
    assert (picture[8:12] == 255).all()
    grey = scatter_images(images[..., :1], np.zeros((2, 2)), size=20, thumbnail=4)
    assert (grey[16:, :8] == 100).all()  # the later one is on top
    with pytest.raises(ValueError, match='positions of the shape'):
        scatter_images(images, np.zeros((3, 2)))
    with pytest.raises(ValueError, match='do not fit'):
        scatter_images(images, np.zeros((2, 2)), size=6, thumbnail=4)


# ---------------------------------------------------------------------- commands


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp('class_tools')
    config = folder / 'config.py'
    config.write_text(f"default_scope = 'mmgentransfer'\nmodel = {biggan_config(num_classes=3)!r}\n", encoding='utf-8')
    model = build(biggan_config(num_classes=3))
    torch.save(dict(state_dict=model.state_dict(), meta={}), folder / 'model.pth')
    for index, image in enumerate(pictures(2)):
        save_image(folder / f'in/{index}.png', image)
    return folder


@pytest.mark.parametrize(
    ('command', 'out', 'options'),
    [
        ('class-grid', 'grids', ['--resize', '32', '--columns', '2']),
        ('interpolate-classes', 'path.png', ['--resize', '32', '--from', 'class 0', '--to', 'class 2', '--steps', '3']),
        ('adaptor-samples', 'levels.png', ['-n', '2', '--taps', '8']),
        ('latent-map', 'map.png', ['--resize', '32', '-n', '4', '--perplexity', '2', '--target', 'class 1']),
    ],
)
def test_commands(files, command, out, options, capsys):
    inputs = [] if command == 'adaptor-samples' else [str(files / 'in')]
    arguments = [command, str(files / 'config.py'), str(files / 'model.pth'), *inputs, '-o', str(files / out), *options]
    assert cli.main(arguments) == 0, capsys.readouterr()
    if command == 'class-grid':
        assert sorted(path.name for path in (files / out).iterdir()) == ['0.png', '1.png']
    else:
        assert (files / out).stat().st_size > 0
    if command == 'latent-map':
        arrays = np.load((files / out).with_suffix('.npz'))
        assert set(arrays) == {'positions', 'outputs', 'inputs', 'targets', 'names', 'images'}


def test_a_command_says_what_it_is_for(files, capsys):
    assert cli.main(
        ['adaptor-samples', str(files / 'config.py'), str(files / 'model.pth'), '-o', 'x.png', '--taps', '5']
    )
    assert 'no adaptor at 5' in capsys.readouterr().err
