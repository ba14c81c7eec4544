"""The bare passes of translators: networks and losses called one after the other."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mmgentransfer.apis.bare_game import BareGame
from mmgentransfer.models.backbones.segnet import Latent
from mmgentransfer.models.game import Batch
from mmgentransfer.models.methods.gan import sampling_mode
from mmgentransfer.models.methods.mmnets.translator import UnpairedPass

__all__ = ['BareIcGAN', 'BareMixAndMatch', 'BarePix2Pix', 'BareStarGAN', 'BareUnpaired']

Passes = tuple[dict[tuple[str, str], Latent], dict[tuple[str, str, str], Tensor]]


class BareMixAndMatch(BareGame):
    """M&MNets: each encoder once, each translation that the stage trains once."""

    def shared_pass(self, batch: dict[str, Any]) -> Passes:
        """Returns the latents by (modality, set) and the outputs by (source, target, set)."""
        model, sets = self.model, self.model.graph.sets
        latents: dict[tuple[str, str], Latent] = {}
        for modality, encoder in model.encoders.items():
            names = [name for name, held in sets.items() if modality in held]
            inputs = [model.modalities[modality].to_input(batch[name][modality]) for name in names]
            parts = encoder(torch.cat(inputs)).split([len(x) for x in inputs])
            latents.update({(modality, name): part for name, part in zip(names, parts, strict=True)})
        wanted = [tuple(pair) for pair in model.graph.seen]
        if model.weight('autoencoder'):
            wanted += [(m, m, name) for name, held in sets.items() for m in held if m in model.graph.autoencoders]
        if model.weight('pseudo'):
            wanted += [(pair.source, pair.target, pair.set) for pair in model.graph.pseudo_pairs]
        noisy = {key: self._with_noise(key[0], latent) for key, latent in latents.items()}
        return latents, {key: model.decoders[key[1]](noisy[key[0], key[2]]) for key in wanted}

    def _with_noise(self, modality: str, latent: Latent) -> Latent:
        std = self.model.setting('noise') if modality in self.model.noise_on else 0
        return latent._replace(h=latent.h + std * torch.randn_like(latent.h)) if std else latent

    def critic_loss(self, batch: dict[str, Any], shared: Passes) -> Tensor:
        """The critics on all real samples of their modality, and on all fakes."""
        model, total = self.model, 0.0
        with self.autocast():
            for modality, critic in model.discriminators.items():
                real = torch.cat([part[modality] for part in batch.values() if modality in part])
                scores = critic(real), critic(self._fakes(modality, shared).detach())
                total = total + model.losses['adversarial'].critic(*scores)
            return model.weight('adversarial') * total

    def generator_loss(self, batch: dict[str, Any], shared: Passes) -> Tensor:
        """Seen translations, autoencoders, latents, pseudo-pairs, and the critics on all fakes."""
        model, total = self.model, 0.0
        latents, outputs = shared
        with self.autocast():
            for source, target, name in model.graph.seen:
                value = self._compare(target, outputs[source, target, name], batch[name][target])
                total = total + model.weight(target) * value
            for modality in model.graph.autoencoders if model.weight('autoencoder') else ():
                names = [name for name, held in model.graph.sets.items() if modality in held]
                output = torch.cat([outputs[modality, modality, name] for name in names])
                value = self._compare(modality, output, torch.cat([batch[name][modality] for name in names]))
                scale = model.weight('autoencoder') * model.losses['autoencoder'].scale(modality)
                total = total + scale * model.weight(modality) * value
            for a, b, name in model.graph.latent_pairs if model.weight('latent') else ():
                total = total + model.weight('latent') * model.losses['latent'](latents[a, name], latents[b, name])
            for pair in model.graph.pseudo_pairs if model.weight('pseudo') else ():
                output = outputs[pair.source, pair.target, pair.set]
                wanted = self._pseudo_target(pair.via, pair.target, pair.set, batch, latents)
                total = total + model.weight('pseudo') * self._compare(pair.target, output, wanted, synthesised=True)
            for modality, critic in model.discriminators.items() if model.weight('adversarial') else ():
                value = model.losses['adversarial'].generator(critic(self._fakes(modality, shared)))
                total = total + model.weight('adversarial') * value
        return total

    def _compare(self, modality: str, output: Tensor, wanted: Tensor, synthesised: bool = False) -> Tensor:
        return self.model.modalities[modality].compare(self.model.losses[modality], output, wanted, synthesised)

    def _fakes(self, modality: str, shared: Passes) -> Tensor:
        unseen = {(pair.source, pair.target, pair.set) for pair in self.model.graph.pseudo_pairs}
        return torch.cat([x for key, x in shared[1].items() if key[1] == modality and key not in unseen])

    @torch.no_grad()
    def _pseudo_target(self, via: str, target: str, name: str, batch: dict, latents: dict) -> Tensor:
        model, loss = self.model, self.model.losses['pseudo']
        encoder, decoder = model.encoders[via], model.decoders[target]
        with sampling_mode([encoder, decoder]):
            trained = f'encoders.{via}' in model.trained['generator']
            values = model.modalities[via].to_input(batch[name][via]) if trained else None
            output = decoder(encoder(values) if trained else latents[via, name])
        return model.modalities[target].pseudo_target(output, loss.label, loss.min_confidence)


class BareUnpaired(BareGame):
    """CycleGAN, and M&MNets of domains without pairs: translations, cycles, and outputs of the own domain."""

    def shared_pass(self, batch: dict[str, Any]) -> UnpairedPass:
        """Calls every network as often as the method needs."""
        model = self.model
        return model.forward_pass({name: model.to_input(model.values(batch, name), name) for name in model.modalities})

    def critic_loss(self, batch: dict[str, Any], shared: UnpairedPass) -> Tensor:
        """Each critic on the samples of its domain and on as many fakes."""
        model, total = self.model, 0.0
        with self.autocast():
            for name, critic in model.discriminators.items():
                real = model.to_input(model.values(batch, name), name)
                with torch.no_grad():
                    fake = model._shown(name, Batch(batch, self.random, shared))
                total = total + model.losses['adversarial'].critic(critic(real), critic(fake))
            return model.weight('adversarial') * total

    def generator_loss(self, batch: dict[str, Any], shared: UnpairedPass) -> Tensor:
        """Each critic on all translations to its domain; cycles and own outputs against the samples."""
        model, total = self.model, 0.0
        with self.autocast():
            for name, critic in model.discriminators.items() if model.weight('adversarial') else ():
                outputs = [model.soften(x, name) for (_, target), x in shared.fakes.items() if target == name]
                for part in critic(torch.cat(outputs)).split([len(x) for x in outputs]):
                    total = total + model.weight('adversarial') * model.losses['adversarial'].generator(part)
            compared = [('cycle', a, x) for (a, _), x in shared.cycles.items()]
            compared += [(model.own_term, name, x) for name, x in shared.own.items()]
            for term, name, output in compared:
                value = model.compare(name, output, model.values(batch, name))
                total = total + model.weight(term) * model.weight(name) * value
        return total


class BarePix2Pix(BareGame):
    """pix2pix: each generator once, its critic on source and target together."""

    def shared_pass(self, batch: dict[str, Any]) -> dict[str, Tensor]:
        """Returns each generator's output."""
        for dropout in self.model._dropouts:
            dropout.random = self.random
        return {name: generator(self._pair(batch, name)[0]) for name, generator in self.model.generators.items()}

    def critic_loss(self, batch: dict[str, Any], shared: dict[str, Tensor]) -> Tensor:
        """Each critic on real pairs and on fakes."""
        model, total = self.model, 0.0
        with self.autocast():
            for name, critic in model.discriminators.items():
                condition, real = self._pair(batch, name)
                target = model.translations[name][1]
                pairs = model.to_input(real, target), model.soften(shared[name].detach(), target)
                scores = [critic(torch.cat([condition, x], dim=1)) for x in pairs]
                total = total + model.losses['adversarial'].critic(*scores)
            return model.weight('adversarial') * total

    def generator_loss(self, batch: dict[str, Any], shared: dict[str, Tensor]) -> Tensor:
        """Each output against the true target, and the critics on the fakes."""
        model, total = self.model, 0.0
        with self.autocast():
            for name, output in shared.items():
                condition, real = self._pair(batch, name)
                target = model.translations[name][1]
                total = total + model.weight(target) * model.compare(target, output, real)
                if name in model.discriminators and model.weight('adversarial'):
                    scores = model.discriminators[name](torch.cat([condition, model.soften(output, target)], dim=1))
                    total = total + model.weight('adversarial') * model.losses['adversarial'].generator(scores)
        return total

    def _pair(self, batch: dict[str, Any], name: str) -> tuple[Tensor, Tensor]:
        source, target = self.model.translations[name]
        values, wanted = self.model.aligned(batch, source, target)
        return self.model.to_input(values, source), wanted


class BareStarGAN(BareGame):
    """StarGAN of images: a translation, its way back, the critic's scores and classes, the gradient penalty."""

    def critic_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The critic on images and on translations."""
        losses, weight, real = self.model.losses, self.model.weight, batch['images']
        own, target = self.model._targets(Batch(batch, self.random))
        with self.autocast():
            with torch.no_grad():
                fake = self.model.generator(real, target)
            (real_scores, logits), (fake_scores, _) = self.model.critic(real), self.model.critic(fake)
            loss = weight('adversarial') * losses['adversarial'].critic(real_scores, fake_scores)
            loss = loss + weight('domain') * losses['domain'](logits, own)
        if weight('gradient_penalty'):
            alpha = torch.rand(len(real), 1, 1, 1, device=real.device)
            mixed = (alpha * real + (1 - alpha) * fake.float()).requires_grad_(True)
            (gradient,) = torch.autograd.grad(self.model.critic(mixed)[0].sum(), mixed, create_graph=True)
            loss = loss + weight('gradient_penalty') * (gradient.flatten(1).norm(dim=1) - 1).square().mean()
        return loss

    def generator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """Translations by the critic, and the way back."""
        losses, weight, real = self.model.losses, self.model.weight, batch['images']
        own, target = self.model._targets(Batch(batch, self.random))
        with self.autocast():
            fake = self.model.generator(real, target)
            scores, logits = self.model.critic(fake)
            loss = weight('adversarial') * losses['adversarial'].generator(scores)
            loss = loss + weight('domain') * losses['domain'](logits, target)
            if weight('reconstruction'):
                back = self.model.generator(fake, own)
                loss = loss + weight('reconstruction') * losses['reconstruction'](back, real)
        return loss


class BareIcGAN(BareGame):
    """IcGAN: the GAN's passes in the first stage, in the second an encoder each on generated and on real images."""

    def discriminator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The discriminator on images, on what was made of noise and, if that has a weight, with wrong domains."""
        model, losses = self.model, self.model.losses
        with self.autocast():
            images, own = model._real(batch)
            with torch.no_grad():
                fakes, _, domains = self._generated(own)
            of_real, of_fake = model.discriminator(images, own), model.discriminator(fakes, domains)

            def mismatched() -> Tensor:
                wrong = model._wrong(Batch(batch, self.random), own)
                return losses['mismatch'].critic(of_real, model.discriminator(images, wrong))

            return self.weighted(
                adversarial=lambda: losses['adversarial'].critic(of_real, of_fake), mismatch=mismatched
            )

    def generator_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The discriminator on what was made of noise."""
        model = self.model
        with self.autocast():
            fakes, _, domains = self._generated(model.domains_of(batch['labels']))
            value = model.losses['adversarial'].generator(model.discriminator(fakes, domains))
        return model.weight('adversarial') * value

    def noise_encoder_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The encoder of noise on what was made of it."""
        model = self.model
        with self.autocast():
            with torch.no_grad():
                fakes, z, _ = self._generated(model.domains_of(batch['labels']))
            return model.weight('noise') * model.losses['noise'](model.noise_encoder(fakes), z)

    def label_encoder_loss(self, batch: dict[str, Any], shared: None) -> Tensor:
        """The encoder of domains on images."""
        model = self.model
        with self.autocast():
            images, own = model._real(batch)
            return model.weight('labels') * model.losses['labels'](model.label_encoder(images), own)

    def _generated(self, own: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        z = self.random.normal(len(own), self.model.generator.noise_size)
        domains = own[self.random.uniform(len(own)).argsort()]
        return self.model.generator(z, domains), z, domains
