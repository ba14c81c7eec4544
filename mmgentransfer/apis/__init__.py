"""What a user imports."""

from .biased_sets import BiasedSet, load_biased_set, make_biased_sets
from .check_data import check_data
from .choose_reduction import ReductionChoice, choose_from_sweep
from .import_checkpoint import import_checkpoint, known_importers
from .inference import init_model
from .preferences import PreferenceScores, export_pairs, score_pairs
from .quickstart import run_quickstart
from .select_source import SourceModel, select_source, start_from
from .sweep import FailedRunError, plan_sweep, run_sweep
from .train import describe, dry_run, evaluate, load_config, train
from .translate import file_readers, translate_files
from .translate_domains import (
    blend_with_input,
    compare_translations,
    interpolate_codes,
    interpolate_labels,
    translate_images,
)
from .translation_inputs import read_inputs, read_labels, trained_size

__all__ = [
    'BiasedSet',
    'FailedRunError',
    'PreferenceScores',
    'ReductionChoice',
    'SourceModel',
    'blend_with_input',
    'check_data',
    'choose_from_sweep',
    'compare_translations',
    'describe',
    'dry_run',
    'evaluate',
    'export_pairs',
    'file_readers',
    'import_checkpoint',
    'init_model',
    'interpolate_codes',
    'interpolate_labels',
    'known_importers',
    'load_biased_set',
    'load_config',
    'make_biased_sets',
    'plan_sweep',
    'read_inputs',
    'read_labels',
    'run_quickstart',
    'run_sweep',
    'score_pairs',
    'select_source',
    'start_from',
    'train',
    'trained_size',
    'translate_files',
    'translate_images',
]
