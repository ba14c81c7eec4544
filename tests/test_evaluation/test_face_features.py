"""VGG-Face's features, on a network of its layout but of other sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmgentransfer.evaluation import VGGFaceFeatures, face_features


def test_vgg_face_of_other_sizes(tmp_path, monkeypatch):
    monkeypatch.setattr(face_features, '_BLOCKS', ((1, 2), (1, 3)))
    monkeypatch.setattr(face_features, '_SIDE', 8)
    monkeypatch.setattr(face_features, '_WIDTH', 5)
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.Conv2d(2, 3, 3, padding=1), nn.Linear(12, 5))
    layers.append(nn.Linear(5, 5))
    names = ('conv1_1', 'conv2_1', 'fc6', 'fc7')
    path = tmp_path / 'vgg_face.pth'
    extractor = VGGFaceFeatures(str(path))
    assert 'put the PyTorch conversion of VGG-Face' in extractor.missing()
    state = {f'{n}.{k}': v for n, layer in zip(names, layers, strict=True) for k, v in layer.state_dict().items()}
    torch.save(state | {'fc8.weight': torch.zeros(1)}, path)
    assert extractor.missing() is None
    images = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8)
    x = images.float() - torch.tensor([129.1863, 104.7624, 93.5940])[:, None, None]
    with torch.no_grad():
        maps = layers[:1](x).relu(), layers[:1](x.flip(1)).relu()
        first, second = (layers[1](nn.functional.max_pool2d(m, 2)).relu() for m in maps)
        rgb, bgr = (
            layers[3](layers[2](nn.functional.max_pool2d(m, 2).flatten(1)).relu()).relu() for m in (first, second)
        )
    torch.testing.assert_close(extractor(images)['features'], rgb)
    other = VGGFaceFeatures(str(path), 'bgr')
    torch.testing.assert_close(other(images)['features'], bgr)
    assert extractor.fingerprint() != other.fingerprint()
    torch.save({'fc6.weight': torch.zeros(1)}, path)
    with pytest.raises(ValueError, match="does not hold VGG-Face's layers"):
        VGGFaceFeatures(str(path))(images)
    with pytest.raises(ValueError, match="channel_order='gbr'"):
        VGGFaceFeatures(str(path), 'gbr')
