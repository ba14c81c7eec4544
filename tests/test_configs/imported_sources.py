"""The checkpoints of other projects that shipped configs start from, as `mmgentransfer import` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.config import Config

_LSUN = ('livingroom', 'kitchen', 'bridge', 'church', 'car', 'bus')

IMPORTED: dict[str, dict[str, dict[str, Any]]] = {
    'checkpoints/progan_celebahq_1024.pth': dict(
        generator=dict(type='ProGANGenerator', image_size=1024, noise_size=512, out_channels=3),
        critic=dict(type='ProGANDiscriminator', image_size=1024, in_channels=3),
    ),
    'checkpoints/sngan_imagenet_128.pth': dict(
        generator=dict(type='SNGANGenerator', image_size=128, base_channels=64, noise_size=128, num_classes=1000),
        critic=dict(type='SNGANDiscriminator', image_size=128, base_channels=64, num_classes=1000),
    ),
    'checkpoints/biggan_imagenet_128.pth': dict(
        generator=dict(type='BigGANGenerator', image_size=128, base_channels=96, noise_size=120, num_classes=1000),
        critic=dict(type='BigGANDiscriminator', image_size=128, base_channels=96, num_classes=1000),
    ),
    'checkpoints/stylegan_ffhq_256.pth': dict(
        generator=dict(type='StyleGANGenerator', image_size=256, noise_size=512, num_mapping_layers=8, fused_from=128),
        critic=dict(type='StyleGANDiscriminator', image_size=256),
    ),
} | {
    f'checkpoints/progan_lsun_{name}_256.pth': dict(
        generator=dict(type='ProGANGenerator', image_size=256, noise_size=512, out_channels=3),
        critic=dict(type='ProGANDiscriminator', image_size=256, in_channels=3),
    )
    for name in _LSUN
}


def imported_source(checkpoint: str) -> Config | None:
    """Returns a config with the networks of an imported checkpoint, None for another one."""
    if checkpoint not in IMPORTED:
        return None
    moves = [dict(player='critic'), dict(player='generator')]
    losses = dict(adversarial=dict(type='HingeLoss'))
    model = dict(type='TransferGAN', networks=IMPORTED[checkpoint], losses=losses, moves=moves)
    return Config(dict(model=model, work_dir=str(Path(checkpoint).with_suffix(''))))
