"""Packaging of mmgentransfer; tool settings live in ``pyproject.toml``."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r"__version__ = '(.+?)'", (ROOT / 'mmgentransfer' / 'version.py').read_text()).group(1)

REQUIRES = [
    'torch>=2.6',
    'torchvision',
    'onedl-mmengine>=0.10.12',
    'onedl-mmcv>=2.3.6',
    'numpy',
    'opencv-python-headless',
    'pillow>=10.1',
    'pytorch-fid>=0.3',
    'lpips>=0.1.4',
    'scipy',
    'mlxtend',
    'matplotlib',
    'tensorboard',
    'rich',
    'tqdm',
]

setup(
    name='mmgentransfer',
    version=VERSION,
    description='Transfer and representation learning for image generation and image-to-image translation '
    'when data is scarce',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8') if (ROOT / 'README.md').exists() else '',
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=['mmgentransfer', 'mmgentransfer.*']),
    install_requires=REQUIRES,
    extras_require={
        'dev': [
            'pytorch-pretrained-biggan>=0.1.1',
            'pro-gan-pth==2.1.1',
            'pytest',
            'pytest-xdist>=3.7',
            'ruff',
            'pre-commit',
        ]
    },
    entry_points={'console_scripts': ['mmgentransfer=mmgentransfer.cli:main']},
)
