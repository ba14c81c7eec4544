from __future__ import annotations

import itertools

import numpy as np
import pytest

from mmgentransfer.datasets.embedded import object_rendering as rendering


def test_random_numbers_are_splitmix64():
    def splitmix64(state):
        state &= 2**64 - 1
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB % 2**64
        return state ^ (state >> 31)

    assert splitmix64(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF  # the generator's published first number for seed 0
    key = int.from_bytes(rendering.hashlib.sha256(b'a stream').digest()[:8], 'little')
    got = rendering.uniform_numbers('a stream', np.array([0, 7]), 3)
    wanted = [
        [(splitmix64(key + (index * 3 + column) * 0x9E3779B97F4A7C15) >> 11) / 2**53 for column in (1, 2, 3)]
        for index in (0, 7)
    ]
    np.testing.assert_array_equal(got, wanted)


def test_normal_numbers_are_the_sum_of_four_uniform_ones():
    numbers = rendering.normal_numbers('x', np.arange(100), 1000)
    assert numbers.dtype == np.float32
    assert abs(numbers.mean()) < 0.02
    assert abs(numbers.std() - 1) < 0.01
    # 4 uniform numbers: excess kurtosis -1.2 / 4
    assert abs((numbers**4).mean() - 2.7) < 0.05
    assert np.abs(numbers).max() <= 2 * 3**0.5


def test_colours_do_not_overlap():
    for (first, (low1, high1)), (second, (low2, high2)) in itertools.combinations(rendering.COLOURS.items(), 2):
        overlaps = [max(a, b) <= min(c, d) for a, b, c, d in zip(low1, low2, high1, high2, strict=True)]
        assert not all(overlaps), (first, second)


def scene(**changes) -> rendering.ObjectScene:
    """A disc of black and white that fills an image of 32 pixels."""
    settings = dict(
        shapes=np.array(['disc']),
        textures=np.array(['plain']),
        radius=np.array([2.0]),
        centre=np.array([[0.5, 0.5]]),
        rotation=np.array([0.0]),
        tones=np.array([[[0.0], [1.0]]]),
        pattern=np.array([[0.0, 0.0, 0.0]]),
        period=np.array([0.25]),
        shading=np.zeros((1, 2)),
        background=np.zeros((1, 1)),
        slope=np.zeros((1, 2)),
        lattice=None,
    )
    return rendering.ObjectScene(**{**settings, **changes})


def test_stripes_and_checks_pixel_by_pixel():
    # a period of 8 pixels from the middle on: 2 of the first tone, 4 of the second, 2 of the first
    row = ([0] * 2 + [1] * 4 + [0] * 2) * 4
    stripes, _ = rendering.draw_scene(scene(textures=np.array(['stripes'])), 32)
    assert stripes[0, 0].tolist() == [row] * 32
    across, _ = rendering.draw_scene(
        scene(textures=np.array(['stripes']), pattern=np.array([[np.pi / 2, 0.25, 0.0]])), 32
    )
    np.testing.assert_allclose(across[0, 0, :, 5], np.roll(row, -2), atol=1e-5)
    checks, _ = rendering.draw_scene(scene(textures=np.array(['checks'])), 32)
    assert checks[0, 0].tolist() == [[a ^ b for b in row] for a in row]


@pytest.mark.parametrize(('texture', 'share'), [('plain', 0), ('stripes', 0.5), ('checks', 0.5), ('dots', 0.342)])
def test_share_of_the_second_tone(texture, share):
    # dots: pi * 0.33^2
    image, _ = rendering.draw_scene(
        scene(textures=np.array([texture]), pattern=np.array([[0.0, 0.1, 0.2]]), period=np.array([0.125])), 128
    )
    assert image.mean().item() == pytest.approx(share, abs=0.01)


def test_noise_texture_interpolates_its_lattice():
    lattice = np.full((1, rendering.LATTICE, rendering.LATTICE), 0.25)
    lattice[0, 0, 0] = 0.75
    image, _ = rendering.draw_scene(scene(textures=np.array(['noise']), lattice=lattice), 64)
    # 16 cells of 4 pixels; pixel (i, j) is (i + 0.5) / 4 from the corner: 0.25 + 0.5 (1 - x)(1 - y), stretched by two
    wanted = [[(1 - (i + 0.5) / 4) * (1 - (j + 0.5) / 4) for j in range(4)] for i in range(4)]
    np.testing.assert_allclose(image[0, 0, :4, :4], wanted, atol=1e-6)
    assert image[0, 0, 4:].max() == 0


def test_shading_brightens_one_side_and_darkens_the_other():
    settings = dict(tones=np.full((1, 2, 1), 0.5), radius=np.array([0.5]))
    image, _ = rendering.draw_scene(scene(shading=np.array([[0.4, 0.0]]), **settings), 32)
    columns = (np.arange(32) + 0.5 - 16) / 16
    np.testing.assert_allclose(image[0, 0, 16, 1:31], 0.5 * (1 + 0.4 * columns[1:31]), atol=1e-6)
    image, _ = rendering.draw_scene(scene(shading=np.array([[0.0, 0.4]]), **settings), 32)
    np.testing.assert_allclose(image[0, 0, 1:31, 16], 0.5 * (1 + 0.4 * columns[1:31]), atol=1e-6)


def test_background_slopes_along_both_axes():
    image, _ = rendering.draw_scene(
        scene(radius=np.array([0.01]), background=np.array([[0.5]]), slope=np.array([[0.1, -0.3]])), 8
    )
    # the centres of the corners' pixels are 7 / 8 of the way to the border
    corners = image[0, 0, [0, 0, -1, -1], [0, -1, 0, -1]]
    wanted = [0.5 + 7 / 8 * (x * 0.1 - y * 0.3) for y, x in ((-1, -1), (-1, 1), (1, -1), (1, 1))]
    np.testing.assert_allclose(corners, wanted, atol=1e-6)


def test_clutter_lies_behind_the_object():
    rectangle = np.array([[[0.25, 0.5, 0.25, 0.5, 0.8]]])
    image, _ = rendering.draw_scene(scene(radius=np.array([0.25]), clutter=rectangle), 32)
    assert image[0, 0, 31, 8:16].tolist() == pytest.approx([0.8] * 8)
    assert image[0, 0, 31].sum().item() == pytest.approx(6.4)
    assert image[0, 0, 15].sum() == 0
    assert image[0, 0, 17, 15] == 0  # black, the object's
