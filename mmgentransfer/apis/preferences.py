"""Which of two models makes the more realistic images, by people's answers about pairs (thesis section 2.4.2)."""

from __future__ import annotations

import csv
import io
import math
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmgentransfer.checkpoints import atomic_write
from mmgentransfer.models.methods.gan import GAN
from mmgentransfer.visualization import make_grid, save_image

__all__ = ['PreferenceCount', 'PreferenceScores', 'export_pairs', 'score_pairs']

BATCH = 100  # images generated at a time, with the statistics of the batch: the protocol of the published scores
PAIRS_IN_ROW = 10
ANSWERS = ('left', 'right', 'skip')
KEY_COLUMNS = ('pair', 'class', 'model_a', 'model_b', 'left_model', 'left_z', 'right_z')
ANSWER_COLUMNS = ('subject', 'pair', 'answer')


def export_pairs(
    models: Mapping[str, GAN],
    out: str | Path,
    num_pairs: int = 100,
    seed: int = 0,
    classes: Sequence[int] | None = None,
    class_names: Sequence[str] | None = None,
    side: int | None = None,
) -> Path:
    """Writes the material of a study in which people say which image of a pair is more realistic.

    Both images of a pair are of one class; pairs are spread evenly over the classes, in random order. Images are drawn
    with the statistics of batches of 100 that mix all classes evenly. The folder is complete or not there:

    - ``pairs/00000.png``, ...: left image, gap, right image; which model is on which side is drawn for each pair;
    - ``sheets/000.png``, ...: the same pairs in order, 10 rows of 10;
    - ``pairs.csv``: pair, class, question;
    - ``answers.csv``: empty, to be filled with subject, pair, answer (left, right or skip);
    - ``key.csv``, not for the subjects: which model is on the left, and the latents of both images: ``1/0/37/5`` is
      row 5 of ``draw_latents(100, (1, 0, 37))``.

    Args:
        models: Two models by name; shares will be those of the first.
        out: The folder; it must not exist or be empty.
        num_pairs: Number of pairs.
        seed: Of the latents, the sides and the order of the classes.
        classes: The labels to show; all by default.
        class_names: Names of the labels 0 .. K - 1 for the questions; by default "class 3".
        side: Side in pixels that images are scaled to; by default they stay as generated.

    Returns:
        The folder.

    Raises:
        FileExistsError: ``out`` is not empty.
        ValueError: The models differ in classes or image size, or an argument is out of range.
    """
    if len(models) != 2:
        raise ValueError(f'a comparison is of two models with names of their own, got {list(models)}')
    if num_pairs < 1 or seed < 0 or (side is not None and side < 1):
        raise ValueError(f'num_pairs and side must be at least 1, seed at least 0; got {num_pairs}, {side}, {seed}')
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f'{str(out)!r} is there already and not empty: choose another folder for the pairs')
    labels = _labels_to_show(models, classes)
    names = _names_of(next(iter(models.values())).num_classes, class_names)

    random = np.random.default_rng(seed)
    label_of = random.permutation(np.resize(labels, num_pairs)).tolist()
    first_left = random.integers(2, size=num_pairs).astype(bool).tolist()
    drawn = [_draw(model, Counter(label_of), (seed, index)) for index, model in enumerate(models.values())]
    sizes = {name: images[label_of[0]][0][0].shape for name, images in zip(models, drawn, strict=True)}
    if side is None and len(set(sizes.values())) > 1:
        raise ValueError(
            f'the models generate images of different sizes, which tells them apart ({sizes}): give a side'
        )

    pictures, rows, key = [], [], []
    for pair, (label, is_first) in enumerate(zip(label_of, first_left, strict=True)):
        shown = [(name, *images[label].pop(0)) for name, images in zip(models, drawn, strict=True)]
        (left_name, left, left_z), (_, right, right_z) = shown if is_first else reversed(shown)
        pictures.append(_side_by_side(_scaled(left, side), _scaled(right, side)))
        of_class = f' of {names[label].replace("_", " ")}' if names else ''
        rows.append(
            (f'{pair:05d}', names[label] if names else '', f'Which of these two images{of_class} is more realistic?')
        )
        key.append((f'{pair:05d}', rows[-1][1], *models, left_name, left_z, right_z))
    _write(out, np.stack(pictures), rows, key)
    return out


def _labels_to_show(models: Mapping[str, GAN], classes: Sequence[int] | None) -> list[int]:
    numbers = {name: model.num_classes for name, model in models.items()}
    if len(set(numbers.values())) > 1:
        raise ValueError(f'the models have different numbers of classes: {numbers}')
    number = next(iter(numbers.values()))
    if classes is None:
        return list(range(number)) or [0]
    if not number:
        raise ValueError(f'classes={list(classes)} were given, but the models are unconditional')
    if not classes or len(set(classes)) < len(classes) or not 0 <= min(classes) <= max(classes) < number:
        raise ValueError(f'classes must be different labels in 0..{number - 1}, at least one; got {list(classes)}')
    return list(classes)


def _names_of(number: int, names: Sequence[str] | None) -> list[str]:
    if names is None:
        return [f'class {label}' for label in range(number)]
    if len(names) != number:
        raise ValueError(f'the models have {number} classes, but {len(names)} class_names were given: {list(names)}')
    return list(names)


def _draw(model: GAN, wanted: Mapping[int, int], seed: tuple[int, int]) -> dict[int, list[tuple[np.ndarray, str]]]:
    """Draws ``wanted`` images (S, S, C) uint8 of each label, with the place of their latents."""
    drawn: dict[int, list[tuple[np.ndarray, str]]] = {label: [] for label in wanted}
    batch = 0
    while any(len(drawn[label]) < number for label, number in wanted.items()):
        labels = model.balanced_labels(BATCH, batch * BATCH) if model.num_classes else None
        latents = model.draw_latents(BATCH, (*seed, batch))
        images = model.to_pixels(model.generate(latents, batch_statistics=True, batch_size=BATCH, labels=labels))
        for row, (image, label) in enumerate(
            zip(images, [0] * BATCH if labels is None else labels.tolist(), strict=True)
        ):
            if len(drawn.get(label, ())) < wanted.get(label, 0):
                drawn[label].append((image, '/'.join(map(str, (*seed, batch, row)))))
        batch += 1
    return drawn


def _scaled(image: np.ndarray, side: int | None) -> np.ndarray:
    """Returns an image (S, S, C) as (side, side, 3)."""
    image = image.repeat(3, axis=2) if image.shape[2] == 1 else image
    if side is None or side == len(image):
        return image
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA if side < len(image) else cv2.INTER_CUBIC)


def _side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    gap = np.full((len(left), max(2, len(left) // 8), 3), 255, np.uint8)
    return np.concatenate([left, gap, right], axis=1)


def _write(out: Path, pictures: np.ndarray, rows: list[tuple], key: list[tuple]) -> None:
    """Fills a folder beside ``out`` and renames it, so that ``out`` is whole as soon as it is there."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=out.resolve().parent, prefix=f'.{out.name}.'))
    try:
        for index, picture in enumerate(pictures):
            save_image(folder / 'pairs' / f'{index:05d}.png', picture)
        on_sheet = PAIRS_IN_ROW**2
        for index in range(-(-len(pictures) // on_sheet)):
            sheet = make_grid(pictures[index * on_sheet : (index + 1) * on_sheet], PAIRS_IN_ROW, padding=8)
            save_image(folder / 'sheets' / f'{index:03d}.png', sheet)
        _write_csv(folder / 'pairs.csv', ('pair', 'class', 'question'), rows)
        _write_csv(folder / 'key.csv', KEY_COLUMNS, key)
        _write_csv(folder / 'answers.csv', ANSWER_COLUMNS, [])
        folder.chmod(0o755)
        if out.is_dir():
            out.rmdir()
        os.replace(folder, out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator='\n').writerows([columns, *rows])
    atomic_write(path, buffer.getvalue().encode())


# ------------------------------------------------------------------------------------------------------------ scoring


@dataclass
class PreferenceCount:
    """Answers about pairs, counted.

    Args:
        for_a: Answers for model A.
        valid: Answers for either model.
        skipped: Pairs that were skipped.
    """

    for_a: int = 0
    valid: int = 0
    skipped: int = 0

    @property
    def share(self) -> float:
        """Share of the valid answers that are for A; NaN if there is none."""
        return self.for_a / self.valid if self.valid else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        if not self.valid:
            return 0.0, 1.0
        found = self._test().proportion_ci(confidence_level=0.95, method='wilson')
        return float(found.low), float(found.high)

    @property
    def p_value(self) -> float:
        """Two-sided binomial test of the share against one half."""
        return float(self._test().pvalue) if self.valid else 1.0

    def _test(self) -> Any:
        from scipy.stats import binomtest

        return binomtest(self.for_a, self.valid, 0.5)

    def as_dict(self) -> dict[str, Any]:
        """Returns counts, share, interval and p for a JSON file."""
        return dict(
            for_a=self.for_a,
            valid=self.valid,
            skipped=self.skipped,
            share=self.share if self.valid else None,
            interval=list(self.interval),
            p_value=self.p_value,
        )


@dataclass
class PreferenceScores:
    """What people preferred in one setting of a study.

    Args:
        model_a: Name of the model that shares are of.
        model_b: Name of the other one.
        total: All answers.
        classes: Answers by class.
        subjects: Answers by subject.
        valid_per_subject: Valid answers that a subject should have given.
    """

    model_a: str
    model_b: str
    total: PreferenceCount = field(default_factory=PreferenceCount)
    classes: dict[str, PreferenceCount] = field(default_factory=dict)
    subjects: dict[str, PreferenceCount] = field(default_factory=dict)
    valid_per_subject: int = 100

    @property
    def too_few(self) -> list[str]:
        """The subjects with fewer valid answers than asked for."""
        return [name for name, count in self.subjects.items() if count.valid < self.valid_per_subject]

    def as_dict(self) -> dict[str, Any]:
        """Returns all of it for a JSON file."""
        return dict(
            model_a=self.model_a,
            model_b=self.model_b,
            total=self.total.as_dict(),
            classes={name: count.as_dict() for name, count in self.classes.items()},
            subjects={name: count.as_dict() for name, count in self.subjects.items()},
            valid_per_subject=self.valid_per_subject,
            too_few=self.too_few,
        )

    def __str__(self) -> str:
        """The table in Markdown, and what to beware of."""
        rows = [('all', self.total)]
        rows += [(f'class {name.removeprefix("class ")}', count) for name, count in self.classes.items() if name]
        rows += [(f'subject {name}', count) for name, count in self.subjects.items()]
        lines = [
            f'| | share for {self.model_a} % | 95 % interval | p | valid | skipped |',
            '|---|---:|---:|---:|---:|---:|',
        ]
        for name, count in rows:
            low, high = count.interval
            share = f'{100 * count.share:.1f}' if count.valid else '–'
            lines.append(
                f'| {name} | {share} | {100 * low:.1f} to {100 * high:.1f} | {count.p_value:.2g} | {count.valid} '
                f'| {count.skipped} |'
            )
        if self.too_few:
            lines += ['', f'fewer than {self.valid_per_subject} valid answers: {", ".join(self.too_few)}']
        return '\n'.join(lines)


def score_pairs(key: str | Path, answers: str | Path, valid_per_subject: int = 100) -> PreferenceScores:
    """Scores the answers to exported pairs: the share for the first model, by class and by subject.

    Skipped pairs don't count. Interval and p take answers as independent; ten subjects who agree about the same pairs
    say less than a thousand answers would.

    Args:
        key: The ``key.csv`` of :func:`export_pairs`.
        answers: CSV file with the columns subject, pair and answer (left, right or skip), in any order.
        valid_per_subject: Subjects with fewer valid answers are named in ``too_few``.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A column is missing, there is no answer, a pair is unknown or was answered twice by a subject, or
            an answer is another word; with the number of the line.
    """
    pairs = {row['pair']: row for _, row in _read_csv(key, KEY_COLUMNS)}
    if not pairs:
        raise ValueError(f'{str(key)!r} has no pairs')
    first = next(iter(pairs.values()))
    scores = PreferenceScores(first['model_a'], first['model_b'], valid_per_subject=valid_per_subject)
    seen = set()
    for line, row in _read_csv(answers, ANSWER_COLUMNS):
        where = f'{answers}, line {line}'
        subject, pair, answer = row['subject'], row['pair'].zfill(5), row['answer'].lower()  # spreadsheets cut zeros
        if pair not in pairs:
            raise ValueError(f'{where}: pair {row["pair"]!r} is not in {key}')
        if answer not in ANSWERS:
            raise ValueError(f'{where}: the answer is {row["answer"]!r}; it can be one of {ANSWERS}')
        if not subject or (subject, pair) in seen:
            raise ValueError(f'{where}: ' + (f'{subject} answered pair {pair} before' if subject else 'no subject'))
        seen.add((subject, pair))
        asked = pairs[pair]
        for_a = (answer == 'left') == (asked['left_model'] == asked['model_a'])
        by_class = scores.classes.setdefault(asked['class'], PreferenceCount())
        for count in (scores.total, by_class, scores.subjects.setdefault(subject, PreferenceCount())):
            count.skipped += answer == 'skip'
            count.valid += answer != 'skip'
            count.for_a += answer != 'skip' and for_a
    if not seen:
        raise ValueError(f'{str(answers)!r} has no answers yet')
    scores.classes = dict(sorted(scores.classes.items()))
    return scores


def _read_csv(path: str | Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Returns (line, row) of a CSV file; empty lines are left out, spaces around values too."""
    if not Path(path).is_file():
        raise FileNotFoundError(f'there is no file {str(path)!r}')
    with open(path, newline='', encoding='utf-8-sig') as file:
        reader = csv.DictReader(file)
        missing = [name for name in columns if name not in (reader.fieldnames or [])]
        if missing:
            raise ValueError(
                f'{str(path)!r} lacks the columns {missing}: it needs {", ".join(columns)}, separated by commas'
            )
        rows = [(reader.line_num, {name: (row[name] or '').strip() for name in columns}) for row in reader]
    return [(line, row) for line, row in rows if any(row.values())]
