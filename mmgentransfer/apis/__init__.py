"""What a user imports."""

from .inference import init_model
from .train import describe, dry_run, evaluate, load_config, train

__all__ = ['describe', 'dry_run', 'evaluate', 'init_model', 'load_config', 'train']
