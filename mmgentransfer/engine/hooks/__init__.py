"""What happens around the training step."""

from .checkpoint_hook import AtomicCheckpointHook
from .domain_translation_grid_hook import DomainTranslationGridHook
from .ema_hook import EMAHook
from .game_info_hook import GameInfoHook
from .nearest_grid_hook import NearestGridHook
from .progress_hook import ProgressHook
from .sample_grid_hook import SampleGridHook
from .stage_hook import StageHook
from .translation_grid_hook import TranslationGridHook

__all__ = [
    'AtomicCheckpointHook',
    'DomainTranslationGridHook',
    'EMAHook',
    'GameInfoHook',
    'NearestGridHook',
    'ProgressHook',
    'SampleGridHook',
    'StageHook',
    'TranslationGridHook',
]
