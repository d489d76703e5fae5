"""Training: one command, one seed, checkpoints that a killed run resumes from bit for bit.

Enters: prepared data and a `TrainConfig`. Leaves: checkpoints and a log in the run's folder.

Two stages in one run: first every dancer of a batch follows a real dance, then some dance freely
and a critic learns to tell them from real ones (`model.training.objective`). The engine (devices,
processes, precision) is Lightning Fabric. On a CPU one thread per process: the many small matrix
products of a step make two threads wait for each other.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from live.dance.contract import BEATS_A_BAR
from live.errors import ArtifactError, ConfigError
from live.monotonic import monotonic_s
from model.data.prepared import read_summary
from model.data.windows import PairedWindows
from model.network.checkpoint import (
    CHECKPOINT,
    VERSION,
    check_finite,
    load_checkpoint,
    machine,
    write_checkpoint,
)
from model.network.config import DecoderConfig, EncoderConfig, NetworkConfig, TrainConfig
from model.network.dance_network import DanceNetwork
from model.training.critic import MotionCritic, StyleReader, critic_loss, mismatched
from model.training.curriculum import KINDS, free_frames, teacher_mask
from model.training.engine import engine
from model.training.log import write_row
from model.training.losses import ReferenceStats, features_loss, reference_stats
from model.training.objective import Dances, Objective, Outcome, Tensors
from model.training.resume import (
    check_processes,
    check_same,
    gathered,
    process_state,
    process_states,
    restore,
)
from model.training.warm_start import inherit, inherit_critic, inherit_reader

_SAVE_EVERY_S = 120.0
_LOG_EVERY = 20
_REFERENCE_BATCHES = 24
_UNITS_FOR_A_CODE = 12
_UNITS_DECAY_SHARE = 0.4  # of the stages before the dance


@dataclass
class Progress:
    """What a run has behind it; saved with every checkpoint."""

    iteration: int = 0
    seconds: float = 0.0


class Trainer:
    """Owns network, critic, optimisers and generators of one run in `folder`.

    fabric: where it runs (one process on the processor by default); all processes begin with the
    same weights and draw batches of their own. initial: a checkpoint whose weights to begin with,
    where the folder holds no run yet; see `inherit`. allow_changes: go on with a run of other
    settings or data.
    """

    def __init__(
        self,
        data: Path,
        folder: Path,
        config: TrainConfig,
        encoder: EncoderConfig | None = None,
        decoder: DecoderConfig | None = None,
        fabric: Fabric | None = None,
        initial: dict | None = None,
        allow_changes: bool = False,
    ):
        if config.curriculum not in KINDS:
            raise ConfigError(f"curriculum {config.curriculum!r}: one of {', '.join(KINDS)}")
        torch.set_num_threads(1)
        torch.manual_seed(config.seed)
        self.config, self.folder = config, folder
        self.allow_changes = allow_changes
        self.fabric = fabric or engine(config.precision)
        self.windows = PairedWindows(data, config)
        self.data = self.windows.fingerprint()
        self.prepared = read_summary(data, self.windows.styles)
        self.network = DanceNetwork(
            NetworkConfig(
                self.windows.styles,
                encoder or EncoderConfig(),
                decoder or DecoderConfig(),
                () if set(self.windows.metres) == {BEATS_A_BAR} else self.windows.metres,
            )
        )
        self.network.set_normalisation(
            **{k: torch.as_tensor(v) for k, v in self.windows.statistics().items()}
        )
        pose_dim, styles = self.network.config.decoder.pose_dim, len(self.windows.styles)
        critic = MotionCritic(pose_dim, styles)
        critic.velocity_std.copy_(torch.as_tensor(self.windows.velocity_std()))
        reader = StyleReader(pose_dim, styles)
        if initial is not None:
            inherit(self.network, initial)
            inherit_critic(critic, initial, self.windows.styles)
            inherit_reader(reader, initial, self.windows.styles)
        self.rng = np.random.default_rng([config.seed, self.fabric.global_rank])
        torch.manual_seed(config.seed + self.fabric.global_rank)
        optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.objective, self.optimiser = self.fabric.setup(
            Objective(self.network, config, self.reference()), optimiser
        )
        self.critic = critic  # without the engine's wrapper, which expects one backward a forward
        self._critic_learns, self.critic_optimiser = self.fabric.setup(
            critic, torch.optim.Adam(critic.parameters(), lr=config.critic_rate, betas=(0.0, 0.9))
        )
        self.reader = reader
        self._reader_learns, self.reader_optimiser = self.fabric.setup(
            reader, torch.optim.AdamW(reader.parameters(), lr=config.reader_rate)
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, self._rate)
        self.average = AveragedModel(
            self.network, multi_avg_fn=get_ema_multi_avg_fn(config.average)
        )
        self.carried: dict[str, Tensor] | None = None  # where the rollouts are
        self.progress = Progress()

    def run(self, report: Callable[[dict], None], watch: Callable[[], None] | None = None) -> None:
        """Train to the end, resuming from a checkpoint where there is one.

        report: called with every row of the log; watch: called with every checkpoint.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / CHECKPOINT).is_file():
            self.load()
        saved = started = monotonic_s()
        before = self.progress.seconds
        rows: list[dict[str, float]] = []
        while self.progress.iteration < self.config.iterations:
            rows.append(self.iterate())
            now = monotonic_s()
            self.progress.seconds = before + now - started
            if self.progress.iteration % _LOG_EVERY == 0:
                self._log({k: float(np.mean([row[k] for row in rows])) for k in rows[0]}, report)
                rows = []
            if self._agreed(now - saved > _SAVE_EVERY_S) or self._is_over():
                self.save()
                saved = now
                if watch is not None and self.fabric.is_global_zero:
                    watch()

    def _is_over(self) -> bool:
        return self.progress.iteration == self.config.iterations

    def _agreed(self, due: bool) -> bool:
        """What the first process says, for all: clocks differ, and all have to save together."""
        return due if self.fabric.world_size == 1 else self.fabric.broadcast(due)

    def iterate(self) -> dict[str, float]:
        """One optimiser step of the network, and of the critic once it takes part."""
        stage = self.config.stage(self.progress.iteration)
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(stage != "dance" or not name.startswith(_UNITS))
        if stage == "prior" and self.progress.iteration == self.config.units_iterations:
            self._find_vocabulary()
        batch = Tensors.of(self.windows.batch(self.rng), self.fabric.device)
        share = self._dance_iteration / self.config.curriculum_iterations
        free = free_frames(self.config.curriculum, share, self.config.free_max)
        teacher = teacher_mask(
            self.config.window,
            self.config.forced_frames,
            free,
            int(self.rng.integers(self.config.forced_frames + free)),
        )
        with_rollouts = stage == "dance" and self._dance_iteration >= self.config.critic_from
        outcome: Outcome = self.objective(
            batch, teacher, self._entering(batch.style) if with_rollouts else None, stage
        )
        parts = dict(outcome.parts)
        if outcome.rollouts is not None:
            generated, target, state = outcome.rollouts
            self.carried = state | {"style": generated.style.argmax(dim=1)}
            generated, real, target = (
                dances.after(self.config.critic_skip)
                for dances in (generated, outcome.real, target)
            )
            judging = self._teach_critic(real, generated.detached())
            self.critic.requires_grad_(False)
            parts["critic"] = -self.critic(*generated).mean()
            self.critic.requires_grad_(True)
            parts["judging"] = judging
            parts |= self._read(real, generated, target)
        total = self._weigh(parts)
        self.optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(total)
        if stage == "dance" and self._dance_iteration < self.config.held:
            for name, parameter in self.network.named_parameters():
                if not name.startswith(_NOT_HELD):
                    parameter.grad = None
        norm = self.fabric.clip_gradients(
            self.objective,
            self.optimiser,
            max_norm=self.config.gradient_clip,
            error_if_nonfinite=False,  # below, in words of ours
        )
        if norm is not None and not math.isfinite(float(norm)):
            raise ArtifactError(self._broken_down())
        self.optimiser.step()
        self.schedule.step()
        self.average.update_parameters(self.network)
        self.progress.iteration += 1
        return {
            "loss": float(total.detach()),
            "free": float(free),
            "gradient": float(norm) if norm is not None else 0.0,
            **{name: float(parts[name].detach()) if name in parts else 0.0 for name in PARTS},
        }

    @property
    def _dance_iteration(self) -> int:
        """Steps since the dance began."""
        return max(0, self.progress.iteration - self.config.before_dance)

    def _find_vocabulary(self) -> None:
        """The codes of the prior, from latents of real dances drawn once."""
        rng = np.random.default_rng(1)
        found, style, count = [], [], 0
        while count < _UNITS_FOR_A_CODE * self.network.config.decoder.codes:
            batch = Tensors.of(self.windows.batch(rng), self.fabric.device)
            latents, _, row, _ = self.objective.module.units_of(batch)
            found.append(latents)
            style.append(batch.style[row])
            count += max(1, len(latents))
        self.network.decoder.prior.fit_codes(torch.cat(found), torch.cat(style))

    def _teach_critic(self, real: Dances, generated: Dances) -> Tensor:
        """One step of the critic; returns its loss."""
        clock, style = mismatched(real.clock, real.style)
        wrong = real._replace(clock=clock, style=style)
        dances = Dances(*(torch.cat(each) for each in zip(real, generated, wrong, strict=True)))
        verdicts = self._critic_learns(*dances).split(
            [len(real.pose), len(generated.pose), len(real.pose)]
        )
        loss = critic_loss(*verdicts)
        self.critic_optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        self.critic_optimiser.step()
        return loss.detach()

    def _read(self, real: Dances, generated: Dances, target: Dances) -> dict[str, Tensor]:
        """One step of the reader with all real dances of the batch, and the loss of the generated
        ones in what it reads."""
        logits = self._reader_learns(torch.cat([real.pose, target.pose]))
        reading = F.cross_entropy(logits, torch.cat([real.style, target.style]))
        self.reader_optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(reading)
        self.reader_optimiser.step()
        unmixed = (generated.style == target.style).all(dim=1, keepdim=True)
        self.reader.requires_grad_(False)
        loss = features_loss(
            self.reader.read(generated.pose),
            self.reader.read(target.pose),
            target.style * unmixed,
        )
        self.reader.requires_grad_(True)
        return {"features": loss, "reading": reading.detach()}

    def reference(self) -> ReferenceStats:
        """Statistics of the real dances of each style, from windows drawn once."""
        rng = np.random.default_rng(0)
        drawn = [self.windows.batch(rng) for _ in range(_REFERENCE_BATCHES)]
        pose = torch.as_tensor(
            np.concatenate([b.pose[:, 1 + self.config.critic_skip :] for b in drawn])
        )
        style = torch.as_tensor(np.concatenate([b.style for b in drawn]))
        spread = torch.as_tensor(self.windows.style_spread())
        return reference_stats(self.network.normalise(pose), pose, style, spread)

    def _entering(self, style: Tensor) -> dict[str, Tensor]:
        """State of the rollouts: on from where they were, in their own style as far as this
        batch (styles [B, S], one-hot) has room for it; some have just come on stage."""
        c = self.config
        dancer = torch.arange(len(style), device=style.device) % c.dancers
        wanted = style[dancer >= c.dancers - c.free_dancers].argmax(dim=1)
        count = len(wanted)
        fresh = {
            name: value.to(self.fabric.device)
            for name, value in self.network.decoder.initial_state(count).items()
        }
        if self.carried is None:
            return fresh
        # Both sorted by style: most rows meet a dancer of theirs, and a few have to change style.
        source = torch.empty_like(wanted)
        source[wanted.argsort()] = self.carried["style"].argsort()
        stays = torch.rand(count, 1, device=self.fabric.device) >= c.restart
        return {
            name: torch.where(
                stays.view(-1, *(1,) * (value.dim() - 1)), self.carried[name][source], value
            )
            for name, value in fresh.items()
        }

    def _weigh(self, parts: dict[str, Tensor]) -> Tensor:
        c, iteration = self.config, self._dance_iteration
        heeded = min(1.0, max(0, iteration - c.critic_from) / max(c.critic_ramp, 1))
        weights = {
            "pose": 1.0,
            "velocity": c.velocity_weight,
            "contact": c.contact_weight,
            "bone": c.bone_weight,
            "bend": c.bend_weight,
            "style": c.style_weight,
            "kl": c.kl_weight,
            "prior": c.prior_weight,
            "unit": c.unit_weight,
            "movement": c.movement_weight * heeded,
            "skate": c.skate_weight * heeded,
            "moments": c.moments_weight * heeded,
            "accent": c.accent_weight * heeded,
            "features": c.features_weight * heeded,
            "critic": c.critic_weight * heeded,
        }
        return torch.stack([w * parts[name] for name, w in weights.items() if name in parts]).sum()

    def _rate(self, iteration: int) -> float:
        """Of each stage a linear warm-up, a plateau (lower once the critic speaks), and a cosine
        down to 2 %: a run can be given more iterations while it is on the last plateau."""
        c = self.config
        first, last = c.span(iteration)
        if c.stage(iteration) == "dance":
            height = c.critic_stage_rate if iteration - first >= c.critic_from else 1.0
            falls = c.decay_share * (last - first)
        else:
            height = c.units_rate / c.learning_rate
            falls = _UNITS_DECAY_SHARE * (last - first)
        warm = min(1.0, (iteration - first + 1) / max(c.warmup, 1))
        left = min(max((last - iteration) / max(falls, 1.0), 0.0), 1.0)
        return height * warm * (0.02 + 0.49 * (1 - math.cos(math.pi * left)))

    def dancer(self) -> DanceNetwork:
        """The averaged weights of this moment, on the processor, to look at."""
        network = copy.deepcopy(self.network).cpu()
        network.load_state_dict(self.average.module.state_dict())
        return network.eval()

    def _broken_down(self) -> str:
        """What is said where a loss or its gradient is not finite any more."""
        path = self.folder / CHECKPOINT
        kept = f"{path} stays as it was" if path.is_file() else "nothing was saved yet"
        return (
            f"the run broke down at iteration {self.progress.iteration}: its loss is not finite; "
            f"{kept}. A smaller learning_rate or gradient_clip, another --seed or --precision may "
            "help"
        )

    def save(self) -> None:
        """Write the checkpoint (`write_checkpoint`). All processes have to call it: each adds its
        generators and rollouts. ArtifactError, and the old one stays, where the disk is full or the
        weights are not finite."""
        own = process_state(self.rng, self.carried, self.fabric.device)
        processes = gathered(own, self.fabric)
        if not self.fabric.is_global_zero:
            return
        check_finite(self.average.state_dict())
        state = {
            "version": VERSION,
            **{name: part.state_dict() for name, part in self._parts().items()},
            "processes": processes,
            "progress": asdict(self.progress),
            "network_config": self.network.config.to_dict(),
            "train_config": asdict(self.config),
            "prepared": self.prepared,
            "data": self.data,
            "machine": machine(),
        }
        write_checkpoint(state, self.folder / CHECKPOINT)

    def _parts(self) -> dict[str, Any]:
        """All that is saved and restored by `state_dict`, by its key in the checkpoint."""
        return {
            "network": self.network,
            "average": self.average,
            "critic": self.critic,
            "reader": self.reader,
            "optimiser": self.optimiser,
            "critic_optimiser": self.critic_optimiser,
            "reader_optimiser": self.reader_optimiser,
            "schedule": self.schedule,
        }

    def load(self) -> None:
        """Go on from the folder's checkpoint: ConfigError where the run was another one, by its
        network, its processes, its settings or its data; ArtifactError where it cannot be read."""
        path = self.folder / CHECKPOINT
        state = load_checkpoint(path)
        if NetworkConfig.from_dict(state["network_config"]) != self.network.config:
            raise ConfigError(
                f"{self.folder} holds a run of another network; choose another folder"
            )
        if "reader" not in state:
            raise ConfigError(
                f"{self.folder} holds a run of an older version; go on from it in another folder, "
                f"with --init {path}"
            )
        try:
            check_processes(state, self.fabric)
            if not self.allow_changes:
                check_same(state, asdict(self.config), self.prepared, self.data)
            for name, part in self._parts().items():
                part.load_state_dict(state[name])
            progress = Progress(**state["progress"])
            self.carried = restore(
                process_states(state)[self.fabric.global_rank],
                self.rng,
                self.fabric.device,
                self.config.seed + self.fabric.global_rank + progress.iteration,
            )
        except ConfigError as error:
            raise ConfigError(f"cannot go on with {path}: {error}") from error
        except (KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
            reason = str(error).splitlines()[0][:200]
            raise ArtifactError(
                f"{path} is damaged, or of another version; go on from it in another folder, with "
                f"--init {path} ({reason})"
            ) from error
        self.progress = progress

    def _log(self, means: dict[str, float], report: Callable[[dict], None]) -> None:
        row = {
            "iteration": self.progress.iteration,
            "seconds": round(self.progress.seconds, 1),
            **{k: round(v, 5) for k, v in means.items()},
        }
        if self.fabric.is_global_zero:
            write_row(self.folder, row)
            report(row)


PARTS = (
    "pose", "velocity", "contact", "bone", "bend", "style", "kl", "prior", "unit", "movement",
    "skate", "moments", "accent", "features", "critic", "judging", "reading",
)  # fmt: skip

_UNITS = ("decoder.unit.", "posterior.")  # rest in the dance: the vocabulary is what they say
_NOT_HELD = ("decoder.prior.", "decoder.unit_in.")  # they go on while the rest is held
