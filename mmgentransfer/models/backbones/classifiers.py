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
