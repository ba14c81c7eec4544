"""Pictures of labels, depth and maps, on arrays made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mmgentransfer.models.methods.mmnets.modalities import (
    DepthModality,
    ImageModality,
    MapModality,
    SegmentationModality,
)
from mmgentransfer.visualization.modalities import (
    class_palette,
    colour_labels,
    colour_values,
    draw_modality,
    overlay_values,
    paint_modality,
    value_limits,
    write_above,
)

WHITE = (255, 255, 255)
LOWEST, HIGHEST = (68, 1, 84), (253, 231, 37)  # the ends of viridis


def holds(picture, colour):
    """The number of pixels of a colour."""
    return int((picture == np.array(colour, np.uint8)).all(-1).sum())


def test_labels_have_their_colours_and_ignored_ones_are_white():
    palette = [(1, 2, 3), (40, 50, 60)]
    coloured = colour_labels(np.array([[[0, 1], [255, 1]]], np.uint8), palette)
    assert coloured.dtype == np.uint8
    assert coloured.tolist() == [[[[1, 2, 3], [40, 50, 60]], [[255, 255, 255], [40, 50, 60]]]]
    assert colour_labels(np.array([[-1, 2]]), palette).tolist() == [[[255] * 3, [255] * 3]]


@pytest.mark.parametrize('num', [2, 20, 21, 50])
def test_colours_of_classes_differ(num):
    palette = class_palette(num)
    assert len(set(palette)) == len(palette) == num
    assert WHITE not in palette
    assert class_palette(2) == palette[:2]
    near = min(sum(abs(x - y) for x, y in zip(a, b, strict=True)) for a in palette for b in palette if a != b)
    assert near > 10


def test_values_go_from_end_to_end():
    values = np.array([[1.0, 3.0, 0.0, 9.0, 2.0]])
    coloured = colour_values(values, 1, 3, missing=np.array([[False, False, False, False, True]]))[0]
    assert [tuple(colour) for colour in coloured.tolist()] == [LOWEST, HIGHEST, LOWEST, HIGHEST, WHITE]
    middle = colour_values(np.array([[2.0]]), 1, 3)[0, 0]
    assert tuple(middle) == tuple(colour_values(np.array([[127.5]]), 0, 255)[0, 0])
    assert colour_values(np.array([[5.0, np.nan]]), 5, 5).shape == (1, 2, 3)


@pytest.mark.parametrize('channels', [1, 3])
def test_values_are_laid_over_images_half_transparent(channels):
    images = np.full((1, 1, 2, channels), 100, np.uint8)
    shown = overlay_values(images, np.array([[[0.0, 1.0]]]))
    wanted = [[(100 + part + 1) // 2 for part in colour] for colour in (LOWEST, HIGHEST)]
    assert shown.tolist() == [[wanted]]
    assert shown.dtype == np.uint8


def test_limits():
    depth = np.array([[[0.0, 1.5], [4.0, np.nan]]], np.float32)
    assert value_limits(DepthModality(), depth) == (1.5, 4.0)
    assert value_limits(DepthModality(invalid_value=None), depth) == (0.0, 4.0)
    assert value_limits(DepthModality(), np.zeros((2, 2))) == (0.0, 1.0)
    assert value_limits(MapModality(value_range=(-1, 1)), depth) == (-1, 1)
    assert value_limits(MapModality(channels=3), np.zeros((2, 2, 3))) is None
    assert value_limits(ImageModality(), np.zeros((2, 2, 3), np.uint8)) is None
    assert value_limits(SegmentationModality(3), np.zeros((2, 2), np.uint8)) is None


def test_painting_every_kind():
    rgb = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    np.testing.assert_array_equal(paint_modality(ImageModality(), rgb), rgb)
    grey = np.array([[7, 9]], np.uint8)
    assert paint_modality(ImageModality(channels=1), grey).tolist() == [[[7] * 3, [9] * 3]]
    labels = paint_modality(SegmentationModality(2, palette=[(9, 9, 9), (1, 1, 1)]), np.array([[1, 0]], np.uint8))
    assert labels.tolist() == [[[1] * 3, [9] * 3]]
    depth = paint_modality(DepthModality(), np.array([[0.0, 2.0, 6.0]], np.float32))[0]
    assert [tuple(colour) for colour in depth.tolist()] == [WHITE, LOWEST, HIGHEST]
    fixed = paint_modality(DepthModality(), np.array([[2.0]], np.float32), limits=(1, 2))
    assert tuple(fixed[0, 0]) == HIGHEST
    many = paint_modality(MapModality(3, (-1.0, 1.0)), np.array([[[-1.0, 0.0, 1.0]]]))
    assert many.tolist() == [[[0, 128, 255]]]
    two = paint_modality(MapModality(2, (0.0, 1.0)), np.array([[[1.0, 0.2]]]))
    assert two.tolist() == [[[255, 51, 0]]]


def test_picture_of_labels_has_a_legend_of_what_occurs():
    modality = SegmentationModality(3, class_names=['a', 'b', 'c'], palette=[(200, 0, 0), (0, 200, 0), (0, 0, 200)])
    labels = np.zeros((8, 16), np.uint8)
    labels[:, 8:] = 2
    picture = draw_modality(modality, labels)
    assert picture.shape[0] == 256
    np.testing.assert_array_equal(picture[:, :512], paint_modality(modality, labels).repeat(32, 0).repeat(32, 1))
    legend = picture[:, 512:]
    # squares of 14 pixels with a black border of one
    assert [holds(legend, colour) for colour in modality.palette] == [144, 0, 144]
    wider = draw_modality(SegmentationModality(3, class_names=['a' * 9, 'b', 'c']), labels)
    assert wider.shape[1] > picture.shape[1]
    labels[0, 0] = 255
    assert (draw_modality(modality, labels)[45:65, 512:] == 0).any(), 'a third entry: ignored'


def test_more_classes_than_fit_below_each_other():
    modality = SegmentationModality(40)
    picture = draw_modality(modality, np.arange(40, dtype=np.uint8).repeat(7)[None].repeat(260, 0))
    assert picture.shape[0] == 260
    # grey edges of letters may have a class's colour as well
    assert all(holds(picture[:, 280:], colour) >= 144 for colour in class_palette(40))


def test_picture_of_depth_has_a_colour_bar():
    depth = np.linspace(1, 3, 256 * 256, dtype=np.float32).reshape(256, 256)
    picture = draw_modality(DepthModality(), depth)
    bar = picture[8:-8, 264]
    assert tuple(bar[0]) == HIGHEST
    assert tuple(bar[-1]) == LOWEST
    np.testing.assert_array_equal(picture[:, :256], paint_modality(DepthModality(), depth))
    depth[0, 0] = 0
    assert tuple(draw_modality(DepthModality(), depth)[-9 - 28, 264]) == LOWEST, 'room below for: missing'
    assert draw_modality(DepthModality(), depth, limits=(0, 10))[:, 256:].tolist() != picture[:, 256:].tolist()


@pytest.mark.parametrize(
    ('low', 'high', 'most', 'expected'),
    [
        (0.9, 6.2, 6, [1, 2, 3, 4, 5, 6]),
        (0, 1, 6, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-1, 1, 4, [-1, -0.5, 0, 0.5, 1]),
        (12, 95, 4, [50]),
        (2.5, 2.5, 6, [2.5]),
        (0.31, 0.39, 4, [0.32, 0.34, 0.36, 0.38]),
    ],
)
def test_numbers_beside_the_bar(low, high, most, expected):
    from mmgentransfer.visualization.modalities import _round_numbers

    assert _round_numbers(low, high, most) == pytest.approx(expected)


def test_texts_above_columns():
    picture = np.full((4, 200, 3), 7, np.uint8)
    one = write_above(picture, ['a', 'b'], [0, 100])
    assert one.shape == (24, 200, 3)
    np.testing.assert_array_equal(one[20:], picture)
    assert (one[:20, 100:112] < 128).any()
    assert not (one[:20, 40:100] < 128).any()
    two = write_above(picture, ['a rather long text', 'b'], [0, 50])
    assert two.shape == (44, 200, 3), 'what would overlap goes to a second line'
    assert (two[20:40, 50:62] < 128).any()
