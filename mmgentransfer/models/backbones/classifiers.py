"""Small classifiers, for the metrics that need features or class rates without an Inception network."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgentransfer.models.layers.inputs import check_images
from mmgentransfer.registry import MODELS


@MODELS.register_module()
class DigitClassifier(BaseModule):
    """Classifier of digits: two 5x5 convolutions with max pooling, a hidden linear layer, dropout and a linear head.

    Weights have PyTorch's default initialisation.

    Args:
        image_size: Side S of the images, a multiple of 4.
        in_channels: Channels C of the images.
        num_classes: Number of classes K.
        width: Channels of the first convolution; the second has 2 times as many, the features F are 8 times as many.
        init_cfg: MMEngine's initialisation config, such as the weights of a trained classifier.

    Raises:
        ValueError: ``image_size`` is no positive multiple of 4.
    """

    def __init__(
        self,
        image_size: int = 28,
        in_channels: int = 1,
        num_classes: int = 10,
        width: int = 32,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if image_size < 4 or image_size % 4:
            raise ValueError(f'image_size={image_size} must be a positive multiple of 4: it is halved twice.')
        self.image_size = image_size
        self.in_channels = in_channels
        self.num_classes = num_classes
        self.feature_size = 8 * width
        self.conv1 = nn.Conv2d(in_channels, width, 5, padding=2)
        self.conv2 = nn.Conv2d(width, 2 * width, 5, padding=2)
        self.hidden = nn.Linear(2 * width * (image_size // 4) ** 2, self.feature_size)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(self.feature_size, num_classes))

    def features(self, images: Tensor) -> Tensor:
        """Maps images (N, C, S, S) in [0, 1] to the non-negative features (N, F) of the hidden layer.

        Raises:
            ValueError: ``images`` have the wrong shape or are no floats.
        """
        check_images(self, images)
        x = F.max_pool2d(F.relu(self.conv1(images)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return F.relu(self.hidden(x.flatten(1)))

    def forward(self, images: Tensor) -> Tensor:
        """Maps images (N, C, S, S) in [0, 1] to class logits (N, K)."""
        return self.head(self.features(images))


@MODELS.register_module()
class ResNet18Classifier(BaseModule):
    """ResNet-18 (He et al., 2016) for photographs: the reference classifier of thesis Table 2.7, which names none.

    It has torchvision's blocks and initialisation, and at ``width=64`` torchvision's tensors in the same order.

    Args:
        image_size: Side S of the images.
        in_channels: Channels C of the images.
        num_classes: Number of classes K.
        width: Channels of the first layers; the features F are 8 times as many.
        init_cfg: MMEngine's initialisation config, such as the weights of a trained classifier.

    Raises:
        ValueError: ``image_size`` is below 32, to which the network reduces it.
    """

    def __init__(
        self,
        image_size: int = 64,
        in_channels: int = 3,
        num_classes: int = 10,
        width: int = 64,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        from torchvision.models.resnet import BasicBlock

        if image_size < 32:
            raise ValueError(f'image_size={image_size} must be at least 32: it is reduced by 32.')
        self.image_size = image_size
        self.in_channels = in_channels
        self.num_classes = num_classes
        self.feature_size = 8 * width
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, width, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        blocks: list[nn.Module] = [BasicBlock(width, width), BasicBlock(width, width)]
        for channels in (width, 2 * width, 4 * width):
            shortcut = nn.Sequential(
                nn.Conv2d(channels, 2 * channels, 1, stride=2, bias=False), nn.BatchNorm2d(2 * channels)
            )
            blocks.append(BasicBlock(channels, 2 * channels, stride=2, downsample=shortcut))
            blocks.append(BasicBlock(2 * channels, 2 * channels))
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(self.feature_size, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')

    def features(self, images: Tensor) -> Tensor:
        """Maps images (N, C, S, S) in [0, 1] to the non-negative features (N, F), means over the last feature map.

        Raises:
            ValueError: ``images`` have the wrong shape or are no floats.
        """
        check_images(self, images)
        return self.blocks(self.stem(images)).mean(dim=(2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Maps images (N, C, S, S) in [0, 1] to class logits (N, K)."""
        return self.head(self.features(images))
