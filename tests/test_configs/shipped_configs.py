"""The shipped configs, and how an experiment is made small enough to be trained in a test."""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from imported_sources import imported_source
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmgentransfer.apis import load_config
from mmgentransfer.apis.sweep import load_sweep
from mmgentransfer.registry import MODELS

ROOT = Path(__file__).parents[2]
FILES = sorted(
    p for p in (ROOT / 'configs').rglob('*.py') if '_base_' not in p.parts and p.name != 'default_runtime.py'
)
SWEEPS = [path for path in FILES if re.search(r'^rows = ', path.read_text(encoding='utf-8'), re.MULTILINE)]
EXPERIMENTS = [path for path in FILES if path not in SWEEPS]

# What makes a network small; a model that stays larger than this allows lacks its networks' types here.
SMALL = {
    'WGANGPGenerator': dict(base_channels=4),
    'WGANGPCritic': dict(base_channels=4),
    'WGANGPGenerator28': dict(dim=4),
    'WGANGPCritic28': dict(dim=4),
    'ProGANGenerator': dict(base_channels=64, max_channels=8, noise_size=16),
    'ProGANDiscriminator': dict(base_channels=64, max_channels=8),
    'SNGANGenerator': dict(base_channels=4),
    'SNGANDiscriminator': dict(base_channels=4),
    'BigGANGenerator': dict(base_channels=4),
    'BigGANDiscriminator': dict(base_channels=4),
    'StyleGANGenerator': dict(base_channels=64, max_channels=8, noise_size=16),
    'StyleGANDiscriminator': dict(base_channels=64, max_channels=8),
    'DigitClassifier': dict(width=2),
    'SegNetEncoder': dict(stage_channels=(4, 8, 8), stage_blocks=(1, 2, 1), pretrained=None),
    'SegNetDecoder': dict(stage_channels=(4, 8, 8), stage_blocks=(1, 2, 1)),
    'RGBDecoder': dict(stage_channels=(4, 8, 8), channels=None),
    'RGBDiscriminator': dict(channels=(4, 8, 8)),
    'PoolResEncoder': dict(base_channels=4, num_res=1, kernel=3, res_kernel=None),
    'UnpoolResDecoder': dict(base_channels=4, num_res=1, kernel=3, res_kernel=None),
    'PatchDiscriminator': dict(base_channels=2),
    'ResNetGenerator': dict(base_channels=4, num_blocks=1),
    'UNetGenerator': dict(base_channels=4, num_downs=4),
    'PatchGANDiscriminator': dict(base_channels=4),
    'StarGANGenerator': dict(base_channels=4, num_blocks=1),
    'StarGANDiscriminator': dict(base_channels=4, num_downs=3),
    'MultiScaleDiscriminator': dict(base_channels=4, num_layers=2, num_scales=2),
    'MUNITContentEncoder': dict(base_channels=4, num_downs=1, num_res=1),
    'MUNITStyleEncoder': dict(base_channels=4, num_downs=2),
    'MUNITDecoder': dict(base_channels=4, num_ups=1, num_res=1, mlp_channels=8),
    'PoolIndexContentEncoder': dict(base_channels=4, num_res=1, kernel=3, res_kernel=3),
    'PoolIndexStyleEncoder': dict(base_channels=4),
    'PoolIndexDecoder': dict(base_channels=4, num_res=1, kernel=3, res_kernel=3, mlp_channels=8),
    'DRITContentEncoder': dict(base_channels=4, num_blocks=1),
    'DRITAttributeEncoder': dict(base_channels=4, num_downs=2),
    'DRITGeneratorConcat': dict(base_channels=4, num_blocks=1),
    'DRITGeneratorFeatureWise': dict(base_channels=4, num_blocks=1, hidden=8),
    'DRITContentDiscriminator': dict(content_size=8, kernel=3, num_downs=2),  # 32 halved twice, 16 once
    'IcGANGenerator': dict(base_channels=2),
    'IcGANDiscriminator': dict(base_channels=2),
    'IcGANEncoder': dict(base_channels=2, hidden=16),
    'PatchFeatureHeads': dict(taps=['down1', 'block1'], channels=[8, 16], width=8),
    'NICEGANGenerator': dict(in_channels=8, base_channels=4, num_blocks=1),
    'NICEGANDiscriminator': dict(base_channels=4, local_downs=0, global_downs=1),
    'StarGANv2Generator': dict(base_channels=4, max_channels=8, style_dim=8),
    'StarGANv2MappingNetwork': dict(width=4, style_dim=8),
    'StarGANv2StyleEncoder': dict(base_channels=4, max_channels=8, style_dim=8),
    'StarGANv2Discriminator': dict(base_channels=4, max_channels=8),
    'SDITGenerator': dict(base_channels=2),
    'SDITDiscriminator': dict(base_channels=4, num_layers=3),
    'ResNet18Classifier': dict(width=2),
    'PerceptualLoss': dict(loss_weight=0),  # its weights are a file that the machine does not have
}
WIDE_NOISE, SMALL_NOISE = 512, 16  # width of z where a type above has a noise_size, and with it that of its miner
MANY_CLASSES, FEW_CLASSES = 1000, 10  # those of ImageNet become as few as the other
TRANSLATED_CLASSES = 3  # those of a translator between hundreds
LARGE_SIDE, SMALL_SIDE = 64, 32  # images that are larger than the one become as small as the other
MOST_PARAMETERS = 200_000
BATCH = 4  # images of one update
FEW = 8  # images of a part of a data set
MOST_TARGETS = 12  # of translations that are scored
SOURCE_SEED = 20_000


def name_of(path: Path) -> str:
    return path.relative_to(ROOT / 'configs').with_suffix('').as_posix()


def dicts_in(node: Any) -> Iterator[dict]:
    """Yields every dict of a nested config, itself included."""
    if isinstance(node, Mapping):
        yield node
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for value in node:
            yield from dicts_in(value)


def transfers_in(model: Config) -> list[tuple[str, dict, dict]]:
    """Returns (name in the model, network's config, its transfer) for every network that starts from a checkpoint."""
    found = []
    for name, network in (model.get('networks') or {}).items():
        if network is None:  # one that the method does without
            continue
        if isinstance(network, Mapping) and 'type' in network:
            members = [(name, network)]
        else:
            named = network.items() if isinstance(network, Mapping) else enumerate(network)
            members = [(f'{name}.{key}', member) for key, member in named]
        found += [
            (key, part, init)
            for member_key, member in members
            for key, part in parts_of(member_key, member)
            for init in dicts_in(part.get('init_cfg'))
            if init.get('type') == 'TransferredWeights'
        ]
    return found


def parts_of(name: str, network: Mapping) -> Iterator[tuple[str, Mapping]]:
    """Yields a network with its name, and those that it is made of."""
    yield name, network
    for key, value in network.items():
        if key != 'init_cfg' and isinstance(value, Mapping) and 'type' in value:
            yield from parts_of(f'{name}.{key}', value)


def source_of(checkpoint: str, prerequisites: Mapping[str, Config]) -> Config:
    """Returns the config of the run that ``checkpoint`` is the folder of.

    It is that of the sweep's prerequisite, that of an imported checkpoint, or by the rule of the default folders
    ``work_dirs/<folder>/<config>``, to which the name of a variant, such as ``_no9``, may be added.
    """
    checkpoint = checkpoint.removesuffix('/best')
    if checkpoint in prerequisites:
        return prerequisites[checkpoint]
    if (imported := imported_source(checkpoint)) is not None:
        return imported
    run = Path(checkpoint)
    fitting = [p for p in EXPERIMENTS if p.parent.name == run.parent.name and run.name.startswith(p.stem)]
    assert fitting, f'no config trains the source {checkpoint!r}'
    return load_config(max(fitting, key=lambda path: len(path.stem)))


# ---------------------------------------------------------------------- shrinking


def shrink(cfg: Config, folder: Path, prerequisites: Mapping[str, Config] | None = None) -> Config:
    """Makes an experiment tiny, and independent of data, classifiers and sources that the machine does not have.

    Networks keep their kind and image size; images come from small folders; features from a random classifier; sources
    from a model of the source's own config that was initialised at the same small width.
    """
    cfg = copy.deepcopy(cfg)
    if cfg.model.type == 'TransferI2I':
        shrink_transferi2i(cfg)
    resolve_pairs(cfg.model)
    shrink_networks(cfg.model)
    shrink_data(cfg, folder)
    shrink_schedule(cfg)
    shrink_evaluation(cfg, folder)
    for _, _, init in transfers_in(cfg.model):
        init['checkpoint'] = write_source(source_of(init['checkpoint'], prerequisites or {}), folder)
    return cfg


def resolve_pairs(model: Config) -> None:
    """Gives each pair of a model of many domains the config that its run has, in place of the run's checkpoint."""
    for pair in model.get('pairs', []):
        if 'model' not in pair:
            pair.model = copy.deepcopy(swept_run(pair.checkpoint).model)
        pair.checkpoint = None  # the machine does not have it


def swept_run(folder: str) -> Config:
    """Returns the config of a sweep's cell, by the rule of the default folders ``work_dirs/<folder>/<sweep>``."""
    group, sweep, *_ = Path(folder).relative_to('work_dirs').parts
    runs = runs_of(ROOT / 'configs' / group / f'{sweep}.py')
    assert folder in runs, f'{sweep}.py trains {sorted(runs)}, but not {folder}'
    return runs[folder]


@functools.cache
def runs_of(sweep: Path) -> dict[str, Config]:
    return {str(run.work_dir): run.cfg for run in load_sweep(sweep).runs}


def shrink_networks(node: Any) -> None:
    for part in dicts_in(node):
        part.update(SMALL.get(part.get('type'), {}))
        if part.get('type') == 'TorchvisionClassifier':  # its weights are a file that the machine does not have
            part.clear()
            part.update(random_natural_classifier())
        if part.get('type') in ('TorchvisionBackbone', 'VGGFaceBackbone'):  # as above
            part.clear()
            part.update(type='SmallConvBackbone', widths=(2, 4, 4))
        if part.get('type') == 'SemanticConstraintLoss':
            part['extractor'].pop('init_cfg', None)
            part['allow_random'] = True
        shrink_side(part)
        if 'content_discriminator' in part:
            part['content_discriminator']['in_channels'] = 4 * 2 ** part['content_encoder'].get('num_downs', 2)
        if part.get('num_classes') == MANY_CLASSES:
            part['num_classes'] = FEW_CLASSES
        if part.get('type') == 'MLPMiner':
            first, *hidden, last = [SMALL_NOISE if width == WIDE_NOISE else width for width in part['dims']]
            part['dims'] = [first, *[min(width, SMALL_NOISE) for width in hidden], last]


def shrink_transferi2i(cfg: Config) -> None:
    """Takes few classes, and the taps that the networks have at their small side."""
    model = cfg.model
    if any(network.get('image_size', 0) > LARGE_SIDE for network in model.networks.values() if network):
        model.taps = None
    if len(model.domains) > FEW_CLASSES:
        model.domains = model.domains[:TRANSLATED_CLASSES]
        for part in dicts_in([cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader]):
            if 'class_order' in part:
                part['class_order'] = part['class_order'][:TRANSLATED_CLASSES]
        for name in ('generator', 'discriminator'):
            model.networks[name].num_classes = TRANSLATED_CLASSES


def random_natural_classifier() -> dict:
    return dict(type='DigitClassifier', image_size=SMALL_SIDE, in_channels=3, **SMALL['DigitClassifier'])


def shrink_side(part: dict) -> None:
    size = part.get('image_size', 0)
    if isinstance(size, (list, tuple)):
        if max(size) > LARGE_SIDE:
            part['image_size'] = [SMALL_SIDE * side // min(size) for side in size]
    elif size > LARGE_SIDE:
        part['image_size'] = SMALL_SIDE


def shrink_data(cfg: Config, folder: Path) -> None:
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = cfg.get(name)
        if not loader:
            continue
        loader.num_workers = 0
        if loader.get('persistent_workers'):
            loader.persistent_workers = False
        dataset = loader.dataset
        if dataset.type in ('ReferenceImages', 'WithSources'):
            dataset = dataset.dataset
        if (cfg.get('val_cfg') or {}).get('type') == 'TranslationLoop':
            shrink_aligned(dataset, folder)
            if name != 'train_dataloader':
                loader.batch_size = BATCH
            continue
        shrink_side(dataset)
        if dataset.type == 'ImageFolder':
            root = folder / dataset.data_root
            write_images(root / (dataset.get('split') or ''), dataset.get('channels', 3))
            dataset.update(data_root=str(root), **{key: FEW for key in ('num_images', 'skip') if dataset.get(key)})
        elif dataset.type == 'LabelledImageFolder':
            for label in dataset.get('mixture') or dataset.class_order:
                root = folder / dataset.data_root / label / (dataset.get('split') or '')
                write_images(root, dataset.get('channels', 3))
            dataset.data_root = str(folder / dataset.data_root)
            if dataset.get('mixture'):
                dataset.mixture = {label: min(number, FEW) for label, number in dataset.mixture.items()}
            else:
                dataset.num_per_class = FEW
            dataset.update(skip=FEW if dataset.get('skip') else 0)
        elif dataset.type == 'UnpairedDomains':
            for part in dataset.get('domains', {}).values():
                shrink_side(part)
                part.update({key: FEW for key in ('num_images', 'num_per_class', 'skip') if part.get(key)})
                if part.type == 'ImageFolder':
                    write_images(folder / part.data_root, part.get('channels', 3))
                    part.update(data_root=str(folder / part.data_root))
                elif part.type == 'AttributeImages':
                    shrink_table(part, folder, attributes_of(cfg))
                else:
                    known = ('Digits', 'ToyObjects')
                    assert part.type in known, f'shrink does not know the data set {part.type}'
        elif dataset.type == 'AttributeImages':
            shrink_table(dataset, folder)
            dataset.update({key: FEW for key in ('num_images', 'skip') if dataset.get(key)})
        elif dataset.type == 'ToyAttributeFaces':
            dataset.num_images = 4 * FEW
        elif dataset.type == 'ToyObjects':
            if name != 'train_dataloader':
                key = next(key for key in ('num_images', 'num_per_class', 'counts') if dataset.get(key))
                dataset[key] = dict.fromkeys(dataset.counts, FEW) if key == 'counts' else FEW
        else:
            assert dataset.type == 'Digits', f'shrink does not know the data set {dataset.type}'
            if name != 'train_dataloader' and 'mixture' not in dataset:
                dataset['num_images' if 'num_images' in dataset else 'num_per_class'] = FEW
    moves = cfg.model.get('moves', [])
    for move in moves:
        move.update(accumulate=min(move.get('accumulate', 1), 2))
    cfg.train_dataloader.batch_size = BATCH * max(
        (m.get('repeat', 1) * m.get('accumulate', 1) for m in moves), default=1
    )


def shrink_aligned(dataset: Config, folder: Path) -> None:
    """Takes few scenes, or writes few files for each modality's reader, at a small size."""
    if 'dataset' in dataset:
        if dataset.get('split_file'):
            dataset.split_file = str(folder / dataset.split_file)
        shrink_aligned(dataset.dataset, folder)
        return
    if dataset.type == 'ToyScenes':
        dataset.num_scenes = 2 * FEW
        return
    if dataset.type == 'ToyObjects':
        if dataset.get('counts'):
            dataset.counts = dict.fromkeys(dataset.counts, FEW)
        else:
            dataset.num_per_class = FEW
        return
    assert dataset.type == 'AlignedModalities', f'shrink does not know the data set {dataset.type}'
    root = folder / dataset.data_root
    for name, reader in dataset.modalities.items():
        # the samples' folders are their videos, or their classes
        folders = dataset.get('class_order') or [f'v{index}' for index in range(2 * FEW)]
        for inside in folders:
            write_modality(root / (reader.get('folder') or name), f'{dataset.get("split") or ""}/{inside}/0', reader)
    size = dataset.image_size
    small = SMALL_SIDE if isinstance(size, int) else [SMALL_SIDE * side // min(size) for side in size]
    dataset.update(data_root=str(root), image_size=small)
    if dataset.get('group_file'):
        dataset.pop('group_file')


def attributes_of(cfg: Config) -> dict[str, list[str]]:
    """Returns the values of the attributes that metrics read."""
    metrics = (cfg.get('val_evaluator') or {}).get('metrics', [])
    return {metric.attribute: metric.classes for metric in metrics if metric.get('attribute')}


def shrink_table(dataset: Mapping, folder: Path, attributes: Mapping[str, list[str]] | None = None) -> None:
    """Writes images and a table of theirs with every attribute that the data set or the metrics ask for."""
    root = folder / dataset.data_root
    write_images(root, dataset.get('channels', 3))
    names = [*(dataset.get('selected') or []), *([dataset.labelled] if dataset.get('labelled') else [])]
    files = sorted(path.name for path in root.glob('*.png'))
    values = dataset.get('class_order') or ['-1', '1']
    columns = dict.fromkeys(names, values) | dict(attributes or {})
    lines = [
        ','.join([file, *(column[i % len(column)] for column in columns.values())]) for i, file in enumerate(files)
    ]
    table = folder / f'{dataset.data_root.replace("/", "_")}.csv'
    table.write_text('\n'.join([','.join(['path', *columns]), *lines]), encoding='utf-8')
    dataset.update(data_root=str(root), table=str(table), num_test=FEW, crop=None, where=None)


def write_modality(folder: Path, sample: str, reader: Mapping) -> None:
    """Writes one file of random content as ``reader`` takes it."""
    random, (height, width) = np.random.default_rng(0), (72, 96)
    values = {
        'ImageReader': lambda: random.integers(0, 256, (height, width, reader.get('channels', 3)), dtype=np.uint8),
        'OpponentReader': lambda: random.integers(0, 256, (height, width, 3), dtype=np.uint8),
        'LabelReader': lambda: random.integers(0, reader.get('num_classes', 2), (height, width), dtype=np.uint8),
        'DepthReader': lambda: random.integers(500, 8000, (height, width), dtype=np.uint16),
        'MapReader': lambda: random.integers(0, 256, (height, width), dtype=np.uint8),
    }[reader['type']]()
    path = folder / f'{sample}.png'
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), values)


def write_images(folder: Path, channels: int) -> None:
    """Writes as many images as a training, a reference and a held-out part need."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 256, (3 * FEW, 20, 24, channels), dtype=np.uint8)
    for index, image in enumerate(pixels):
        assert cv2.imwrite(str(folder / f'{index:02d}.png'), image)


def shrink_schedule(cfg: Config) -> None:
    """Two iterations, or one of each stage if there are more stages than one; none where there is nothing to train."""
    if cfg.model.type in ('DGNAM', 'PPGN'):
        cfg.model.steps = 2
    stages = [stage for stage in cfg.model.get('stages') or [] if stage.get('iters') is not None]
    cfg.train_cfg.max_iters = max(2, len(stages)) if cfg.train_cfg.max_iters else 0
    for stage in stages:
        stage.iters = cfg.train_cfg.max_iters // len(stages)
    preprocessor = cfg.model.get('data_preprocessor') or {}
    if preprocessor.get('type') == 'ModalityPreprocessor' and preprocessor.get('crop_size'):
        preprocessor.crop_size = SMALL_SIDE
    if preprocessor.get('random_crop'):
        preprocessor.random_crop = SMALL_SIDE
    cfg.train_cfg.val_interval = 1
    cfg.default_hooks.checkpoint.interval = 1
    sample_grid = cfg.default_hooks.get('sample_grid') or {}
    if sample_grid.get('type') == 'SampleGridHook':
        sample_grid.update(num_images=BATCH, strip_rows=2)
    if sample_grid.get('type') == 'DomainTranslationGridHook':
        sample_grid.update(num_images=2, max_targets=2)


def shrink_evaluation(cfg: Config, folder: Path) -> None:
    for kind in ('val', 'test'):
        if cfg.get(f'{kind}_cfg') is None:
            continue
        if cfg[f'{kind}_cfg'].type == 'TranslationLoop':
            translated = dict(type='images', image_size=SMALL_SIDE)
            for metric in cfg[f'{kind}_evaluator'].metrics:
                if 'extractor' in metric:
                    metric.extractor = random_classifier(translated, folder / 'translated.pth')
            continue
        if cfg[f'{kind}_cfg'].type == 'ClassificationLoop':
            continue
        if cfg[f'{kind}_cfg'].type == 'DomainTranslationLoop':
            cfg[f'{kind}_cfg'].update(num_samples=2, num_inputs=2 * BATCH)
            if len(cfg.model.get('domains') or []) > MOST_TARGETS and not cfg[f'{kind}_cfg'].get('targets'):
                cfg[f'{kind}_cfg'].targets = cfg.model.domains[:MOST_TARGETS]
            cfg[f'{kind}_evaluator'].cache_dir = None
            for name, extractor in (cfg[f'{kind}_evaluator'].get('extractors') or {}).items():
                if extractor.type in ('ExportedFeatures', 'InceptionFeatures', 'VGGFaceFeatures'):
                    extractor.clear()
                    extractor.update(
                        random_classifier(dict(type='images', image_size=SMALL_SIDE), folder / f'{name}.pth')
                    )
            shrink_networks(cfg[f'{kind}_evaluator'])
            for name, part in (cfg[f'{kind}_evaluator'].get('extractors') or {}).items():
                if part.type == 'ClassifierFeatures':
                    part.checkpoint = write_classifier(part.classifier, folder / f'{kind}_{name}.pth')
            for metric in cfg[f'{kind}_evaluator'].metrics:
                if metric.type in ('ForwardClassification', 'ReverseClassification') and not metric.get('extractor'):
                    metric.update(iters=2, max_per_class=FEW)
                    metric.setdefault('classifier', random_natural_classifier())
                if metric.type == 'LPIPSDiversity' and metric.get('distance', 'lpips') == 'lpips':
                    metric.weights = random_alexnet(folder / 'alexnet.pth')
                if metric.type == 'LPIPSDiversity' and metric.get('pairing', 'within_input') != 'within_input':
                    metric.num_pairs = FEW
            continue
        classes = max(
            (part.get('num_classes') or 0 for part in cfg.model.networks.values() if 'type' in part), default=0
        )
        cfg[f'{kind}_cfg'].update(num_images=max(FEW, 2 * classes), batch_size=BATCH)  # two images of each class
        evaluator = cfg[f'{kind}_evaluator']
        shrink_networks(evaluator)
        for name in evaluator.extractors:
            evaluator.extractors[name] = random_classifier(cfg[f'{kind}_dataloader'].dataset, folder / f'{name}.pth')
        for metric in evaluator.metrics:
            if metric.type == 'IndependentWasserstein':
                metric.update(iters=2, batch_size=BATCH)
            if metric.type == 'InferenceTime':
                metric.update(warmups=0, repeats=1)


def random_alexnet(path: Path) -> str:
    """Writes random weights of LPIPS's network, whose own the machine does not have."""
    if not path.exists():
        torch.save(alexnet_features(), path)
    return str(path)


@functools.cache
def alexnet_features() -> dict[str, torch.Tensor]:
    from torchvision.models import alexnet

    torch.manual_seed(0)
    return {f'features.{key}': value for key, value in alexnet().features.state_dict().items()}


def random_classifier(dataset: Mapping, path: Path) -> dict:
    """Returns the config of an extractor for the images of ``dataset``, with random weights in the file ``path``."""
    digits = dataset['type'] == 'Digits'
    classifier = dict(
        type='DigitClassifier',
        image_size=dataset.get('image_size', 28),
        in_channels=1 if digits else dataset.get('channels', 3),
        **SMALL['DigitClassifier'],
    )
    torch.manual_seed(0)
    torch.save({f'classifier.{key}': value for key, value in MODELS.build(classifier).state_dict().items()}, path)
    return dict(type='ClassifierFeatures', classifier=classifier, checkpoint=str(path))


def write_classifier(classifier: Mapping, path: Path) -> str:
    """Writes random weights of a classifier and returns the file."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        state = MODELS.build(classifier).state_dict()
    torch.save({f'classifier.{key}': value for key, value in state.items()}, path)
    return str(path)


def write_source(cfg: Config, folder: Path) -> str:
    """Initialises the model of a source's config at the small width and returns the checkpoint's file."""
    model_cfg = copy.deepcopy(cfg.model)
    shrink_networks(model_cfg)
    for _, network, _ in transfers_in(model_cfg):
        network['init_cfg'] = None
    torch.manual_seed(SOURCE_SEED)  # not the run's: a network that is not transferred must not be equal by chance
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        model = MODELS.build(model_cfg)
    model.init_weights()
    file = folder / 'source' / Path(cfg.work_dir).name / 'iter_1.pth'
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(state_dict=model.state_dict()), file)
    return str(file)
