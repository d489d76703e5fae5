"""The lesson: a new style's units, what follows what, and how to dance them.

Enters: a network that was grown (`model.learning.growth`), prepared clips of the new style, and a
course. Leaves: the trained network, and a checkpoint every half minute from which the same lesson
goes on, bit for bit.

The stages and losses are those of `model.training`; only the new parts learn, so nothing needs the
clips of the old styles. No critic: one would have to begin as new, and the averages of a style
(`model.training.losses`) pull from the first step on.
"""

import copy
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from live.errors import ArtifactError, ConfigError
from live.monotonic import monotonic_s
from model.data.windows import Batch, PairedWindows, danced
from model.learning.growth import freeze_old
from model.network.checkpoint import (
    CHECKPOINT,
    VERSION,
    check_finite,
    load_checkpoint,
    machine,
    write_checkpoint,
)
from model.network.config import TrainConfig
from model.network.dance_network import DanceNetwork
from model.training.curriculum import teacher_mask
from model.training.losses import ReferenceStats, reference_stats, style_loss
from model.training.objective import Objective, Tensors

STAGES = ("units", "prior", "dance")
SETTINGS = TrainConfig(
    window=96, batch=32, forced_frames=8, free_max=88, learning_rate=2e-3,
    control_dropout=0.5, unit_weight=0.5, style_weight=0.1, prior_draws=2, skate_weight=0.2,
    critic_skip=20,
)  # fmt: skip
_RATES = {"units": 1.0, "prior": 0.5, "dance": 0.75}  # of the learning rate
_WARMUP, _LAST_RATE = 15, 0.03
_REFERENCE_BATCHES = 24
_UNITS_FOR_A_CODE = 12
_HEARD = 8  # stretches of music in a step
_REMEMBERED, _REMEMBERED_WEIGHT = 256, 0.3  # old units spelled as before, in every step


@dataclass(frozen=True)
class Course:
    """Steps of each stage."""

    units: int
    prior: int
    dance: int

    @property
    def steps(self) -> int:
        return self.units + self.prior + self.dance

    def stage(self, step: int) -> tuple[str, float]:
        """The stage that a step belongs to, and how much of that stage is behind it, 0..1."""
        for name in STAGES:
            length = getattr(self, name)
            if step < length:
                return name, step / length
            step -= length
        return STAGES[-1], 1.0


class Learner:
    """Owns one lesson. network: grown; data: prepared; folder: of its checkpoint; about: what else
    the checkpoint is to say, for whoever exports it: "prepared", and "kept" of the old styles."""

    def __init__(
        self,
        network: DanceNetwork,
        data: Path,
        folder: Path,
        course: Course,
        config: TrainConfig = SETTINGS,
        about: dict | None = None,
    ):
        torch.set_num_threads(1)
        torch.manual_seed(config.seed)
        self.network, self.folder, self.course, self.config = network, folder, course, config
        self.about = about or {}
        self.windows = PairedWindows(data, config)
        styles = network.config.styles
        self._danced = danced(styles, [network.config.metre(s) for s in styles])
        self.step, self.seconds = 0, 0.0
        self._rng = np.random.default_rng(config.seed)
        self._carried: dict[str, Tensor] | None = None
        freeze_old(network)
        self._learned = [p for p in network.parameters() if p.requires_grad]
        self._optimiser = torch.optim.Adam(self._learned, lr=config.learning_rate)
        self._objective = Objective(network, config, self._reference())

    @property
    def stage(self) -> str:
        return self.course.stage(self.step)[0]

    def run(self) -> Iterator[dict[str, float]]:
        """Step by step to the end, the losses of each."""
        while self.step < self.course.steps:
            yield self.learn()

    def learn(self) -> dict[str, float]:
        """One step. ArtifactError where a loss is not finite any more."""
        began = monotonic_s()
        stage, through = self.course.stage(self.step)
        if stage == "prior" and through == 0.0:
            self._find_vocabulary()
        parts = self._losses(stage)
        total = self._weigh(parts, stage)
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self._learned, self.config.gradient_clip)
        if not math.isfinite(float(norm)):
            raise ArtifactError(
                f"the lesson broke down at step {self.step}: its loss is not finite; begin anew "
                "with another --seed"
            )
        self._set_rate(stage, through)
        self._optimiser.step()
        self.step += 1
        self.seconds += monotonic_s() - began
        return {name: float(part.detach()) for name, part in parts.items()}

    def pace(self) -> dict[str, float]:
        """Seconds that a step of each stage takes on this machine; nothing is learned by it."""
        rng, torch_rng = copy.deepcopy(self._rng.bit_generator.state), torch.get_rng_state()
        took = {}
        for stage in STAGES:
            for _ in range(2):  # the first one allocates
                began = monotonic_s()
                self._weigh(self._losses(stage), stage).backward()
                took[stage] = monotonic_s() - began
        self._optimiser.zero_grad(set_to_none=True)
        self._carried = None
        self._rng.bit_generator.state = rng
        torch.set_rng_state(torch_rng)
        return took

    def _losses(self, stage: str) -> dict[str, Tensor]:
        batch = Tensors.of(self._batch(self._rng), torch.device("cpu"))
        if stage != "dance":
            outcome = self._objective(batch, np.zeros(0, bool), None, stage)
            own = self._remember() if stage == "units" else self._hear()
            return outcome.parts | own
        outcome = self._objective(batch, self._teacher(), self._entering(len(batch.style)))
        assert outcome.rollouts is not None
        self._carried = outcome.rollouts.state
        del outcome.parts["style"]  # of its own music alone: what it is not danced to counts too
        return outcome.parts

    def _teacher(self) -> np.ndarray:
        c = self.config
        offset = int(self._rng.integers(c.forced_frames + c.free_max))
        return teacher_mask(c.window, c.forced_frames, c.free_max, offset)

    def _entering(self, rows: int) -> dict[str, Tensor]:
        """Where the rollouts are: on from the last batch, but for those who come on stage now."""
        c = self.config
        count = rows // c.dancers * c.free_dancers
        fresh = self.network.decoder.initial_state(count)
        if self._carried is None:
            return fresh
        stays = torch.rand(count, 1) >= c.restart
        return {
            name: torch.where(stays.view(-1, *(1,) * (value.dim() - 1)), self._carried[name], value)
            for name, value in fresh.items()
        }

    def _remember(self) -> dict[str, Tensor]:
        """Rehearsal: in the new style too, an old unit spells what it spelled. Else a mix of styles
        would break the units of the others."""
        decoder = self.network.decoder
        codes = decoder.prior.codes
        latent = codes[torch.randint(len(codes), (_REMEMBERED,))]
        angle = 2 * math.pi * torch.rand(_REMEMBERED, 1)
        clock = torch.cat([angle.cos(), angle.sin(), torch.zeros(_REMEMBERED, 6)], dim=1)
        share = torch.zeros(_REMEMBERED, decoder.config.grafts)
        with torch.no_grad():
            before = decoder.unit(latent, clock)
        share[:, -1] = torch.rand(_REMEMBERED)
        gate = share.repeat_interleave(decoder.config.graft_rank, dim=1)
        return {"remembered": F.l1_loss(decoder.unit(latent, clock, gate), before)}

    def _hear(self) -> dict[str, Tensor]:
        """What music the new style is danced to, and what other: of songs of all genres."""
        music, length = self.windows.music, self.config.context + self.config.window
        songs = self._rng.integers(len(music["genre"]), size=_HEARD)
        begins = [int(self._rng.integers(*self._span(s, length))) for s in songs]
        features = np.stack([music["features"][b : b + length] for b in begins])
        with torch.no_grad():
            heard, _ = self.network.hear(torch.as_tensor(features.astype(np.float32)))
        logits = self.network.encoder.style_head(heard[:, self.config.context :])
        danced = np.stack([self._danced[str(music["genre"][s])] for s in songs])
        return {"style": style_loss(logits, torch.as_tensor(danced))}

    def _span(self, song: int, length: int) -> tuple[int, int]:
        """Where a stretch of a song may begin: first, and one after the last frame."""
        start = self.windows.music["start"]
        return int(start[song]), int(start[song + 1]) - length + 1

    def _weigh(self, parts: dict[str, Tensor], stage: str) -> Tensor:
        c = self.config
        weights = {
            "pose": 1.0,
            "velocity": c.velocity_weight,
            "contact": c.contact_weight,
            "bone": c.bone_weight,
            "bend": c.bend_weight,
            "style": c.style_weight,
            "kl": c.kl_weight,
            "prior": 1.0 if stage == "prior" else c.prior_weight,
            "unit": c.unit_weight,
            "remembered": _REMEMBERED_WEIGHT,
            "movement": c.movement_weight,
            "skate": c.skate_weight,
            "moments": c.moments_weight,
            "accent": c.accent_weight,
        }
        return torch.stack([w * parts[name] for name, w in weights.items() if name in parts]).sum()

    def _set_rate(self, stage: str, through: float) -> None:
        """Each stage warms up, and comes to rest by a cosine."""
        within = round(through * getattr(self.course, stage))
        warm = min(1.0, (within + 1) / _WARMUP)
        fall = _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * through))
        for group in self._optimiser.param_groups:
            group["lr"] = self.config.learning_rate * _RATES[stage] * warm * fall

    def _batch(self, rng: np.random.Generator) -> Batch:
        """A batch of the new style, in the styles of the network."""
        batch = self.windows.batch(rng)
        styles = len(self.network.config.styles)
        one_hot = np.zeros((len(batch.style), styles), np.float32)
        one_hot[:, -1] = 1.0
        return batch._replace(style=one_hot, danced=one_hot[:: self.config.dancers])

    @torch.no_grad()
    def _find_vocabulary(self) -> None:
        """The codes of the new prior, from latents of real dances drawn once."""
        rng = np.random.default_rng(1)
        found, count = [], 0
        while count < _UNITS_FOR_A_CODE * self.network.config.decoder.graft_codes:
            batch = Tensors.of(self._batch(rng), torch.device("cpu"))
            found.append(self._objective.units_of(batch)[0])
            count += max(1, len(found[-1]))
        self.network.decoder.newest_prior.fit_codes(torch.cat(found))

    def _reference(self) -> ReferenceStats:
        """Statistics of the real dances, from windows drawn once."""
        rng = np.random.default_rng(0)
        drawn = [self._batch(rng) for _ in range(_REFERENCE_BATCHES)]
        pose = torch.as_tensor(
            np.concatenate([b.pose[:, 1 + self.config.critic_skip :] for b in drawn])
        )
        style = torch.as_tensor(np.concatenate([b.style for b in drawn]))
        spread = torch.ones(style.shape[1], pose.shape[-1])
        spread[-1] = torch.as_tensor(
            np.clip(self.windows.motion["pose"].std(axis=0) / self.network.pose_std.numpy(), 0.2, 1)
        )
        return reference_stats(self.network.normalise(pose), pose, style, spread)

    def save(self) -> None:
        """Write the checkpoint; the old one stays where that fails (ArtifactError)."""
        check_finite(self.network.state_dict())
        network = self.network.state_dict()
        write_checkpoint(
            {
                "version": VERSION,
                "network": network,
                "average": {f"module.{name}": value for name, value in network.items()}
                | {"n_averaged": torch.tensor(1)},
                "optimiser": self._optimiser.state_dict(),
                "carried": self._carried,
                "torch_rng": torch.get_rng_state(),
                "rng": self._rng.bit_generator.state,
                "course": asdict(self.course),
                "network_config": self.network.config.to_dict(),
                "train_config": asdict(self.config),
                "progress": {"iteration": self.step, "seconds": self.seconds},
                "data": self.windows.fingerprint(),
                "machine": machine(),
                **self.about,
            },
            self.folder / CHECKPOINT,
        )

    def load(self) -> None:
        """Go on from the folder's checkpoint. ConfigError where it is of another lesson,
        ArtifactError where it is damaged."""
        path = self.folder / CHECKPOINT
        state = load_checkpoint(path)
        if (
            state.get("data") != self.windows.fingerprint()
            or state["network_config"] != self.network.config.to_dict()
        ):
            raise ConfigError(
                f"{self.folder} holds the lesson of other clips; choose another -o, or take that "
                "folder away"
            )
        try:
            self.network.load_state_dict(state["network"])
            self._optimiser.load_state_dict(state["optimiser"])
            self._carried = state["carried"]
            torch.set_rng_state(state["torch_rng"])
            self._rng.bit_generator.state = state["rng"]
            self.course = Course(**state["course"])
        except (KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError(
                f"{path} is damaged, or of another version; take {self.folder} away and begin anew"
            ) from error
        self.step = state["progress"]["iteration"]
        self.seconds = state["progress"]["seconds"]
