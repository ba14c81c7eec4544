"""Using a trained model."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmgentransfer.checkpoints import load_checkpoint, resolve_checkpoint
from mmgentransfer.checkpoints.describe import model_type
from mmgentransfer.models.game import AdversarialModel
from mmgentransfer.registry import MODELS

__all__ = ['init_model', 'load_weights']


def init_model(
    config: str | Path | Config | None, checkpoint: str | None = None, device: str = 'cpu'
) -> AdversarialModel:
    """Builds a model and loads a checkpoint into it, ready to ``sample`` or ``translate``.

    Args:
        config: Config file or object; None takes the config that is stored in the checkpoint.
        checkpoint: A file, or the folder of a run (its latest checkpoint); None leaves the initial weights, with what
            the networks' ``init_cfg`` says.
        device: Where the model goes.

    Raises:
        FileNotFoundError: Config or checkpoint doesn't exist.
        ValueError: The checkpoint doesn't fit the config's networks (which tensors).
    """
    if config is None and checkpoint is None:
        raise ValueError('init_model needs a config, a checkpoint, or both')
    loaded = load_checkpoint(checkpoint) if checkpoint is not None else None
    if config is None:
        config = Config.fromstring(loaded['meta']['cfg'], file_format='.py')
    elif not isinstance(config, Config):
        if not Path(config).is_file():
            raise FileNotFoundError(f'there is no config {str(config)!r}')
        config = Config.fromfile(config)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        model: AdversarialModel = MODELS.build(config.model)
        if loaded is None:
            model.init_weights()
        else:
            load_weights(model, loaded, resolve_checkpoint(checkpoint))
    return model.to(device).eval()


def load_weights(model: AdversarialModel, loaded: dict, path: str) -> None:
    """Loads a checkpoint of the same model, moving averages included.

    Args:
        model: Where the weights go.
        loaded: What :func:`load_checkpoint` gave.
        path: Where it came from, for the error.

    Raises:
        ValueError: The checkpoint lacks tensors, has others, or tensors of other shapes.
    """
    state = loaded.get('state_dict', loaded)
    averaged = {key.split('.')[1] for key in state if key.startswith('ema.')}
    model.add_ema(sorted(averaged & set(model.network_names)))  # the others are unknown to the config, as said below
    model.check_weights(state)
    check_fit(model, loaded, path)
    model.load_state_dict(state)


def check_fit(model: AdversarialModel, loaded: dict, path: str) -> None:
    """Checks that a checkpoint has the model's tensors and no others; moving averages that are not added yet may lack.

    Raises:
        ValueError: It has not; the message says which.
    """
    state = loaded.get('state_dict', loaded)
    if not model.ema:
        state = {key: value for key, value in state.items() if not key.startswith('ema.')}
    target = model.state_dict()
    missing = [key for key in target if key not in state]
    unexpected = [key for key in state if key not in target]
    wrong = [
        f'{key}: the checkpoint has {tuple(state[key].shape)}, the config {tuple(target[key].shape)}'
        for key in target
        if key in state and state[key].shape != target[key].shape
    ]
    if missing or unexpected or wrong:
        problems = [*wrong[:5]]
        if missing:
            problems.append(f'missing in the checkpoint: {", ".join(missing[:5])} ({len(missing)} in all)')
        if unexpected:
            problems.append(f'unknown to the config: {", ".join(unexpected[:5])} ({len(unexpected)} in all)')
        kind, own = model_type(loaded.get('meta', {}).get('cfg')), type(model).__name__
        holds = f': it holds a {kind}, and the config is of a {own}' if kind not in (None, own) else ''
        raise ValueError('\n  '.join([f'the checkpoint {path!r} does not fit the config{holds}', *problems]))
