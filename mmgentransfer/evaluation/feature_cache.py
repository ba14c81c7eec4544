"""Features of image sets, kept on disk between runs."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
import zipfile
from pathlib import Path

import numpy as np

from mmgentransfer.checkpoints import atomic_write

CACHE_VARIABLE = 'MMGENTRANSFER_CACHE'


def default_cache_dir() -> Path:
    """Returns the folder that the environment variable ``MMGENTRANSFER_CACHE`` names, or ``~/.cache/mmgentransfer``."""
    return Path(os.environ.get(CACHE_VARIABLE) or '~/.cache/mmgentransfer').expanduser()


def file_hash(path: Path) -> str:
    """Returns the SHA-256 of a file, read a piece at a time."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class ContentHash:
    """Hash of a sequence of images, independent of how it is split into batches.

    Attributes:
        count: Number of images so far.
        image_shape: Their shape (C, H, W), or None before the first.
    """

    def __init__(self) -> None:
        self.count = 0
        self.image_shape: tuple[int, ...] | None = None
        self._digest = hashlib.sha256()

    def update(self, images: np.ndarray) -> None:
        """Adds uint8 images (N, C, H, W).

        Raises:
            ValueError: Their shape differs from that of the images before.
        """
        if self.image_shape not in (None, images.shape[1:]):
            raise ValueError(f'images of one set must have one shape; got {self.image_shape} and {images.shape[1:]}')
        self.image_shape = images.shape[1:]
        self.count += len(images)
        self._digest.update(np.ascontiguousarray(images))

    def key(self, fingerprint: str) -> str:
        """Returns the key of these images seen through the extractor with this ``fingerprint``."""
        digest = self._digest.copy()
        digest.update(f'|{self.count}|{self.image_shape}|{fingerprint}'.encode())
        return digest.hexdigest()


class FeatureCache:
    """Files of features, one for each set of images and extractor.

    A folder that can't be written and a file that can't be read cost time, never the run: they give a warning.

    Args:
        folder: Where the files lie; made when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Returns the file of ``key``."""
        return self.folder / f'features-{key}.npz'

    def load(self, key: str, count: int) -> dict[str, np.ndarray] | None:
        """Returns the arrays kept under ``key``, or None if there are none of ``count`` rows that can be read."""
        path = self.path(key)
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
            warnings.warn(f'the cached features {path} can not be read: {error}', RuntimeWarning, stacklevel=2)
            return None
        if not {'features'} <= set(arrays) <= {'features', 'logits'} or {len(a) for a in arrays.values()} != {count}:
            warnings.warn(f'the cached features {path} are not those of {count} images', RuntimeWarning, stacklevel=2)
            return None
        return arrays

    def save(self, key: str, arrays: dict[str, np.ndarray]) -> None:
        """Keeps ``arrays`` under ``key``; another process never sees a half-written file."""
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        try:
            atomic_write(self.path(key), buffer.getbuffer())
        except OSError as error:
            warnings.warn(f'features can not be cached in {self.folder}: {error}', RuntimeWarning, stacklevel=2)
