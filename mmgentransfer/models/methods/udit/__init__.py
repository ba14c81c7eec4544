"""MUNIT and UDIT, and their networks."""

from .munit import MUNIT, UDIT
from .networks import ContentCode, MUNITContentEncoder, MUNITDecoder, MUNITStyleEncoder
from .pool_index_networks import PoolIndexContentEncoder, PoolIndexDecoder, PoolIndexStyleEncoder

__all__ = [
    'MUNIT',
    'UDIT',
    'ContentCode',
    'MUNITContentEncoder',
    'MUNITDecoder',
    'MUNITStyleEncoder',
    'PoolIndexContentEncoder',
    'PoolIndexDecoder',
    'PoolIndexStyleEncoder',
]
