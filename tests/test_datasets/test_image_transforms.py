from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from mmgentransfer.datasets.transforms import decode_image, resize_image, resize_to_size
from mmgentransfer.registry import TRANSFORMS

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def test_rgb_and_grey_files(tmp_path):
    colours = np.array([[RED, GREEN], [BLUE, WHITE]], np.uint8)
    Image.fromarray(colours).save(tmp_path / 'rgb.png')
    np.testing.assert_array_equal(decode_image(tmp_path / 'rgb.png'), colours)
    # ITU-R 601: 0.299 R + 0.587 G + 0.114 B
    np.testing.assert_array_equal(decode_image(tmp_path / 'rgb.png', 1)[..., 0], [[76, 150], [29, 255]])
    Image.fromarray(np.array([[7, 200]], np.uint8)).save(tmp_path / 'grey.png')
    np.testing.assert_array_equal(decode_image(tmp_path / 'grey.png'), [[[7] * 3, [200] * 3]])
    np.testing.assert_array_equal(decode_image(tmp_path / 'grey.png', 1), [[[7], [200]]])
    Image.fromarray(np.array([[True, False]])).save(tmp_path / 'bits.png')
    np.testing.assert_array_equal(decode_image(tmp_path / 'bits.png', 1), [[[255], [0]]])


def test_palette_is_looked_up(tmp_path):
    image = Image.new('P', (3, 1))
    image.putpalette([*RED, 10, 20, 30])
    image.putdata([1, 0, 1])
    image.save(tmp_path / 'palette.png')
    np.testing.assert_array_equal(decode_image(tmp_path / 'palette.png'), [[(10, 20, 30), RED, (10, 20, 30)]])
    image.save(tmp_path / 'transparent.png', transparency=0)
    np.testing.assert_array_equal(decode_image(tmp_path / 'transparent.png'), [[(10, 20, 30), WHITE, (10, 20, 30)]])


def test_transparency_is_laid_over_white(tmp_path):
    rgba = np.array([[(*RED, 255), (*RED, 0), (0, 0, 0, 51)]], np.uint8)
    Image.fromarray(rgba).save(tmp_path / 'rgba.png')
    # 255 * (1 - 51 / 255) = 204
    np.testing.assert_array_equal(decode_image(tmp_path / 'rgba.png'), [[RED, WHITE, (204, 204, 204)]])
    np.testing.assert_array_equal(decode_image(tmp_path / 'rgba.png', 1)[0, :, 0], [76, 255, 204])
    Image.fromarray(np.array([[(90, 255), (90, 0)]], np.uint8), 'LA').save(tmp_path / 'la.png')
    np.testing.assert_array_equal(decode_image(tmp_path / 'la.png', 1)[0, :, 0], [90, 255])


def test_16_bit_values_keep_their_high_byte(tmp_path):
    values = np.array([[0, 255, 256, 0x1234, 65535]], np.uint16)
    cv2.imwrite(str(tmp_path / 'grey16.png'), values)
    assert Image.open(tmp_path / 'grey16.png').mode.startswith('I')
    np.testing.assert_array_equal(decode_image(tmp_path / 'grey16.png', 1)[0, :, 0], [0, 0, 1, 0x12, 255])
    np.testing.assert_array_equal(decode_image(tmp_path / 'grey16.png')[0, :, 2], [0, 0, 1, 0x12, 255])
    cv2.imwrite(str(tmp_path / 'bgr16.png'), np.array([[[0x0A00, 0x1234, 65535]]], np.uint16))
    np.testing.assert_array_equal(decode_image(tmp_path / 'bgr16.png'), [[(255, 0x12, 0x0A)]])


@pytest.mark.parametrize('suffix', ['png', 'webp'])
def test_exif_orientation_is_applied(tmp_path, suffix):
    # the camera was held so that the picture's top is the stored left side: orientation 6, turn clockwise to see it
    stored = np.array([[RED, GREEN, BLUE]], np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(stored).save(tmp_path / f'a.{suffix}', exif=exif, lossless=True)
    seen = decode_image(tmp_path / f'a.{suffix}')
    assert seen.shape == (3, 1, 3)
    np.testing.assert_array_equal(seen[:, 0], [RED, GREEN, BLUE])


def test_exif_orientation_of_jpeg_and_of_16_bits(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    grey = np.zeros((16, 16), np.uint8)
    grey[:8] = 255
    Image.fromarray(grey).save(tmp_path / 'a.jpg', exif=exif, quality=95)
    seen = decode_image(tmp_path / 'a.jpg', 1)[..., 0]
    assert seen[:8].max() < 8
    assert seen[8:].min() > 247
    Image.fromarray(np.array([[0x0100, 0x0200]], np.uint16)).save(tmp_path / 'b.png', exif=exif)
    np.testing.assert_array_equal(decode_image(tmp_path / 'b.png', 1)[0, :, 0], [2, 1])


def test_reasons_for_refusing_a_file(tmp_path):
    image = Image.fromarray(np.random.RandomState(0).randint(0, 256, (64, 64, 3), dtype=np.uint8))
    (tmp_path / 'empty.png').touch()
    (tmp_path / 'text.png').write_text('not an image at all')
    cases = {'empty.png': '^zero bytes$', 'text.png': '^not an image$', 'gone.png': '^No such file or directory$'}
    for suffix in ('jpg', 'png', 'bmp', 'webp'):
        image.save(tmp_path / f'whole.{suffix}')
        data = (tmp_path / f'whole.{suffix}').read_bytes()
        (tmp_path / f'cut.{suffix}').write_bytes(data[: len(data) // 2])
        cases[f'cut.{suffix}'] = 'truncated|damaged|not an image'
    data = bytearray((tmp_path / 'whole.png').read_bytes())
    data[60] ^= 0xFF
    (tmp_path / 'flipped.png').write_bytes(data)
    cases['flipped.png'] = 'damaged'
    for name, reason in cases.items():
        with pytest.raises(ValueError, match=reason):
            decode_image(tmp_path / name)


def test_decode_image_transform_is_bgr(tmp_path):
    Image.fromarray(np.array([[RED, (1, 2, 3)]], np.uint8)).save(tmp_path / 'a.png')
    results = TRANSFORMS.build({'type': 'DecodeImage'})({'img_path': str(tmp_path / 'a.png')})
    np.testing.assert_array_equal(results['img'], [[(0, 0, 255), (3, 2, 1)]])
    assert results['img_shape'] == results['ori_shape'] == (1, 2)


def test_shrinking_averages_areas():
    image = np.array([[0, 8, 100, 104], [16, 24, 108, 112]], np.uint8)[..., None]
    np.testing.assert_array_equal(resize_image(image, 1, 2)[..., 0], [[12, 106]])
    # 3 to 2: a pixel and half of the next one, (0 + 0.5 * 30) / 1.5 and (0.5 * 30 + 90) / 1.5
    np.testing.assert_array_equal(resize_image(np.array([[[0], [30], [90]]], np.uint8), 1, 2)[0, :, 0], [10, 70])


def test_one_side_shrinks_by_area_while_the_other_grows():
    image = np.repeat(np.array([[0, 8], [16, 24]], np.uint8)[:, :, None], 3, 2)
    tall = resize_image(image, 4, 1)
    assert tall.shape == (4, 1, 3)
    expected = cv2.resize(np.array([[4], [20]], np.uint8), (1, 4), interpolation=cv2.INTER_LANCZOS4)
    np.testing.assert_array_equal(tall[..., 0], expected)


def test_growing_interpolates_smoothly():
    assert (resize_image(np.full((3, 3, 1), 77, np.uint8), 9, 9) == 77).all()
    ramp = resize_image(np.arange(0, 240, 10, dtype=np.uint8)[None, :, None].repeat(24, 0), 48, 48)[24, 12:36, 0]
    # pixel x of 48 lies at (x + 0.5) / 2 - 0.5 of 24: a ramp stays one
    np.testing.assert_allclose(ramp, 10 * ((np.arange(12, 36) + 0.5) / 2 - 0.5), atol=1)


def test_crop_takes_the_centre():
    wide = np.arange(7, dtype=np.uint8)[None, :, None].repeat(4, 0)
    # 3 columns to spare: 1 before, 2 after
    np.testing.assert_array_equal(resize_to_size(wide, 4)[0, :, 0], [1, 2, 3, 4])
    np.testing.assert_array_equal(resize_to_size(wide.transpose(1, 0, 2), 4)[:, 0, 0], [1, 2, 3, 4])
    # 4 x 8 is halved to 2 x 4 before its middle is cut out
    halved = resize_to_size(np.arange(0, 80, 10, dtype=np.uint8)[None, :, None].repeat(4, 0), 2)
    np.testing.assert_array_equal(halved[..., 0], [[25, 45], [25, 45]])


def test_crop_to_a_rectangle_takes_the_largest_part_in_its_proportions():
    wide = np.arange(0, 80, 10, dtype=np.uint8)[None, :, None].repeat(4, 0)  # 4 x 8, halved to 2 x 4
    np.testing.assert_array_equal(resize_to_size(wide, (2, 3))[0, :, 0], [5, 25, 45])
    np.testing.assert_array_equal(resize_to_size(wide, [2, 4])[0, :, 0], [5, 25, 45, 65])
    tall = resize_to_size(wide.transpose(1, 0, 2), (3, 2))
    np.testing.assert_array_equal(tall[:, 0, 0], [5, 25, 45])
    assert resize_to_size(wide, (5, 4), 'stretch').shape == (5, 4, 1)


def test_stretch_keeps_the_whole_image():
    wide = np.arange(0, 80, 10, dtype=np.uint8)[None, :, None].repeat(4, 0)
    np.testing.assert_array_equal(resize_to_size(wide, 2, 'stretch')[..., 0], [[15, 55], [15, 55]])


@pytest.mark.parametrize(('height', 'width'), [(65, 66), (1, 9), (9, 1), (63, 100), (64, 65), (200, 133)])
def test_every_shape_becomes_the_square(height, width):
    for channels in (1, 3):
        for mode in ('crop', 'stretch'):
            image = np.full((height, width, channels), 9, np.uint8)
            square = resize_to_size(image, 64, mode)
            assert square.shape == (64, 64, channels)
            assert (square == 9).all()


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'size': 0}, r'size 0 .*dataset\.image_size'),
        ({'size': [4, 5, 6]}, r'size \[4, 5, 6\] .*a side or \(height, width\)'),
        ({'size': 4, 'mode': 'pad'}, r"'pad' \(dataset\.resize\)"),
    ],
)
def test_resize_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build({'type': 'ResizeToSize', **arguments})
