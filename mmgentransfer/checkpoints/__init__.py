"""Reading and writing checkpoints, and starting networks from them."""

from .files import (
    AtomicLocalBackend,
    atomic_write,
    best_checkpoint,
    latest_checkpoint,
    load_checkpoint,
    load_state_dict,
    resolve_checkpoint,
)
from .transfer import STRATEGIES, TransferredWeights, TransferReport

__all__ = [
    'STRATEGIES',
    'AtomicLocalBackend',
    'TransferReport',
    'TransferredWeights',
    'atomic_write',
    'best_checkpoint',
    'latest_checkpoint',
    'load_checkpoint',
    'load_state_dict',
    'resolve_checkpoint',
]
