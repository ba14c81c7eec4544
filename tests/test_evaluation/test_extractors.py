"""Inception against pytorch-fid's own network; classifiers from a run of this framework."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmgentransfer.evaluation import ClassifierFeatures, InceptionFeatures
from mmgentransfer.evaluation.extractors import _fid_inception
from mmgentransfer.registry import EXTRACTORS, MODELS

FILE = 'pt_inception-2015-12-05-6726825d.pth'


@pytest.fixture(scope='module')
def random_weights(tmp_path_factory):
    """A file of the published name with random weights, and these weights."""
    torch.manual_seed(0)
    net = _fid_inception()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):  # else they are the identity, and a lost one would not be seen
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
            nn.init.normal_(module.running_mean, std=0.1)
    path = tmp_path_factory.mktemp('hub') / 'checkpoints' / FILE
    path.parent.mkdir()
    torch.save(net.state_dict(), path)
    return path, net.state_dict()


class TestInceptionFeatures:
    def test_missing_names_file_and_folder(self, tmp_path, monkeypatch):
        monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path))
        extractor = EXTRACTORS.build({'type': 'InceptionFeatures'})
        reason = extractor.missing()
        assert FILE in reason
        assert str(tmp_path / 'checkpoints') in reason
        assert '\n' not in reason
        with pytest.raises(FileNotFoundError, match=FILE):
            extractor(torch.zeros(1, 3, 8, 8, dtype=torch.uint8))

    def test_missing_names_the_configured_path(self, tmp_path):
        reason = InceptionFeatures(weights=str(tmp_path / 'sub' / 'mine.pth')).missing()
        assert 'mine.pth' in reason
        assert str(tmp_path / 'sub') in reason

    def test_features_are_those_of_pytorch_fid(self, random_weights, monkeypatch):
        from pytorch_fid import inception

        path, state = random_weights
        monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(path.parents[1]))
        monkeypatch.setattr(inception, 'load_state_dict_from_url', lambda *args, **kwargs: state)
        images = torch.randint(0, 256, (2, 3, 40, 40), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            expected = inception.InceptionV3().eval()(images / 255.0)[0].flatten(1)
        extractor = InceptionFeatures()
        assert extractor.missing() is None
        with pytest.warns(RuntimeWarning, match='not the published file'):
            features = extractor(images)['features']
        assert features.shape == (2, 2048)
        assert features.dtype == torch.float32
        assert features.std() > 1e-3
        torch.testing.assert_close(features, expected, rtol=1e-4, atol=1e-5)
        assert not features.requires_grad

        grey = images[:, :1]
        repeated = extractor(grey.repeat(1, 3, 1, 1))['features']
        torch.testing.assert_close(extractor(grey)['features'], repeated)

    def test_using_it_costs_no_random_numbers(self, random_weights):
        before = torch.get_rng_state()
        with pytest.warns(RuntimeWarning, match='not the published file'):
            InceptionFeatures(str(random_weights[0]))(torch.zeros(1, 3, 8, 8, dtype=torch.uint8))
        assert torch.equal(torch.get_rng_state(), before)

    def test_fingerprint_follows_the_file(self, tmp_path):
        (tmp_path / 'a.pth').write_bytes(b'one')
        (tmp_path / 'b.pth').write_bytes(b'one')
        (tmp_path / 'c.pth').write_bytes(b'two')
        a, b, c = (InceptionFeatures(str(tmp_path / f'{name}.pth')).fingerprint() for name in 'abc')
        assert a == b != c

    def test_another_network_in_the_file(self, tmp_path):
        torch.save({'weight': torch.zeros(2)}, tmp_path / 'x.pth')
        with pytest.raises(ValueError, match=r"x\.pth .* does not hold pytorch-fid's network"):
            InceptionFeatures(str(tmp_path / 'x.pth'))(torch.zeros(1, 3, 8, 8, dtype=torch.uint8))


class TestClassifierFeatures:
    config = {'type': 'TinyClassifier'}

    def save(self, path, seed=0):
        torch.manual_seed(seed)
        net = MODELS.build(self.config).eval()
        state = {f'classifier.{key}': value for key, value in net.state_dict().items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({'state_dict': state}, path)
        return net

    def test_features_and_logits(self, tmp_path):
        net = self.save(tmp_path / 'c.pth')
        images = torch.randint(0, 256, (5, 1, 4, 4), dtype=torch.uint8)
        out = ClassifierFeatures(self.config, str(tmp_path / 'c.pth'), value_range=(-1.0, 1.0))(images)
        with torch.no_grad():
            torch.testing.assert_close(out['features'], net.features(images / 127.5 - 1), rtol=1e-4, atol=1e-5)
            # A dropout layer left on would show here.
            torch.testing.assert_close(out['logits'], net(images / 127.5 - 1), rtol=1e-4, atol=1e-5)

    def test_a_run_folder(self, tmp_path):
        net = self.save(tmp_path / 'run' / 'iter_20.pth')
        extractor = EXTRACTORS.build(
            {'type': 'ClassifierFeatures', 'classifier': self.config, 'checkpoint': str(tmp_path / 'run')}
        )
        assert extractor.missing() is None
        images = torch.full((1, 1, 4, 4), 255, dtype=torch.uint8)
        with torch.no_grad():
            torch.testing.assert_close(extractor(images)['logits'], net(torch.ones(1, 1, 4, 4)))

    def test_missing(self, tmp_path):
        path = str(tmp_path / 'nothing')
        before = torch.get_rng_state()
        extractor = ClassifierFeatures(self.config, path, hint='train it with tools/train.py digits.py')
        assert torch.equal(torch.get_rng_state(), before)
        assert path in extractor.missing()
        assert extractor.missing().endswith('train it with tools/train.py digits.py')
        assert 'TinyClassifier' in ClassifierFeatures(self.config, path).missing()
        with pytest.raises(FileNotFoundError):
            extractor(torch.zeros(1, 1, 4, 4, dtype=torch.uint8))

    def test_fingerprint(self, tmp_path):
        self.save(tmp_path / 'a.pth', seed=0)
        self.save(tmp_path / 'b.pth', seed=0)
        self.save(tmp_path / 'c.pth', seed=1)

        def fingerprint(name, **kwargs):
            return ClassifierFeatures(self.config, str(tmp_path / name), **kwargs).fingerprint()

        assert fingerprint('a.pth') == fingerprint('b.pth')
        assert fingerprint('a.pth') != fingerprint('c.pth')
        assert fingerprint('a.pth') != fingerprint('a.pth', value_range=(-1, 1))

    def test_a_checkpoint_of_another_network(self, tmp_path):
        self.save(tmp_path / 'c.pth')
        extractor = ClassifierFeatures({'type': 'TinyClassifier', 'num_classes': 7}, str(tmp_path / 'c.pth'))
        with pytest.raises(ValueError, match=r"c\.pth .*prefix 'classifier'.* does not fit"):
            extractor(torch.zeros(1, 1, 4, 4, dtype=torch.uint8))

    def test_value_range(self, tmp_path):
        with pytest.raises(ValueError, match=r'value_range.*\(1, -1\)'):
            ClassifierFeatures(self.config, str(tmp_path), value_range=(1, -1))
