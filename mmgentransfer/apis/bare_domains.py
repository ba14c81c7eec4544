"""The bare passes of the methods that translate images between domains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from mmgentransfer.apis.bare_game import BareGame
from mmgentransfer.models.game import Batch
from mmgentransfer.models.methods.transferi2i.passes import Condition, draw_inputs, judge
from mmgentransfer.models.methods.udit.munit import Encoded
from mmgentransfer.models.methods.udit.networks import ContentCode

__all__ = ['BareCUT', 'BareDRIT', 'BareMUNIT', 'BareSDIT', 'BareTransferI2I']

Images = tuple[Tensor, Condition]
"""Images (N, C, H, W), and their classes (N,) or None."""


class BareSDIT(BareGame):
    """SDIT: translations, for the generator also back, and the heads whose terms have a weight."""

    def discriminator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The heads on images and on translations, and the penalty."""
        judge, losses, real = self.model.discriminator, self.model.losses, batch['images']
        own, target = self.model._targets(Batch(batch, self.random))
        with self.autocast():
            codes = self._codes(len(real))
            with torch.no_grad():
                fake = self.model.generator(real, target, codes)
            of_real, of_fake = judge.features(torch.cat([real, fake])).chunk(2)
            return self.weighted(
                adversarial=lambda: losses['adversarial'].critic(judge.score_head(of_real), judge.score_head(of_fake)),
                discriminator_domain=lambda: losses['discriminator_domain'](judge.domain_head(of_real), own),
                discriminator_latent=lambda: losses['discriminator_latent'](judge.code_head(of_fake), codes),
                gradient_penalty=lambda: losses['gradient_penalty'](
                    judge.score, real, fake, self.random.uniform(len(real))
                ),
            )

    def generator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The heads on translations, and the way back."""
        generator, judge = self.model.generator, self.model.discriminator
        losses, real = self.model.losses, batch['images']
        own, target = self.model._targets(Batch(batch, self.random))
        with self.autocast():
            codes = self._codes(len(real))
            style = generator.style(codes)
            fake = generator.decode(*generator.encode(real, target), style)
            judged = any(map(self.model.weight, ('adversarial', 'generator_domain', 'generator_latent')))
            of_fake = judge.features(fake) if judged else None

            def back() -> Tensor:
                again = generator.style(self._codes(len(real))) if self.model.cycle_code == 'resample' else style
                return generator.decode(*generator.encode(fake, own), again)

            return self.weighted(
                adversarial=lambda: losses['adversarial'].generator(judge.score_head(of_fake)),
                generator_domain=lambda: losses['generator_domain'](judge.domain_head(of_fake), target),
                generator_latent=lambda: losses['generator_latent'](judge.code_head(of_fake), codes),
                reconstruction=lambda: losses['reconstruction'](back(), real),
            )

    def _codes(self, num: int) -> Tensor | None:
        return None if self.model.code_dim is None else self.random.normal(num, self.model.code_dim)


class BareMUNIT(BareGame):
    """MUNIT and UDIT: each image is encoded once, each decoder makes all its images in one pass."""

    def shared_pass(self, batch: dict[str, Any]) -> Encoded:
        """Returns the contents, and the styles if a term needs them."""
        model = self.model
        styled = model.weight('reconstruction') or model.weight('cycle')
        return Encoded(
            {name: encoder(batch[name]) for name, encoder in model.content_encoders.items()},
            {name: encoder(batch[name]) for name, encoder in model.style_encoders.items()} if styled else {},
        )

    def discriminator_loss(self, batch: dict[str, Any], shared: Encoded) -> Tensor:
        """Each discriminator on images of its domain and on translations to it."""
        model, total = self.model, 0.0
        with self.autocast():
            for source, target in model.directions:
                real, content = batch[target], shared.contents[source].detach()
                with torch.no_grad():
                    fake = model.decoders[target](content, self._styles(batch[source]))
                for scores in model.discriminators[target](torch.cat([real, fake])):
                    parts = scores.split([len(real), len(fake)])
                    total = total + model.losses['adversarial'].critic(*parts)
            return model.weight('adversarial') * total

    def generator_loss(self, batch: dict[str, Any], shared: Encoded) -> Tensor:
        """Every term on the translations to each domain, and images rebuilt from their own codes."""
        model, total, fakes = self.model, 0.0, {}
        losses, contents = model.losses, shared.contents
        with self.autocast():
            for source, target in model.directions:
                style, content = self._styles(batch[source]), contents[source]
                if model.weight('reconstruction'):
                    codes = ContentCode.cat([contents[target], content])
                    made = model.decoders[target](codes, torch.cat([shared.styles[target], style]))
                    own, fake = made.split([len(batch[target]), len(batch[source])])
                    total = total + model.weight('reconstruction') * losses['reconstruction'](own, batch[target])
                else:
                    fake = model.decoders[target](content, style)
                fakes[source, target] = fake
                total = total + self._translation_terms(source, target, fake, style, batch, shared)
            for name, loss in model.constraints.items():
                pairs = [pair for pair in model.directions if loss.applies_to(*pair)] if model.weight(name) else []
                if pairs:
                    with torch.no_grad():
                        kept = loss.maps(torch.cat([batch[source] for source, _ in pairs]))
                    made = loss.maps(torch.cat([fakes[pair] for pair in pairs]))
                    sizes = [len(batch[source]) for source, _ in pairs]
                    values = map(loss.distance, made.split(sizes), kept.split(sizes))
                    total = total + model.weight(name) * sum(values)
        return total

    def _styles(self, images: Tensor) -> Tensor:
        return self.random.normal(len(images), self.model.code_dim)

    def _translation_terms(
        self, source: str, target: str, fake: Tensor, style: Tensor, batch: dict[str, Any], shared: Encoded
    ) -> Tensor:
        model, losses, content = self.model, self.model.losses, shared.contents[source].content
        again = None
        if model.weight('content') or model.weight('cycle'):
            again = model.content_encoders[target](fake)
        return self.weighted(
            adversarial=lambda: sum(map(losses['adversarial'].generator, model.discriminators[target](fake))),
            content=lambda: losses['content'](
                again.content, content.detach() if model.detach_content_target else content
            ),
            style=lambda: losses['style'](model.style_encoders[target](fake), style),
            cycle=lambda: losses['cycle'](model.decoders[source](again, shared.styles[source]), batch[source]),
        )


class BareTransferI2I(BareGame):
    """TransferI2I: the GANs' passes, the adaptor's on generated images, and those of translations, by stage."""

    def shared_pass(self, batch: dict[str, Any]) -> dict[int, Tensor] | None:
        """Returns the adaptor's maps of the source images in the stage that translates."""
        return self._adapted(batch, None) if self.model.stage.name == 'transfer' else None

    def discriminator_loss(self, batch: dict[str, Any], shared: dict[int, Tensor] | None) -> Tensor:
        """Each discriminator on images and on what was made of noise; in the end on translations."""
        model, total = self.model, 0.0
        with self.autocast():
            if model.stage.name == 'st_init':
                for generator, discriminator, real, labels in model._gans(batch, 'discriminator'):
                    with torch.no_grad():
                        fake = self._generated(generator, len(real))
                    total = total + self._critic_terms(discriminator, (real, labels), [fake])
                return total
            real = batch[model.domains[1]] if model.two_class else batch['images']
            with torch.no_grad():
                fakes = self._translated(batch, shared, len(real))
            return self._critic_terms(model.discriminator, (real, batch.get('labels')), fakes)

    def generator_loss(self, batch: dict[str, Any], shared: dict[int, Tensor] | None) -> Tensor:
        """The scores of what the generators make, or the adaptor's alignment; in the end with reconstruction."""
        model, losses, total = self.model, self.model.losses, 0.0
        with self.autocast():
            if model.stage.name == 'self_init':
                return model.weight('alignment') * self._alignment(len(next(iter(batch.values()))))
            if model.stage.name == 'st_init':
                for generator, discriminator, real, _ in model._gans(batch, 'generator'):
                    fake, labels = self._generated(generator, len(real))
                    total = total + losses['adversarial'].generator(discriminator(fake, labels))
                return model.weight('adversarial') * total
            sources = self._sources(batch)
            fake, *aux = self._translated(batch, shared, len(sources))
            scores, taps = model.discriminator(*fake, return_taps=True)
            total = model.weight('adversarial') * losses['adversarial'].generator(scores)
            for images, labels in aux:
                of_aux = losses['auxiliary'].generator(model.discriminator(images, labels))
                total = total + model.weight('auxiliary') * of_aux
            if model.weight('reconstruction'):
                with torch.no_grad():
                    wanted = model.discriminator.features(sources)
                levels = [{side: features[side] for side in model.taps} for features in (taps, wanted)]
                total = total + model.weight('reconstruction') * losses['reconstruction'](*levels)
        return total

    def _critic_terms(self, discriminator: nn.Module, real: Images, fakes: list[Images]) -> Tensor:
        losses, (images, labels) = self.model.losses, real
        of_real, of_fake, *of_aux = (scores for scores, _ in judge(discriminator, [real, *fakes]))
        critic = partial(discriminator, labels=labels)
        total = self.weighted(
            adversarial=lambda: losses['adversarial'].critic(of_real, of_fake),
            drift=lambda: losses['drift'](of_real),
            r1=lambda: losses['r1'](critic, images),
            gradient_penalty=lambda: losses['gradient_penalty'](
                critic, images, fakes[0][0], self.random.uniform(len(images))
            ),
        )
        if of_aux:
            total = total + self.model.weight('auxiliary') * losses['auxiliary'].critic_on_fakes(*of_aux)
        return total

    def _generated(self, generator: nn.Module, num: int) -> Images:
        inputs, labels = draw_inputs(self.model, self.random, num, generator)
        return generator(**inputs), labels

    def _translated(self, batch: dict[str, Any], shared: dict[int, Tensor] | None, num: int) -> list[Images]:
        """Returns translations, and the images of the auxiliary generator if their term has a weight."""
        model = self.model
        inputs, labels = draw_inputs(model, self.random, num, model.generator)
        injected = self._adapted(batch, shared)
        fakes = [(model.generator(**inputs, injected=injected, fusion=model.adaptor.fusion), labels)]
        if model.weight('auxiliary') and hasattr(model, 'aux_generator'):
            if not model.aux_same_noise:
                inputs, labels = draw_inputs(model, self.random, num, model.generator)
            fakes.append((model.aux_generator(model.generator, **inputs), labels))
        return fakes

    def _adapted(self, batch: dict[str, Any], shared: dict[int, Tensor] | None) -> dict[int, Tensor]:
        return self.model.adaptor(self.model.encoder(self._sources(batch))) if shared is None else shared

    def _sources(self, batch: dict[str, Any]) -> Tensor:
        return batch[self.model.domains[0]] if self.model.two_class else batch['sources']

    def _alignment(self, num: int) -> Tensor:
        model = self.model
        source = 'source_' if model.two_class else ''
        generator = getattr(model, f'{source if model.gan_pair == "source" else ""}generator')
        discriminator = getattr(model, f'{"" if model.gan_pair == "target" else source}discriminator')
        with torch.no_grad():
            inputs, _ = draw_inputs(model, self.random, num, generator, mixing=False)
            images, taps = generator(**inputs, return_taps=True)
            features = discriminator.features(images)
        return model.losses['alignment'](model.adaptor(features), {side: taps[side] for side in model.taps})


class BareCUT(BareGame):
    """CUT: images are translated once, translations are encoded once for all their patches."""

    def shared_pass(self, batch: dict[str, Any]) -> Any:
        """Returns the translations of the source, with the features on their way; of the target too if needed."""
        return self.model.shared_pass(Batch(batch, self.random))

    def discriminator_loss(self, batch: dict[str, Any], shared: Any) -> Tensor:
        """The discriminator on images of the target and on translations."""
        judge, loss = self.model.discriminator, self.model.losses['adversarial']
        with self.autocast():
            value = loss.critic(judge(batch[self.model.domains[1]]), judge(shared.fakes.detach()))
            return self.model.weight('adversarial') * value

    def generator_loss(self, batch: dict[str, Any], shared: Any) -> Tensor:
        """The discriminator on translations, and the patches of translations against those of their inputs."""
        model, num = self.model, len(shared.fakes)
        step = Batch(batch, self.random)
        with self.autocast():
            outputs = shared.fakes if shared.own is None else torch.cat([shared.fakes, shared.own])
            queries = model.generator.features(outputs, model.taps)
            first, second = ({name: x[part] for name, x in queries.items()} for part in (slice(num), slice(num, None)))
            return self.weighted(
                adversarial=lambda: model.losses['adversarial'].generator(model.discriminator(shared.fakes)),
                nce=lambda: model._contrast('nce', first, shared.features, step, shared.flipped),
                identity_nce=lambda: model._contrast('identity_nce', second, shared.own_features, step, shared.flipped),
            )


class BareDRIT(BareGame):
    """DRIT: contents and codes once for each loss function, each generator in one pass for all its images."""

    def content_discriminator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The discriminator of contents."""
        model = self.model
        with self.autocast():
            with torch.no_grad():
                contents = self._contents(self._images(batch))
            return model.weight('content') * model.losses['content'].critic(*map(model.content_discriminator, contents))

    def discriminator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The discriminators of translations with an image's code and of those with random ones."""
        model, total = self.model, 0.0
        images, others = model._halves(Batch(batch, self.random))
        with self.autocast():
            with torch.no_grad():
                contents = self._contents(images)
                randoms = model._random_codes(len(images[0]), self.random)
            for domain, name in enumerate(model.domains):
                with torch.no_grad():
                    codes = [self._code(images[domain], domain)[0], *randoms[domain]]
                    encoded, *random = self._made([contents[1 - domain]] * len(codes), codes, domain)
                for network, real, made in (
                    (model.discriminators[name], images[domain], [encoded]),
                    (model.random_discriminators[name], others[domain], random),
                ):
                    of_real = network(real)
                    for fake in made:
                        total = total + sum(map(model.losses['adversarial'].critic, of_real, network(fake)))
            return model.weight('adversarial') * total

    def generator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The terms of codes that are images' own."""
        model, losses, images = self.model, self.model.losses, self._images(batch)
        with self.autocast():
            contents, fakes, owns = self._contents(images), [], []
            codes = [self._code(x, domain) for domain, x in enumerate(images)]
            for domain, (code, _) in enumerate(codes):
                fake, own = self._made([contents[1 - domain], contents[domain]], [code, code], domain)
                fakes.append(fake)
                owns.append(own)

            def crossed(domain: int) -> Tensor:
                content = model.content_encoder(fakes[1 - domain], 1 - domain, self.random)
                return model.generator(content, self._code(fakes[domain], domain)[0], domain)

            return self.weighted(
                adversarial=lambda: self._fooled(model.discriminators, [[fake] for fake in fakes]),
                content=lambda: losses['content'].generator(*map(model.content_discriminator, contents)),
                reconstruction=lambda: sum(map(losses['reconstruction'], owns, images)),
                attribute=lambda: sum(losses['attribute'](*statistics) for _, statistics in codes),
                cross_cycle=lambda: sum(losses['cross_cycle'](crossed(d), images[d]) for d in range(2)),
                content_code=lambda: sum(map(losses['content_code'], contents)),
                semantic=lambda: model._semantic([[fake] for fake in fakes], images),
            )

    def random_code_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The terms of random codes."""
        model, losses, images = self.model, self.model.losses, self._images(batch)
        with self.autocast():
            contents, codes = self._contents(images), model._random_codes(len(images[0]), self.random)
            fakes = [self._made([contents[1 - d]] * len(codes[d]), codes[d], d) for d in range(2)]

            def again(domain: int) -> Tensor:
                return model.attribute_encoder(fakes[domain][0], domain)[0]

            return self.weighted(
                adversarial=lambda: self._fooled(model.random_discriminators, fakes),
                latent_regression=lambda: sum(losses['latent_regression'](again(d), codes[d][0]) for d in range(2)),
                mode_seeking=lambda: sum(map(losses['mode_seeking'], fakes, codes)),
                semantic=lambda: model._semantic(fakes, images),
            )

    def _images(self, batch: dict[str, Any]) -> list[Tensor]:
        return self.model._halves(Batch(batch, self.random))[0]

    def _contents(self, images: Sequence[Tensor]) -> list[Tensor]:
        return [self.model.content_encoder(x, domain, self.random) for domain, x in enumerate(images)]

    def _code(self, images: Tensor, domain: int) -> tuple[Tensor, tuple[Tensor, ...]]:
        return self.model._code(images, domain, self.random)

    def _made(self, contents: Sequence[Tensor], codes: Sequence[Tensor], domain: int) -> Sequence[Tensor]:
        return self.model.generator(torch.cat(list(contents)), torch.cat(list(codes)), domain).chunk(len(codes))

    def _fooled(self, discriminators: nn.ModuleDict, fakes: Sequence[Sequence[Tensor]]) -> Tensor:
        fooled: Callable[[Tensor], Tensor] = self.model.losses['adversarial'].generator
        named = zip(self.model.domains, fakes, strict=True)
        return sum(fooled(part) for name, made in named for fake in made for part in discriminators[name](fake))
