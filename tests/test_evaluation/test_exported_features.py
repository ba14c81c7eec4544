"""Features through a network in a file of torch.export."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmgentransfer.evaluation import ExportedFeatures


def exported(path, network, batch=True):
    shapes = ({0: torch.export.Dim('batch')},) if batch else None
    torch.export.save(torch.export.export(network, (torch.zeros(2, 3, 4, 4),), dynamic_shapes=shapes), path)
    return str(path)


def test_features_by_hand(tmp_path):
    path = exported(tmp_path / 'mean.pt2', nn.Sequential(nn.AdaptiveAvgPool2d(1)).eval())
    images = torch.tensor([[[[0, 200]], [[100, 100]], [[255, 255]]]], dtype=torch.uint8).expand(5, 3, 4, 2)
    extractor = ExportedFeatures(path, 4, mean=[0, 100, 155], std=[100, 1, 50])
    assert extractor.missing() is None
    features = extractor(images)['features']
    torch.testing.assert_close(features, torch.tensor([[1.0, 0.0, 2.0]]).expand(5, 3))
    torch.testing.assert_close(extractor(images[:1])['features'], features[:1])
    grey = ExportedFeatures(path, 4)(torch.full((1, 1, 4, 4), 255, dtype=torch.uint8))['features']
    assert grey.tolist() == [[1.0, 1.0, 1.0]]
    assert extractor.fingerprint() != ExportedFeatures(path, 4).fingerprint()


def test_files_that_do_not_fit_are_named(tmp_path):
    images = torch.zeros(3, 3, 4, 4, dtype=torch.uint8)
    with pytest.raises(FileNotFoundError, match=r'none.pt2 does not exist: write a network there with torch.export'):
        ExportedFeatures(str(tmp_path / 'none.pt2'), 4)(images)
    (tmp_path / 'text.pt2').write_text('no network')
    with pytest.raises(ValueError, match=r'text.pt2 .*is no file of torch.export'):
        ExportedFeatures(str(tmp_path / 'text.pt2'), 4)(images)
    path = exported(tmp_path / 'two.pt2', nn.Flatten().eval(), batch=False)
    with pytest.raises(ValueError, match=r'float images of the shape \(3, 3, 4, 4\).*batches of any size'):
        ExportedFeatures(path, 4)(images)
    with pytest.raises(ValueError, match=r'ExportedFeatures\.std=0 must be above 0'):
        ExportedFeatures(path, 4, std=0)
