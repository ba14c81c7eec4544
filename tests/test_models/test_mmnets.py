"""The training step of mix and match networks: which network learns from what, and what is computed how often."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from mmnets_toys import LOSSES, SETS, SETS4, STAGES, mmnets_config, scenes, sets_batch

from mmgentransfer.models.game import Batch
from mmgentransfer.models.step_random import StepRandom

NETWORKS = [
    *(f'encoders.{m}' for m in ('rgb', 'segmentation', 'depth')),
    *(f'decoders.{m}' for m in ('rgb', 'segmentation', 'depth')),
    'discriminators.rgb',
]
F_R, F_S, F_D, G_R, G_S, G_D, C = NETWORKS


def prepared(model, stage, sets=SETS, iteration=0):
    """The move's batch, with the shared pass made as the training step makes it."""
    model.enter_stage(stage)
    data = model.data_preprocessor(sets_batch(sets=sets))
    with model._only_trainable(model.trained['generator']):
        shared = model.shared_pass(Batch(data, StepRandom(0, iteration)))
    return Batch(data, StepRandom(1, iteration), shared)


def learners(model):
    """The networks of which every convolution got a gradient; the others got none, in no parameter."""
    found = set()
    for name in NETWORKS:
        weights = [p for p in model.get_submodule(name).parameters() if p.ndim == 4]
        got = [p.grad is not None and bool((p.grad != 0).any()) for p in weights]
        assert all(got) or not any(got), name
        if all(got):
            found.add(name)
        else:
            parameters = model.get_submodule(name).parameters()
            assert all(p.grad is None or not p.grad.any() for p in parameters), name
    return found


def gradients_of(model, batch, term):
    """Back-propagates one term, as the generator's or the critic's move does."""
    player = 'critic' if term == 'critic' else 'generator'
    with model._only_trainable(model.trained[player]):
        terms = model.critic_losses(batch) if player == 'critic' else model.generator_losses(batch)
        terms['adversarial' if player == 'critic' else term].backward()
        return learners(model)


# Table 5.3 of gradients, with the colour encoder where it is trained
TABLE = {
    ('segmentation', 0): {F_R, G_S},
    ('segmentation', 1): {G_S},
    ('segmentation', 2): {G_S},
    ('depth', 0): {F_R, G_D},
    ('depth', 1): {G_D},
    ('depth', 2): {G_D},
    ('rgb', 0): {F_S, F_D, G_R},
    ('rgb', 1): {F_S, F_D, G_R},
    ('rgb', 2): {F_S, F_D, G_R},
    ('adversarial', 0): {F_S, F_D, G_R},
    ('adversarial', 1): {F_S, F_D, G_R},
    ('adversarial', 2): {F_S, F_D, G_R},
    ('autoencoder', 1): {F_S, F_D, G_R, G_S, G_D},
    ('autoencoder', 2): {F_S, F_D, G_R, G_S, G_D},
    ('latent', 1): {F_S, F_D},
    ('latent', 2): {F_S, F_D},
    ('pseudo', 2): {F_S, F_D, G_S, G_D},
    ('critic', 0): {C},
    ('critic', 1): {C},
    ('critic', 2): {C},
}


@pytest.mark.parametrize(('term', 'stage'), TABLE)
def test_gradients_of_each_term(build_game, term, stage):
    model = build_game(mmnets_config())
    assert gradients_of(model, prepared(model, stage), term) == TABLE[term, stage]


def test_terms_that_a_stage_lacks_are_not_computed(build_game):
    model = build_game(mmnets_config())
    names = {0: set(), 1: {'autoencoder', 'latent'}, 2: {'autoencoder', 'latent', 'pseudo'}}
    for stage, extra in names.items():
        terms = set(model.generator_losses(prepared(model, stage)))
        assert terms & set(LOSSES) == {'rgb', 'segmentation', 'depth', 'adversarial'} | extra


TRANSLATIONS = {
    ('rgb', 'segmentation', 'RS'): {F_R, G_S},
    ('segmentation', 'rgb', 'RS'): {F_S, G_R},
    ('rgb', 'depth', 'RD'): {F_R, G_D},
    ('depth', 'rgb', 'RD'): {F_D, G_R},
}
AUTOENCODERS = {
    ('rgb', 'rgb', 'RS'): {G_R},
    ('segmentation', 'segmentation', 'RS'): {F_S, G_S},
    ('rgb', 'rgb', 'RD'): {G_R},
    ('depth', 'depth', 'RD'): {F_D, G_D},
}
PSEUDO = {('segmentation', 'depth', 'RS'): {F_S, G_D}, ('depth', 'segmentation', 'RD'): {F_D, G_S}}


@pytest.mark.parametrize('stage', [0, 1, 2])
def test_gradients_of_each_translation(build_game, stage):
    model = build_game(mmnets_config())
    batch = prepared(model, stage)
    expected = TRANSLATIONS | (AUTOENCODERS if stage else {}) | (PSEUDO if stage == 2 else {})
    assert set(batch.shared.predictions) == set(expected)
    for key, networks in expected.items():
        model.zero_grad(set_to_none=True)
        batch.shared.predictions[key].square().mean().backward(retain_graph=True)
        assert learners(model) == networks - ({F_R} if stage else set()), key


# ---------------------------------------------------------------------------------------------- one iteration


@pytest.mark.parametrize('sets', [SETS, SETS4], ids=['RS+RD', 'RS+RDN'])
@pytest.mark.parametrize('stage', [0, 1, 2])
def test_each_modality_is_encoded_once_and_each_translation_decoded_once(build_game, build_wrappers, sets, stage):
    model = build_game(mmnets_config(sets))
    model.enter_stage(stage)
    calls = Counter()
    for key in ('encoders', 'decoders', 'discriminators'):
        for name, network in getattr(model, key).items():
            network.register_forward_hook(lambda *_, name=f'{key}.{name}': calls.update([name]))
    model.train_step(sets_batch(sets=sets), build_wrappers(model), iteration=1 - stage % 2)
    holding = [m for held in sets.values() for m in held]
    others = len(set(holding)) - 1
    # the critic: real and fake in its own move (every second iteration), fake in the generator's
    assert calls.pop('discriminators.rgb') == (1 if stage % 2 == 0 else 3)
    for modality in set(holding):
        assert calls.pop(f'encoders.{modality}') == 1, modality
        sources = len(model.graph.seen) and sum(t.target == modality for t in model.graph.seen)
        sources += holding.count(modality) if stage else 0
        if stage == 2:  # a pseudo-pair's prediction, and its target once for each set
            pairs = [p for p in model.graph.pseudo_pairs if p.target == modality]
            sources += len(pairs) + len({p.set for p in pairs})
        assert calls.pop(f'decoders.{modality}') == sources, modality
    assert not calls
    assert others in (2, 3)


def test_a_frozen_encoder_builds_no_graph(build_game):
    model = build_game(mmnets_config())
    for stage, needed in ((0, True), (1, False), (2, False)):
        latents = prepared(model, stage).shared.latents
        assert latents['rgb', 'RS'].h.requires_grad is needed
        assert latents['depth', 'RD'].h.requires_grad


def test_the_critics_move_builds_no_graph_to_the_generator(build_game):
    model = build_game(mmnets_config())
    batch = prepared(model, 0)
    with model._only_trainable(model.trained['critic']):
        model.critic_losses(batch)['adversarial'].backward()
    assert all(p.grad is None for name in ('encoders', 'decoders') for p in getattr(model, name).parameters())


def test_the_critic_moves_in_every_second_iteration(build_game, build_wrappers, state_of, changed):
    model = build_game(mmnets_config())
    wrappers, moved = build_wrappers(model), []
    for iteration in range(4):
        before = state_of(model.discriminators)
        logs = model.train_step(sets_batch(), wrappers, iteration)
        moved.append(bool(changed(model.discriminators, before)))
        assert ('critic/adversarial' in logs) is moved[-1]
    assert moved == [True, False, True, False]


def test_a_stage_of_the_critic_alone(build_game, build_wrappers, state_of, changed):
    stages = [dict(name='critic', iters=1, train=['discriminators'], loss_weights=dict(autoencoder=0, pseudo=0))]
    model = build_game(mmnets_config(stages=stages))
    generator = state_of(model.encoders), state_of(model.decoders)
    before = state_of(model.discriminators)
    model.train_step(sets_batch(), build_wrappers(model))
    assert changed(model.discriminators, before)
    assert not changed(model.encoders, generator[0])
    assert not changed(model.decoders, generator[1])


def test_without_discriminators(build_game, build_wrappers):
    config = mmnets_config()
    config['networks']['discriminators'] = {}
    model = build_game(config)
    logs = model.train_step(sets_batch(), build_wrappers(model))
    assert not any('adversarial' in name for name in logs)


def test_frozen_encoder_keeps_every_bit(build_game, build_wrappers, state_of, changed):
    """With a norm, whose running statistics must stay as well, and with momentum from the stage before."""
    config = mmnets_config()
    config['networks']['encoders']['rgb']['norm_cfg'] = dict(type='BN')
    model = build_game(config)
    wrappers, data = build_wrappers(model), sets_batch()
    before = state_of(model.encoders['rgb'])
    model.train_step(data, wrappers, 0)
    assert any('running_mean' in name for name in changed(model.encoders['rgb'], before))
    for stage in (1, 2):
        model.enter_stage(stage)
        before, others = state_of(model.encoders['rgb']), state_of(model.encoders['depth'])
        for iteration in range(5):
            model.train_step(data, wrappers, iteration)
        assert not changed(model.encoders['rgb'], before)
        assert changed(model.encoders['depth'], others)


# ---------------------------------------------------------------------------------------------- losses by hand


def test_terms_are_the_equations(build_game):
    """Stage 2 by hand: eqs. 4.1 to 4.11 from the latents and predictions of the shared pass."""
    model = build_game(mmnets_config())
    batch = prepared(model, 1)
    terms = {name: value.detach() for name, value in model.generator_losses(batch).items()}
    made = {key: value.detach() for key, value in batch.shared.predictions.items()}
    rs, rd = batch['RS'], batch['RD']

    def l2(a, b):
        return (a - b).square().mean()

    def ce(logits, labels):
        return torch.nn.functional.cross_entropy(logits, labels)

    def berhu(a, b):
        error = (a - b).abs().flatten(1)
        c = error.amax(1, keepdim=True) / 5
        return torch.where(error <= c, error, (error**2 + c**2) / (2 * c)).mean()

    assert terms['rgb'] == pytest.approx(
        (l2(made['segmentation', 'rgb', 'RS'], rs['rgb']) + l2(made['depth', 'rgb', 'RD'], rd['rgb'])).item(), rel=1e-5
    )
    assert terms['segmentation'] == pytest.approx(
        ce(made['rgb', 'segmentation', 'RS'], rs['segmentation']).item(), rel=1e-5
    )
    assert terms['depth'] == pytest.approx(berhu(made['rgb', 'depth', 'RD'], rd['depth']).item(), rel=1e-5)
    autoencoders = (
        1000
        * (l2(made['rgb', 'rgb', 'RS'], rs['rgb']) + l2(made['rgb', 'rgb', 'RD'], rd['rgb']))
        / 2  # a mean over the samples of both sets
        + 100 * ce(made['segmentation', 'segmentation', 'RS'], rs['segmentation'])
        + 10 * berhu(made['depth', 'depth', 'RD'], rd['depth'])
    )
    assert terms['autoencoder'] == pytest.approx(autoencoders.item(), rel=1e-5)
    latents = {key: model.encode(batch[key[1]][key[0]], key[0]).h for key in batch.shared.latents}
    latent = l2(latents['rgb', 'RS'], latents['segmentation', 'RS']) + l2(latents['rgb', 'RD'], latents['depth', 'RD'])
    assert terms['latent'] == pytest.approx(latent.item(), rel=1e-5)
    keys = [('segmentation', 'rgb', 'RS'), ('depth', 'rgb', 'RD'), ('rgb', 'rgb', 'RS'), ('rgb', 'rgb', 'RD')]
    fakes = torch.cat([made[key] for key in keys])
    critic = model.discriminators['rgb']
    assert terms['adversarial'] == pytest.approx((critic(fakes) - 1).square().mean().item(), rel=1e-5)
    real = torch.cat([rs['rgb'], rd['rgb']])
    expected = (critic(real) - 1).square().mean() + critic(fakes).square().mean()
    assert model.critic_losses(batch)['adversarial'].item() == pytest.approx(expected.item(), rel=1e-5)


def test_scales_of_autoencoders(build_game):
    config = mmnets_config()
    model = build_game(config)
    one = model.generator_losses(prepared(model, 1))['autoencoder'].item()
    losses = dict(config['losses'], autoencoder=dict(type='AutoencoderLoss', scales=dict(segmentation=0.1)))
    model = build_game(config | dict(losses=losses))
    batch = prepared(model, 1)
    made = batch.shared.predictions['segmentation', 'segmentation', 'RS']
    share = 100 * torch.nn.functional.cross_entropy(made, batch['RS']['segmentation']).item()
    assert model.generator_losses(batch)['autoencoder'].item() == pytest.approx(one - 0.9 * share, rel=1e-4)


def test_sets_of_different_encoders_are_decoded_apart(build_game):
    """A decoder's batch statistics are those of one source and set."""
    model = build_game(mmnets_config())
    batch = prepared(model, 1)
    decoder = model.decoders['segmentation'].train()
    for key in (('rgb', 'segmentation', 'RS'), ('segmentation', 'segmentation', 'RS')):
        torch.manual_seed(0)
        latents = model._encode_sets(batch)
        noise = StepRandom(0, 0)
        noisy = {k: model._add_noise(*k, latent, Batch({}, noise)) for k, latent in latents.items()}
        torch.testing.assert_close(decoder(noisy[key[0], key[2]]), batch.shared.predictions[key])


# ---------------------------------------------------------------------------------------------- noise


@pytest.mark.parametrize(('mode', 'mean', 'std'), [('gaussian', 0.0, 0.5), ('abs', 0.3989, 0.3014)])
def test_noise(build_game, mode, mean, std):
    model = build_game(mmnets_config(noise_mode=mode))
    latent = model.encode(model.data_preprocessor(sets_batch())['RD']['depth'], 'depth')
    latent = latent._replace(h=torch.zeros(10, 10, 40, 40))
    model.enter_stage(1)
    h = model._add_noise('depth', 'RD', latent, Batch({}, StepRandom(0))).h
    assert h.mean().item() == pytest.approx(mean, abs=0.01)
    assert h.std().item() == pytest.approx(std, abs=0.01)
    model.enter_stage(0)
    assert model._add_noise('depth', 'RD', latent, Batch({}, StepRandom(0))) is latent


def test_noise_on_some_modalities(build_game):
    model = build_game(mmnets_config(noise_on=['rgb']))
    data = model.data_preprocessor(sets_batch())
    model.enter_stage(1)
    latent = model.encode(data['RD']['depth'], 'depth')
    assert model._add_noise('depth', 'RD', latent, Batch({}, StepRandom(0))) is latent
    noisy = model._add_noise('rgb', 'RD', latent, Batch({}, StepRandom(0)))
    assert not torch.equal(noisy.h, latent.h)
    assert noisy.indices is latent.indices


def test_losses_see_clean_latents_and_decoders_noisy_ones(build_game):
    """The latent loss is the same without noise; a seen translation isn't, and reads one noisy latent."""
    config = mmnets_config()
    quiet = [dict(stage, settings=dict(noise=0.0)) for stage in STAGES]
    results = []
    for stages in (STAGES, quiet):
        model = build_game(config | dict(stages=stages))
        results.append(model.generator_losses(prepared(model, 1)))
    assert torch.equal(results[0]['latent'], results[1]['latent'])
    assert not torch.equal(results[0]['depth'], results[1]['depth'])


# ---------------------------------------------------------------------------------------------- pseudo-pairs


@pytest.mark.parametrize('frozen', [['encoders.rgb'], []], ids=['frozen', 'trained'])
def test_pseudo_pairs_train_the_unseen_translators_alone(build_game, frozen):
    """Nothing reaches the anchor's encoder, which makes the targets, even where a stage trains it."""
    config = mmnets_config()
    zero = dict.fromkeys(LOSSES, 0) | dict(pseudo=100)
    zero.pop('nir')
    config['stages'] = [dict(STAGES[2], iters=1, loss_weights=zero, freeze=[*frozen, 'discriminators'])]
    model = build_game(config)
    assert gradients_of(model, prepared(model, 0), 'pseudo') == {F_S, F_D, G_S, G_D}


def test_pseudo_targets_are_constants(build_game, monkeypatch):
    """Another target is another loss; it has no graph of its own."""
    model = build_game(mmnets_config())
    batch = prepared(model, 2)
    loss = model._pseudo_loss(batch, batch.shared)
    target_of = model._pseudo_target
    targets = []

    def moved(via, target, *rest):
        targets.append(target_of(via, target, *rest))
        return targets[-1] + 1 if target == 'depth' else targets[-1]

    monkeypatch.setattr(model, '_pseudo_target', moved)
    assert model._pseudo_loss(batch, batch.shared).item() != pytest.approx(loss.item(), rel=1e-3)
    assert len(targets) == 2
    assert not any(target.requires_grad for target in targets)


def test_pseudo_targets(build_game, state_of, changed):
    """They come from the colour images of their own set in eval mode, and leave no trace."""
    model = build_game(mmnets_config())
    for _ in range(2):  # running statistics that differ from the batch's
        prepared(model, 2)
    batch = prepared(model, 2)
    made = batch.shared.predictions
    before = state_of(model)
    loss = model._pseudo_loss(batch, batch.shared)
    assert not changed(model, before)
    assert model.decoders['depth'].training
    with torch.no_grad():
        model.eval()
        depth = model.decode(model.encode(batch['RS']['rgb'], 'rgb'), 'depth')
        labels = model.decode(model.encode(batch['RD']['rgb'], 'rgb'), 'segmentation').argmax(1)
    expected = model.losses['depth'](made['segmentation', 'depth', 'RS'], depth)
    expected += torch.nn.functional.cross_entropy(made['depth', 'segmentation', 'RD'], labels)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize('label', ['hard', 'soft'])
def test_labels_of_pseudo_targets(build_game, label):
    config = mmnets_config()
    config['losses']['pseudo'] = dict(type='PseudoPairLoss', label=label, min_confidence=0.5)
    modality = build_game(config).modalities['segmentation']
    logits = torch.tensor([[2.0, 0.0, 0.0, 0.0, 0.0], [0.1, 0.0, 0.0, 0.0, 0.2]]).T.reshape(1, 5, 1, 2)
    target = modality.pseudo_target(logits, label, 0.5)
    if label == 'soft':
        assert torch.equal(target, logits.softmax(1))
    else:  # e^2 / (e^2 + 4) = 0.65; 0.24 for the second
        assert target.tolist() == [[[0, 255]]]


def test_pseudo_pairs_of_an_encoder_that_is_trained(build_game):
    """Then the anchor is encoded again, in eval mode."""
    config = mmnets_config()
    config['networks']['encoders']['rgb']['norm_cfg'] = dict(type='BN')
    config['stages'] = [dict(STAGES[2], iters=1, freeze=[])]
    model = build_game(config)
    batch = prepared(model, 0)
    target = model._pseudo_target('rgb', 'depth', 'RS', batch, batch.shared)
    model.eval()
    with torch.no_grad():
        expected = model.decode(model.encode(batch['RS']['rgb'], 'rgb'), 'depth')
    assert torch.equal(target, expected)
    assert model.encoders['rgb'].training is False


# ---------------------------------------------------------------------------------------------- N modalities


def test_four_modalities_run_all_stages(build_game, build_wrappers):
    model = build_game(mmnets_config(SETS4))
    wrappers = build_wrappers(model)
    data = scenes(12, SETS4)
    for iteration in range(6):
        model.enter_stage(model.stage_index_at(iteration))
        logs = model.train_step(data.__getitems__([0, 1, 2]), wrappers, iteration)
        assert all(torch.isfinite(value) for value in logs.values())
    assert {'generator/depth_to_nir_RDN', 'generator/rgb_to_segmentation_RS'} < set(logs)


def test_oracle_has_one_set_and_no_colour(build_game, build_wrappers):
    sets = dict(DS=['depth', 'segmentation'])
    config = mmnets_config(sets, stages=None)
    config['losses'] = {name: config['losses'][name] for name in ('depth', 'segmentation')}
    model = build_game(config)
    data = sets_batch(sets=sets)
    logs = model.train_step(data, build_wrappers(model))
    assert set(logs) == {
        f'generator/{name}'
        for name in ('depth', 'segmentation', 'depth_to_segmentation_DS', 'segmentation_to_depth_DS')
    }
