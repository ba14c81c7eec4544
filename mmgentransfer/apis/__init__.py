"""What a user imports."""

from .check_data import check_data
from .import_checkpoint import import_checkpoint, known_importers
from .inference import init_model
from .preferences import PreferenceScores, export_pairs, score_pairs
from .quickstart import run_quickstart
from .select_source import SourceModel, select_source, start_from
from .sweep import FailedRunError, plan_sweep, run_sweep
from .train import describe, dry_run, evaluate, load_config, train
from .translate import file_readers, translate_files

__all__ = [
    'FailedRunError',
    'PreferenceScores',
    'SourceModel',
    'check_data',
    'describe',
    'dry_run',
    'evaluate',
    'export_pairs',
    'file_readers',
    'import_checkpoint',
    'init_model',
    'known_importers',
    'load_config',
    'plan_sweep',
    'run_quickstart',
    'run_sweep',
    'score_pairs',
    'select_source',
    'start_from',
    'train',
    'translate_files',
]
