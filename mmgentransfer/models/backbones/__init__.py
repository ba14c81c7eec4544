"""Networks that two or more methods use, one module a family."""

from __future__ import annotations

from .classifiers import DigitClassifier
from .mlp import AnalyticGenerator, MLPCritic, MLPGenerator
from .wgan_gp import WGANGPCritic, WGANGPGenerator
from .wgan_gp_28 import WGANGPCritic28, WGANGPGenerator28

__all__ = [
    'AnalyticGenerator',
    'DigitClassifier',
    'MLPCritic',
    'MLPGenerator',
    'WGANGPCritic',
    'WGANGPCritic28',
    'WGANGPGenerator',
    'WGANGPGenerator28',
]
