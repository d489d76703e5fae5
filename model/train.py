"""Training: one command, one seed, checkpoints that a killed run resumes from bit for bit.

The decoder is stepped in plain PyTorch; on a CPU one thread per process, because the many small
matrix products of a step make two threads wait for each other.
"""

import csv
import json
import math
import pickle
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from live.errors import ArtifactError, ConfigError
from model import losses
from model.config import DecoderConfig, EncoderConfig, NetworkConfig, TrainConfig
from model.curriculum import KINDS, free_frames, teacher_mask
from model.dataset import Batch, PairedWindows
from model.network import DanceNetwork

CHECKPOINT = "checkpoint.pt"
_SAVE_EVERY_S = 120.0
_LOG_EVERY = 20


@dataclass
class Progress:
    """What a run has behind it; saved with every checkpoint."""

    iteration: int = 0
    seconds: float = 0.0


class Trainer:
    """Owns network, optimiser and generators of one run in `folder`."""

    def __init__(
        self,
        data: Path,
        folder: Path,
        config: TrainConfig,
        encoder: EncoderConfig | None = None,
        decoder: DecoderConfig | None = None,
    ):
        if config.curriculum not in KINDS:
            raise ConfigError(f"curriculum {config.curriculum!r}: one of {', '.join(KINDS)}")
        torch.set_num_threads(1)
        torch.manual_seed(config.seed)
        self.config, self.folder = config, folder
        self.windows = PairedWindows(data, config)
        self.prepared = json.loads((data / "prepared.json").read_text(encoding="utf-8"))
        self.network = DanceNetwork(
            NetworkConfig(
                self.windows.styles, encoder or EncoderConfig(), decoder or DecoderConfig()
            )
        )
        self.network.set_normalisation(
            **{k: torch.as_tensor(v) for k, v in self.windows.statistics().items()}
        )
        self.rng = np.random.default_rng(config.seed)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._rate)
        self.progress = Progress()

    def run(self, report: Callable[[dict], None]) -> None:
        """Train to the end, resuming from a checkpoint where there is one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / CHECKPOINT).is_file():
            self.load()
        saved = started = time.monotonic()
        before = self.progress.seconds
        sums: dict[str, float] = {}
        while self.progress.iteration < self.config.iterations:
            for name, value in self.iterate().items():
                sums[name] = sums.get(name, 0.0) + value / _LOG_EVERY
            now = time.monotonic()
            self.progress.seconds = before + now - started
            if self.progress.iteration % _LOG_EVERY == 0:
                self._log(sums, report)
                sums = {}
            if now - saved > _SAVE_EVERY_S or self.progress.iteration == self.config.iterations:
                self.save()
                saved = now

    def iterate(self) -> dict[str, float]:
        """One optimiser step; returns the losses."""
        batch = self.windows.batch(self.rng)
        share = self.progress.iteration / (self.config.iterations * self.config.curriculum_share)
        free = free_frames(self.config.curriculum, share, self.config.free_max)
        forced = teacher_mask(
            self.config.window,
            self.config.forced_frames,
            free,
            int(self.rng.integers(self.config.forced_frames + free)),
        )
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.bfloat16):
            parts = self._losses(batch, forced)
        total = self._weigh(parts)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.gradient_clip)
        self.optimiser.step()
        self.schedule.step()
        self.progress.iteration += 1
        return {"loss": float(total.detach()), "free": float(free)} | {
            k: float(v.detach()) for k, v in parts.items()
        }

    def _losses(self, batch: Batch, forced: np.ndarray) -> dict[str, Tensor]:
        network, decoder = self.network, self.network.decoder
        features, clock, beat, style, control, plain, matched = (
            torch.as_tensor(part) for part in batch
        )
        music, logits = network.hear(features)
        music, logits = (x.repeat_interleave(self.config.dancers, dim=0) for x in (music, logits))
        length = clock.shape[1]
        styles = style[:, None].expand(-1, length, -1)
        condition = decoder.conditions(music[:, -length:], clock, styles, control)
        target = network.normalise(plain)
        mean, log_std = network.posterior(target[:, 1:], clock, beat)
        latent = mean + log_std.exp() * torch.randn_like(mean)
        by_frame = latent.gather(1, beat[..., None].expand(-1, -1, latent.shape[-1]))
        drive = decoder.drive(condition, by_frame)
        pose, tops = self._roll(target, drive, forced)
        starts, used = beat_starts(beat)
        at_start = starts[..., None]
        prior = decoder.prior_of(
            condition.gather(1, at_start.expand(-1, -1, condition.shape[-1])),
            tops.gather(1, at_start.expand(-1, -1, tops.shape[-1])),
        )
        made = torch.cat([target[:, :1], pose], dim=1)
        plain_made = network.denormalise(made)
        nats = losses.kl_loss(mean, log_std, *prior, used)
        return {
            "pose": losses.pose_loss(pose, target[:, 1:]),
            "velocity": losses.velocity_loss(made, target),
            "contact": losses.contact_loss(plain_made, plain),
            "bone": losses.bone_loss(plain_made),
            "style": losses.style_loss(logits[:, -1], style, matched),
            "kl": nats / (length * len(beat)),
        }

    def _roll(self, target: Tensor, drive: Tensor, forced: np.ndarray) -> tuple[Tensor, Tensor]:
        """Poses [B, L, 60] and the top state before each frame [B, L, hidden]."""
        decoder, config = self.network.decoder, self.config
        hidden = [torch.zeros(len(target), decoder.config.hidden) for _ in decoder.cells]
        cold = (torch.rand(len(target), 1) < config.cold_start).float()
        pose = target[:, 0] * (1 - cold)
        noise = config.input_noise * torch.randn_like(target)
        poses, tops = [], []
        for t, teacher in enumerate(forced):
            if t and teacher:
                pose = target[:, t]
            tops.append(hidden[-1])
            pose, hidden = decoder.advance(pose + noise[:, t], drive[:, t], hidden)
            poses.append(pose)
        return torch.stack(poses, dim=1), torch.stack(tops, dim=1)

    def _weigh(self, parts: dict[str, Tensor]) -> Tensor:
        c = self.config
        kl_weight = c.kl_weight * min(1.0, self.progress.iteration / max(c.kl_warmup, 1))
        return (
            parts["pose"]
            + c.velocity_weight * parts["velocity"]
            + c.contact_weight * parts["contact"]
            + c.bone_weight * parts["bone"]
            + c.style_weight * parts["style"]
            + kl_weight * parts["kl"]
        )

    def _rate(self, iteration: int) -> float:
        """Linear warm-up, then a cosine down to 2 % of the learning rate."""
        c = self.config
        if iteration < c.warmup:
            return (iteration + 1) / c.warmup
        share = (iteration - c.warmup) / max(c.iterations - c.warmup, 1)
        return 0.02 + 0.49 * (1 + math.cos(math.pi * min(share, 1.0)))

    def save(self) -> None:
        """Write the checkpoint beside the old one and swap: a kill leaves one of them whole."""
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "numpy": json.dumps(self.rng.bit_generator.state),
            "torch": torch.get_rng_state(),
            "progress": asdict(self.progress),
            "network_config": self.network.config.to_dict(),
            "train_config": asdict(self.config),
            "prepared": self.prepared,
            "machine": machine(),
        }
        partial = self.folder / (CHECKPOINT + ".partial")
        torch.save(state, partial)
        partial.replace(self.folder / CHECKPOINT)

    def load(self) -> None:
        state = load_checkpoint(self.folder / CHECKPOINT)
        if state["network_config"] != self.network.config.to_dict():
            raise ConfigError(
                f"{self.folder} holds a run of another network; choose another folder"
            )
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.rng.bit_generator.state = json.loads(state["numpy"])
        torch.set_rng_state(state["torch"])
        self.progress = Progress(**state["progress"])

    def _log(self, sums: dict[str, float], report: Callable[[dict], None]) -> None:
        row = {
            "iteration": self.progress.iteration,
            "seconds": round(self.progress.seconds, 1),
            **{k: round(v, 5) for k, v in sums.items()},
        }
        path = self.folder / "log.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, row.keys())
            if new:
                writer.writeheader()
            writer.writerow(row)
        report(row)


def load_checkpoint(path: Path) -> dict:
    """A checkpoint's contents, tensors and plain values only (nothing in it is executed)."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise ArtifactError(f"{path} is not a checkpoint of this program: {error}") from error
    if not isinstance(state, dict) or "network_config" not in state:
        raise ArtifactError(f"{path} is not a checkpoint of this program: it holds something else")
    return state


def network_of(checkpoint: dict) -> DanceNetwork:
    """The trained network of a checkpoint, ready to dance."""
    network = DanceNetwork(NetworkConfig.from_dict(checkpoint["network_config"]))
    network.load_state_dict(checkpoint["network"])
    return network.eval()


def beat_starts(beat: Tensor) -> tuple[Tensor, Tensor]:
    """First frame of every beat, int64 [B, K], and which beats there are, float [B, K]."""
    count = int(beat.max()) + 1
    index = torch.arange(count)
    starts = (beat[..., None] < index).sum(dim=1)
    used = (index <= beat.max(dim=1, keepdim=True).values).float()
    return starts.clamp(max=beat.shape[1] - 1), used


def machine() -> str:
    return f"{platform.machine()} {platform.system()}, torch {torch.__version__}, 1 thread"
