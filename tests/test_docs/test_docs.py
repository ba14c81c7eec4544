"""The documentation says what is true: its code runs, its links, paths, components, commands and options exist."""

import importlib.util
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from mmgentransfer import cli
from mmgentransfer.apis import sweep_file
from mmgentransfer.cli_class_tools import CLASS_TOOLS
from mmgentransfer.registry import REGISTRIES

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / 'docs').glob('*.md'))
PAGES = [*DOCS, *ROOT.glob('README.md'), *sorted((ROOT / 'configs').glob('*/README.md'))]
TOOLS = sorted(path for path in (ROOT / 'tools').rglob('*') if path.suffix in ('.py', '.sh'))
FENCE = re.compile(r'^```(\w*)[ ]?(\S*)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
OPTION = re.compile(r'(?<![\w-])--[a-z][a-z-]*')
COMMANDS = tuple(next(action for action in cli._parser()._actions if action.dest == 'command').choices)
OTHER_COMMANDS = {'cd', 'git', 'pip', 'python3', 'source', 'tensorboard'}


def ids(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def blocks(page):
    """The fenced blocks of a page as (language, mark, text)."""
    return FENCE.findall(page.read_text(encoding='utf-8'))


def commands(page):
    """The shell commands of a page, as lists of words without environment variables and comments."""
    for language, _, text in blocks(page):
        if language in ('bash', 'sh', 'shell'):
            for line in text.replace('\\\n', ' ').splitlines():
                words = shlex.split(line, comments=True)
                while words and re.fullmatch(r'\w+=.*', words[0]):
                    words.pop(0)
                if words:
                    yield words


def slugs(page):
    """The anchors of a page's headings, as GitHub makes them."""
    text = FENCE.sub('', page.read_text(encoding='utf-8'))
    headings = re.findall(r'^#+ (.+)$', text, re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in headings}


def existing(words):
    """Says what is wrong with a command of the project, or None."""
    first, *rest = [words[0].removeprefix('.venv/bin/'), *words[1:]]
    if first == 'python' and rest and rest[0].startswith('tools/'):
        first, *rest = rest
    if first == 'mmgentransfer':
        return refused(rest)
    if first == 'make':
        targets = re.findall(r'^([\w-]+):', (ROOT / 'Makefile').read_text(encoding='utf-8'), re.MULTILINE)
        unknown = [word for word in rest if '=' not in word and word not in targets]
        return f'the Makefile has no target {unknown}' if unknown else None
    if not first.startswith('tools/'):
        return (
            None if first in OTHER_COMMANDS else f'{first} is no command of the project, and none of the known others'
        )
    script = ROOT / first
    if not script.is_file():
        return f'there is no {first}'
    if script.suffix == '.sh':
        if not os.access(script, os.X_OK):
            return f'{first} can not be executed'
        positional = {'dist_train.sh': 2, 'dist_test.sh': 3, 'slurm_train.sh': 4}[script.name]
        command = 'test' if script.name == 'dist_test.sh' else 'train'
        given = [word for word in rest if not word.startswith('-')]
        if len(given) < positional:
            return f'{first} takes {positional} arguments'
        return refused([command, *['x'] * (2 if command == 'test' else 1), *rest[positional:]])
    if script.name in ('train.py', 'test.py'):
        return refused([script.stem, *rest])
    unknown = [
        word for word in rest if OPTION.fullmatch(word) and f"'{word}'" not in script.read_text(encoding='utf-8')
    ]
    return f'{first} has no option {unknown}' if unknown else None


def refused(arguments):
    try:
        cli._parser().parse_args(arguments)
    except SystemExit:
        return f'mmgentransfer refuses {arguments}'
    return None


RUNNABLE = [page for page in DOCS if any(mark == 'run' for _, mark, _ in blocks(page))]


@pytest.mark.parametrize('page', RUNNABLE, ids=ids(RUNNABLE))
def test_code_runs(page, tmp_path, monkeypatch):
    """Writes the blocks marked file=NAME, and runs those marked run, in the order of the page."""
    (tmp_path / 'configs').symlink_to(ROOT / 'configs')
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv('MMGENTRANSFER_CACHE', str(tmp_path / 'cache'))
    namespace = {'__name__': page.stem}
    try:
        for number, (_, mark, text) in enumerate(blocks(page), start=1):
            if mark.startswith('file='):
                path = tmp_path / mark.removeprefix('file=')
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding='utf-8')
            elif mark == 'run':
                exec(compile(text, f'{page.name}, block {number}', 'exec'), namespace)
    finally:
        for path in tmp_path.glob('*.py'):
            sys.modules.pop(path.stem, None)  # the page's own modules end with it


@pytest.mark.parametrize('page', DOCS, ids=ids(DOCS))
def test_code_is_python(page):
    for number, (language, _, text) in enumerate(blocks(page), start=1):
        if language == 'python':
            compile(text, f'{page.name}, block {number}', 'exec')


@pytest.mark.parametrize('page', PAGES, ids=ids(PAGES))
def test_components_exist(page):
    text = page.read_text(encoding='utf-8')
    known = set().union(*(registry.known() for registry in REGISTRIES.values()))
    known |= set(re.findall(r'^class (\w+)', text, re.MULTILINE))
    assert set(re.findall(r"\btype='(\w+)'", text)) <= known


@pytest.mark.parametrize('page', PAGES, ids=ids(PAGES))
def test_links_lead_somewhere(page):
    text = FENCE.sub('', page.read_text(encoding='utf-8'))
    for target in re.findall(r'\]\(([^)\s]+)\)', text):
        if re.match(r'\w+:', target):
            continue
        path, _, anchor = target.partition('#')
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in slugs(linked), target


@pytest.mark.parametrize('page', PAGES, ids=ids(PAGES))
def test_paths_exist(page):
    text = page.read_text(encoding='utf-8')
    paths = re.findall(
        r'(?<![\w./-])((?:configs|docs|mmgentransfer|tests|tools)/[\w./-]*(?:\.(?:py|sh|md|yml)\b|/(?![\w.])))', text
    )
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize('page', PAGES, ids=ids(PAGES))
def test_commands_exist(page):
    assert [problem for problem in map(existing, commands(page)) if problem] == []


@pytest.mark.parametrize('page', PAGES, ids=ids(PAGES))
def test_options_in_the_text_exist(page, capsys):
    known = set(OPTION.findall('\n'.join(tool.read_text(encoding='utf-8') for tool in TOOLS)))
    for command in COMMANDS:
        with pytest.raises(SystemExit):
            cli._parser().parse_args([command, '--help'])
        known |= set(OPTION.findall(capsys.readouterr().out))
    text = FENCE.sub('', page.read_text(encoding='utf-8'))
    shown = {option for code in re.findall(r'`([^`\n]+)`', text) for option in OPTION.findall(code)}
    assert shown <= known


@pytest.mark.parametrize('command', COMMANDS)
def test_every_option_is_documented(command, capsys):
    with pytest.raises(SystemExit):
        cli._parser().parse_args([command, '--help'])
    options = set(OPTION.findall(capsys.readouterr().out)) - {'--help'}
    pages = {key: ['image_translation.md'] for key in ('compare-translations', *CLASS_TOOLS)}
    pages |= {
        'translate': ['translation.md', 'image_translation.md'],
        'make-biased-set': ['data.md'],
        'choose-reduction': ['image_translation.md'],
        'import': ['importing.md'],
        'check-data': ['translation.md', 'data.md'],
    }
    text = ''.join((ROOT / 'docs' / page).read_text(encoding='utf-8') for page in pages.get(command, ['training.md']))
    assert options - set(OPTION.findall(text)) == set()


@pytest.mark.parametrize(('registry', 'page'), [('datasets', 'data.md'), ('metrics', 'evaluation.md')])
def test_every_dataset_and_metric_is_documented(registry, page, list_components):
    text = (ROOT / 'docs' / page).read_text(encoding='utf-8')
    names = [name for names in list_components.own_components(REGISTRIES[registry]).values() for name in names]
    assert [name for name in names if not re.search(rf'\b{name}\b', text)] == []


def test_every_sweep_key_is_documented():
    text = (ROOT / 'docs' / 'training.md').read_text(encoding='utf-8').partition('## Sweeps')[2]
    assert [key for keys in sweep_file.SWEEP_KEYS.values() for key in keys if f'`{key}`' not in text] == []


@pytest.fixture(scope='module')
def list_components():
    path = ROOT / 'tools' / 'analysis_tools' / 'list_components.py'
    spec = importlib.util.spec_from_file_location('list_components', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def test_components_page_is_up_to_date(list_components, capsys):
    assert list_components.main(['--check']) == 0, capsys.readouterr().err


def test_components_page_out_of_date_is_noticed(list_components, tmp_path, monkeypatch, capsys):
    tool = list_components
    monkeypatch.setattr(tool, 'ROOT', tmp_path)
    monkeypatch.setattr(tool, 'PAGE', tmp_path / 'components.md')
    assert tool.main([]) == 0
    assert tool.main(['--check']) == 0
    tool.PAGE.write_text(tool.PAGE.read_text(encoding='utf-8').replace('### FID\n', ''), encoding='utf-8')
    assert tool.main(['--check']) == 1
    assert 'out of date' in capsys.readouterr().err
