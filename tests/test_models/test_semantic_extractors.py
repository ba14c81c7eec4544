"""Semantic extractors: layers, reduction, weights."""

from __future__ import annotations

import pytest
import torch
from torchvision.models import resnet18, vgg16

from mmgentransfer.evaluation.image_distances import ExtractorDistance
from mmgentransfer.models.semantic_extractors import (
    ReducedSemanticExtractor,
    SmallConvBackbone,
    TorchvisionBackbone,
    VGGFaceBackbone,
)


def size(network):
    return sum(p.numel() for p in network.parameters())


def small(**options):
    return ReducedSemanticExtractor(dict(type='SmallConvBackbone'), image_size=16, num_classes=2, **options)


def test_sizes_of_the_small_network():
    assert size(SmallConvBackbone()) == 6032
    network = small(reduce_dim=8)
    assert size(network.reduction) == 264
    assert size(network.head) == 258
    assert network.out_shape == (8, 4, 4)
    assert small().out_shape == (32, 4, 4)
    assert size(small(reduce_dim=8, head='pool').head) == 18


def test_sizes_of_vgg16_at_128():
    with torch.device('meta'):
        network = ReducedSemanticExtractor(
            dict(type='TorchvisionBackbone', weights=None), reduce_dim=16, num_classes=2, image_size=128
        )
    assert size(network.backbone) == 14_714_688
    assert size(network.reduction) == 8208
    assert size(network.head) == 2050
    assert network.out_shape == (16, 8, 8)


def test_maps_are_the_layer_reduced_without_activation():
    torch.manual_seed(0)
    network, images = small(reduce_dim=2), torch.rand(3, 3, 16, 16)
    network.reduction.bias.data.fill_(-1.0)
    layer = network.backbone.net(2 * images - 1)
    expected = torch.einsum('dc,nchw->ndhw', network.reduction.weight[:, :, 0, 0], layer)
    expected = expected + network.reduction.bias[:, None, None]
    torch.testing.assert_close(network.maps(images), expected)
    assert network.maps(images).min() < 0
    torch.testing.assert_close(network(images), network.head(expected.flatten(1)))


def test_without_reduction_the_head_sees_no_negative_value():
    network = ReducedSemanticExtractor(dict(type='SmallConvBackbone', layer='conv2'), image_size=16, num_classes=2)
    images = torch.rand(2, 3, 16, 16)
    assert network.maps(images).min() < 0
    torch.testing.assert_close(network.features(images), network.maps(images).clamp(min=0).flatten(1))


def test_distances_look_at_each_relu_once():
    distance = ExtractorDistance('net', small().features)
    layers = distance.describe(torch.rand(2, 3, 16, 16))
    assert [tuple(layer.shape[1:]) for layer in layers] == [(8, 16, 16), (16, 8, 8), (32, 4, 4)]


def test_images_are_resized():
    network = ReducedSemanticExtractor(dict(type='SmallConvBackbone'), image_size=16, input_size=32)
    assert network.out_shape == (32, 8, 8)
    assert network.maps(torch.rand(1, 3, 16, 16)).shape == (1, 32, 8, 8)
    assert network.maps(torch.rand(1, 3, 16, 32)).shape == (1, 32, 8, 8)  # of the right width, but not high enough


def test_unknown_layers_are_answered_by_the_known_ones():
    with pytest.raises(ValueError, match=r"layer='relu9' is unknown.*Its layers: conv1, relu1, pool1, conv2"):
        SmallConvBackbone(layer='relu9')
    with pytest.raises(ValueError, match=r"layer='relu5_4' is unknown.*relu5_3.*conv1_1, relu1_1, conv1_2"):
        TorchvisionBackbone(layer='relu5_4', weights=None)
    with pytest.raises(ValueError, match=r"Did you mean 'relu5_3'"):
        VGGFaceBackbone(layer='relu_53')
    with pytest.raises(ValueError, match=r"no classifier 'resnet19'.*resnet18"):
        TorchvisionBackbone(arch='resnet19')


def test_torchvisions_weights(tmp_path):
    torch.manual_seed(0)
    source = resnet18().eval()
    path = tmp_path / 'resnet18.pth'
    torch.save(source.state_dict(), path)
    network = ReducedSemanticExtractor(
        dict(type='TorchvisionBackbone', arch='resnet18', layer='layer1', weights=str(path)), image_size=32
    ).eval()
    assert network.random_parts == []
    network._dump_init_info = lambda: None
    network.init_weights()
    images = torch.rand(2, 3, 32, 32)
    mean, std = torch.tensor([0.485, 0.456, 0.406])[:, None, None], torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    x = source.maxpool(source.relu(source.bn1(source.conv1((images - mean) / std))))
    torch.testing.assert_close(network.maps(images), source.layer1(x))
    assert size(network) < size(source) / 50  # what the layer does not need is not there


def test_layers_of_a_vgg_by_their_usual_names():
    with torch.device('meta'):
        torchvision = vgg16().features
        for layer, index in (('relu5_3', 29), ('pool5', 30), ('conv3_1', 10), ('relu1_1', 1)):
            network = TorchvisionBackbone(layer=layer, weights=None)
            assert size(network) == sum(p.numel() for p in torchvision[: index + 1].parameters())
            assert [*network.net.modules()][-1].__class__ is torchvision[index].__class__


def test_vgg_face(tmp_path):
    network = VGGFaceBackbone(layer='relu1_2', weights=str(tmp_path / 'vgg_face.pth'))
    with pytest.raises(FileNotFoundError, match=r'vgg_face\.pth.*VGGFaceBackbone\.weights.*vgg_face_dag'):
        network.load_weights()
    torch.manual_seed(0)
    whole = VGGFaceBackbone(layer='pool5')
    torch.save({**whole.net.state_dict(), 'fc8.bias': torch.zeros(2622)}, tmp_path / 'vgg_face.pth')
    network.load_weights()
    images = torch.rand(1, 3, 8, 8)
    pixels = 255 * images - torch.tensor([129.1863, 104.7624, 93.5940])[:, None, None]
    torch.testing.assert_close(network(images), whole.net[:4](pixels), rtol=1e-4, atol=1e-4)
    assert size(whole) == 14_714_688
    torch.save({'conv1_1.weight': torch.zeros(1)}, tmp_path / 'vgg_face.pth')
    with pytest.raises(ValueError, match=r"lacks \['conv1_1.bias', 'conv1_2.weight'"):
        network.load_weights()


def test_vgg_faces_features():
    with torch.device('meta'):
        network = VGGFaceBackbone(layer='relu7')
        assert network(torch.empty(1, 3, 224, 224)).shape == (1, 4096)


def test_missing_weights_are_named():
    network = ReducedSemanticExtractor(
        dict(type='TorchvisionBackbone', arch='resnet18', layer='layer1', weights='nowhere.pth'), image_size=32
    )
    with pytest.raises(FileNotFoundError, match=r'nowhere\.pth, the weights of resnet18: put'):
        network.init_weights()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(reduce_dim=0), 'reduce_dim=0 must be at least 1'),
        (dict(head='linear'), "head='linear' is unknown"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)


def test_without_a_head_it_does_not_classify():
    network = ReducedSemanticExtractor(dict(type='SmallConvBackbone'), image_size=16)
    with pytest.raises(ValueError, match='num_classes is None'):
        network(torch.rand(1, 3, 16, 16))
