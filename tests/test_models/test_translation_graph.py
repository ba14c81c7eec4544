"""Which pairs of modalities are seen, and what follows from it."""

from __future__ import annotations

import pytest

from mmgentransfer.models.methods.mmnets import TranslationGraph, pairwise_networks


def star(anchor, others):
    return {f'{anchor}_{other}': [anchor, other] for other in others}


GRAPHS = {
    'rgbd': (dict(RS=['r', 's'], RD=['r', 'd']), 3, 4, 2, 2),
    'freiburg': (dict(RS=['r', 's'], RDN=['r', 'd', 'n']), 4, 8, 4, 4),
    'colours': (star('blue', [f'colour{i}' for i in range(10)]), 11, 20, 90, 90),
    'artworks': (star('photo', ['ukiyoe', 'vangogh', 'cezanne', 'monet']), 5, 8, 12, 12),
    'flowers': (dict(A=['1', '2'], B=['1', '3']), 3, 4, 2, 2),
}


@pytest.mark.parametrize('name', GRAPHS)
def test_counts_of_a_graph(name):
    sets, modalities, seen, unseen, pseudo = GRAPHS[name]
    graph = TranslationGraph(sets)
    assert graph.num_networks() == (modalities, modalities)
    assert (len(graph.seen), len(graph.unseen), len(graph.pseudo_pairs)) == (seen, unseen, pseudo)
    assert graph.anchor == graph.modalities[0]
    assert not {(t.source, t.target) for t in graph.seen} & set(graph.unseen)
    assert pairwise_networks(modalities) == modalities * (modalities - 1) / 2


def test_pseudo_pairs_and_latent_pairs():
    graph = TranslationGraph(GRAPHS['freiburg'][0])
    assert {tuple(p) for p in graph.pseudo_pairs} == {
        ('s', 'd', 'RS', 'r'),
        ('s', 'n', 'RS', 'r'),
        ('d', 's', 'RDN', 'r'),
        ('n', 's', 'RDN', 'r'),
    }
    assert {tuple(p) for p in graph.latent_pairs} == {
        ('r', 's', 'RS'),
        ('r', 'd', 'RDN'),
        ('r', 'n', 'RDN'),
        ('d', 'n', 'RDN'),
    }
    assert TranslationGraph(GRAPHS['rgbd'][0], pseudo_pairs=[]).pseudo_pairs == []
    one_way = TranslationGraph(GRAPHS['rgbd'][0], pseudo_pairs=[('d', 's', 'RD', 'r')])
    assert [tuple(p) for p in one_way.pseudo_pairs] == [('d', 's', 'RD', 'r')]


def test_paths_of_a_chain():
    graph = TranslationGraph(dict(AB=['a', 'b'], BC=['b', 'c'], CD=['c', 'd']))
    assert graph.anchor is None
    assert graph.pseudo_pairs == []
    assert graph.path('a', 'd') == ['a', 'b', 'c', 'd']
    assert graph.path('d', 'b') == ['d', 'c', 'b']
    assert TranslationGraph(GRAPHS['rgbd'][0]).path('d', 's') == ['d', 'r', 's']
    one_way = [('a', 'b', 'S'), ('b', 'c', 'S'), ('c', 'a', 'S')]
    assert TranslationGraph(dict(S=['a', 'b', 'c']), seen=one_way).path('b', 'a') == ['b', 'c', 'a']


RS_RD = GRAPHS['rgbd'][0]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(sets={}), 'model.graph.sets is empty'),
        (dict(sets=dict(A=['r'])), 'two or more different modalities'),
        (dict(sets=dict(A=['r', 'r'])), 'two or more different modalities'),
        (dict(sets=dict(A=['a', 'b'], B=['c', 'd'])), r"no chain of seen translations connects \['c', 'd'\]"),
        (dict(seen=[('r', 's', 'RS'), ('s', 'r', 'RS'), ('d', 'r', 'RD')]), "'d' is never the target"),
        (dict(seen=[('r', 's', 'RS'), ('s', 'r', 'RS'), ('r', 'd', 'RD')]), "'d' is never the source"),
        (dict(seen=[('r', 'd', 'RS')]), r"seen\[0\]: the set 'RS' holds \['r', 's'\], and no 'd'"),
        (dict(seen=[('r', 's', 'SR')]), "names the set 'SR'; the sets are "),
        (dict(seen=[('r', 's')]), r'must be \(source, target, set\)'),
        (dict(seen=[('r', 'r', 'RS')]), 'leads from a modality to itself'),
        (dict(anchor='x'), "anchor names the modality 'x'"),
        (dict(autoencoders=['x']), "autoencoders names the modality 'x'"),
        (dict(latent_pairs=[('s', 'd', 'RS')]), "and no 'd'"),
        (dict(pseudo_pairs=[('r', 's', 'RS', 'd')]), 'RS'),
        (dict(pseudo_pairs=[('r', 'd', 'RD', 'r')]), 'r to d is seen'),
        (dict(pseudo_pairs=[('s', 'd', 'RS', 's')]), 's to d is not seen and can not give the target'),
    ],
)
def test_impossible_graphs(options, message):
    with pytest.raises(ValueError, match=message):
        TranslationGraph(**(dict(sets=RS_RD) | options))
