"""The report: one page that needs nothing else."""

import base64
import json
from html.parser import HTMLParser

import numpy as np
import pytest

from mmgentransfer.visualization import make_grid, save_image
from mmgentransfer.visualization.report import final_samples, write_report


class Page(HTMLParser):
    """Collects what a page refers to, its pictures and its text, and whether its tags are balanced."""

    VOID = {'meta', 'img', 'br', 'hr'}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references, self.pictures, self.words, self.best, self.open_tags = [], {}, [], [], []
        self.feed(text)
        assert self.open_tags == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert tag not in ('script', 'link', 'iframe')
        self.references += [attributes[key] for key in ('src', 'href') if key in attributes]
        if tag == 'img':
            self.pictures[attributes['alt']] = base64.b64decode(attributes['src'].split(',', 1)[1])
        self.is_best = attributes.get('class') == 'best'
        if tag not in self.VOID:
            self.open_tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open_tags.pop() == tag
        self.is_best = False

    def handle_data(self, data):
        self.words.append(data)
        if self.is_best:
            self.best.append(data)


@pytest.fixture
def work_dir(tmp_path):
    """The folder of a run that was drawn after 0, 3 and 10 iterations."""
    folder = tmp_path / 'run'
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), dtype=np.uint8)
    save_image(folder / 'reals.png', make_grid(images, 10))
    save_image(folder / 'strip.png', make_grid(images[:24], 3))
    for iteration in (0, 3, 10):
        save_image(folder / 'samples' / f'iter_{iteration:07d}.png', make_grid(images[iteration:], 10))
    lines = [dict(iter=0, fid=50.0), dict(iter=10, fid=20.0), dict(iter=10, fid=21.0)]
    (folder / 'metrics.jsonl').write_text('\n'.join(map(json.dumps, lines)))
    return folder


def report(tmp_path, runs, **arguments) -> tuple[str, Page]:
    table = [['', 'FID <a>', 'seeds'], ['A & B', '12.5 ± 0.3', '3'], ['<i>c</i>', '99.1', '3']]
    arguments = dict(title='A <title>', intro='Why & how', table=table, runs=runs, **arguments)
    write_report(tmp_path / 'report.html', **arguments)
    text = (tmp_path / 'report.html').read_text()
    return text, Page(text)


def test_the_page_needs_nothing_else(tmp_path, work_dir):
    text, page = report(tmp_path, [dict(name='A & B', work_dir=work_dir)], curves=[('fid', 'FID')])
    assert 'http://' not in text
    assert 'https://' not in text
    assert len(page.references) == 4
    assert all(reference.startswith('data:image/png;base64,') for reference in page.references)


def test_the_page_has_the_numbers_and_marks_the_best(tmp_path, work_dir):
    _, page = report(tmp_path, [dict(name='A & B', work_dir=work_dir)], best={(1, 1)}, footer=['seed: 7'])
    for text in ('A <title>', 'Why & how', 'FID <a>', 'A & B', '12.5 ± 0.3', '<i>c</i>', '99.1', 'seed: 7'):
        assert text in page.words
    assert page.best == ['12.5 ± 0.3']


def test_the_pictures_are_the_runs_own(tmp_path, work_dir):
    _, page = report(tmp_path, [dict(name='A & B', work_dir=work_dir)], curves=[('fid', 'FID')])
    assert page.pictures['Real training images'] == (work_dir / 'reals.png').read_bytes()
    assert page.pictures['A & B: the same latents over the iterations'] == (work_dir / 'strip.png').read_bytes()
    assert page.pictures['A & B: samples at the end'] == (work_dir / 'samples/iter_0000010.png').read_bytes()
    assert page.pictures['Curves'].startswith(b'\x89PNG')
    first = page.words.index('The same latents (rows) after so many iterations (columns)')
    assert [word for word in page.words[first + 1 :] if word.strip()][:3] == ['0', '3', '10']


def test_a_run_without_pictures_leaves_gaps_and_no_error(tmp_path):
    (tmp_path / 'empty').mkdir()
    _, page = report(tmp_path, [dict(name='empty', work_dir=tmp_path / 'empty')], curves=[('fid', 'FID')])
    assert page.pictures == {}
    assert 'empty' in page.words
    assert final_samples(tmp_path / 'empty') is None
