"""Trains the beat evidence network (`live/beat/evidence.py`) on songs rendered here, and real ones.

Two steps: `songs` renders annotated songs into a folder (`model/beat/evidence_songs.py`) and cuts
real ones (`model/beat/real_songs.py`); `train` fits a GRU to their beats and downbeats and writes
the file that the stage reads:

    python -m model.beat.train_evidence songs runs/beats/songs --midi DATA/midi --real DATA/real
    python -m model.beat.train_evidence train runs/beats/songs live/weights/beat_evidence.weights
    python -m model.beat.train_evidence mean OLD NEW live/weights/beat_evidence.weights

`mean` lies between a network and the one that went on from it, and keeps what each is good at.
`--from WEIGHTS` goes on from a network, which may be narrower; `--without GENRE` keeps it from
hearing the real songs of a genre, so that they can judge it.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from live.audio.features import TICKS_PER_FRAME
from live.beat.evidence import INPUT_DIM
from live.errors import ArtifactError
from live.monotonic import monotonic_s
from live.safe_read import read_arrays
from model.beat.annotated_music import read_folder
from model.beat.evidence_songs import midi_piece, rendered_piece, write_songs
from model.beat.real_songs import write_real_songs
from model.beat.songbook import Batch, Disguise, Songbook, Songs, read_songs, whole
from model.beat.weights_file import half_precision, named_weights, write_weights
from model.data.music.midi_read import read_library
from model.data.music.midi_song import MidiLibrary

_SOFT = 0.2  # how strongly new inputs and units first speak to known ones
RENDERED = ("rendered", "midi")  # folders of songs
REAL = "real"


@dataclass(frozen=True)
class BeatTraining:
    """rendered, midi: how many songs of each to render; held_out: of each, the last so many only
    measure; real: how often a real song is heard for each rendered one and each from MIDI; tier:
    of the licences of real songs; without: genres of real songs that are not heard; the rest as
    usual.

    carried: share of steps that begin with the states in which other songs left the network, so
    that it learns to give up a wrong beat; without this it could stay half a beat off for good.
    """

    rendered: int = 350
    midi: int = 400
    held_out: int = 15
    real: float = 1.2
    tier: str = "open"
    without: tuple[str, ...] = ()
    disguise: Disguise = field(default_factory=Disguise)
    iterations: int = 2200
    batch: int = 32
    frames: int = 750
    settling_frames: int = 45
    hidden: int = 96
    embedding: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    downbeat_weight: float = 0.8
    carried: float = 0.7
    seed: int = 0


# ---- training --------------------------------------------------------------------------------


class EvidenceNetwork(nn.Module):
    """What `live.beat.evidence.BeatEvidence` steps, on whole sequences."""

    def __init__(self, config: BeatTraining):
        super().__init__()
        self.embed = nn.Linear(INPUT_DIM, config.embedding)
        self.gru = nn.GRU(config.embedding, config.hidden, batch_first=True)
        self.out = nn.Linear(config.hidden, 2 * TICKS_PER_FRAME)
        nn.init.constant_(self.out.bias, -3.0)

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x: [B, T, INPUT_DIM]. Returns logits [B, T, 8] and the last state [1, B, H]."""
        states, last = self.gru(torch.relu(self.embed(x)), hidden)
        return self.out(states), last

    def named(self) -> dict[str, Tensor]:
        """Its weights by their names in the file."""
        return named_weights(self.embed, self.gru, self.out)

    def go_on_from(self, weights: Path) -> None:
        """Take over what a network knows that is as wide or narrower, and hears as much or less.
        ArtifactError where it is not."""
        known = read_arrays(weights, "train without --from")
        try:
            for name, new in self.named().items():
                gates = 3 if name.startswith(("input", "hidden")) else 1
                _take_over(new, torch.tensor(known[name]).float(), gates)
        except (KeyError, RuntimeError) as error:
            raise ArtifactError(f"{weights}: no network to go on from ({error})") from error


@torch.no_grad()
def _take_over(new: Tensor, old: Tensor, gates: int) -> None:
    """Write `old` over the first rows and columns of `new`; what is new between known units and
    inputs speaks softly. gates: how many of the same shape stand one below the other."""
    new, old = (w.view(gates, len(w) // gates, -1) for w in (new, old))
    if new.shape[2] > 1:
        new[:, : old.shape[1], old.shape[2] :] *= _SOFT
    new[:, : old.shape[1], : old.shape[2]] = old


def read_kinds(folder: Path, config: BeatTraining) -> tuple[list[Songs], list[float], list[Songs]]:
    """Songs of each kind to learn from, how often each kind is heard, and the last songs of those
    rendered, which are held out."""
    known, shares, kept = [], [], []
    for kind in RENDERED:
        songs = read_songs(folder / kind)
        known.append(songs.part(slice(-config.held_out)))
        kept.append(songs.part(slice(-config.held_out, None)))
        shares.append(1.0)
    if config.real > 0 and (folder / REAL).exists():
        known.append(read_songs(folder / REAL, config.without, config.tier))
        shares.append(config.real)
    return known, shares, kept


def train(folder: Path, weights: Path, config: BeatTraining, start: Path | None = None) -> None:
    """Fit and write, from the network in `start` on if there is one; prints the cross-entropy of
    beats and downbeats of the songs held out."""
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    known, shares, kept = read_kinds(folder, config)
    judges = [whole(songs) for songs in kept]
    book = Songbook(known, shares, config.disguise, config.seed)
    network = EvidenceNetwork(config)
    if start is not None:
        network.go_on_from(start)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.iterations, pct_start=0.1
    )
    weigh = torch.tensor([1.0, config.downbeat_weight] * TICKS_PER_FRAME)
    last, began = None, monotonic_s()
    for iteration in range(config.iterations):
        x, y, where = book.batch(config.batch, config.frames)
        logits, last = network(x, _carry(last, config))
        last = last.detach()
        cost = nn.functional.binary_cross_entropy_with_logits(logits, y, reduction="none")
        loss = (cost * weigh * where)[:, config.settling_frames :].mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if iteration % 100 == 99:
            costs = [cost for batch in judges for cost in measure(network, batch, config)]
            told = " ".join(f"{cost:.4f}" for cost in costs)
            print(f"{iteration + 1:5d} {told} {monotonic_s() - began:5.0f} s", flush=True)
    write_weights(weights, half_precision(network.named()))


def mean(old: Path, new: Path, weights: Path, config: BeatTraining) -> None:
    """Write what lies halfway between a network and one that went on from it (Wortsman et al.
    2022, "Robust fine-tuning of zero-shot models")."""
    torch.manual_seed(config.seed)
    ends = [EvidenceNetwork(config), EvidenceNetwork(config)]
    for network, file in zip(ends, (old, new), strict=True):
        network.go_on_from(file)
    first, last = (network.named() for network in ends)
    write_weights(weights, half_precision({n: (first[n] + last[n]) / 2 for n in first}))


def _carry(last: Tensor | None, config: BeatTraining) -> Tensor | None:
    """States of other songs for most of the batch, fresh ones for the rest."""
    if last is None or torch.rand(()) > config.carried:
        return None
    kept = (torch.rand(1, config.batch, 1) < 0.85).float()
    return last[:, torch.randperm(config.batch)] * kept


@torch.no_grad()
def measure(network: EvidenceNetwork, songs: Batch, config: BeatTraining) -> tuple[float, float]:
    """Cross-entropy per tick of beat and downbeat."""
    x, y, where = songs
    cost = nn.functional.binary_cross_entropy_with_logits(network(x)[0], y, reduction="none")
    cost, where = (c[:, config.settling_frames :].reshape(-1, 2) for c in (cost * where, where))
    beat, downbeat = cost.sum(dim=0) / where.sum(dim=0)
    return float(beat), float(downbeat)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m model.beat.train_evidence", description=__doc__
    )
    jobs = parser.add_subparsers(dest="job", required=True)
    songs = jobs.add_parser("songs", help="render the songs")
    songs.add_argument("folder", type=Path)
    songs.add_argument("--midi", type=Path, help="folder of MIDI performances with an index")
    songs.add_argument("--real", type=Path, help="folder of annotated recordings")
    fit = jobs.add_parser("train", help="fit the network")
    fit.add_argument("songs", type=Path)
    fit.add_argument("weights", type=Path)
    fit.add_argument("--from", dest="start", type=Path, help="weights to go on from")
    fit.add_argument("--without", nargs="*", default=(), help="genres of real songs not to hear")
    fit.add_argument("--iterations", type=int, default=BeatTraining.iterations)
    fit.add_argument("--learning-rate", type=float, default=BeatTraining.learning_rate)
    fit.add_argument("--real", type=float, default=BeatTraining.real, help="share of real songs")
    fit.add_argument("--seed", type=int, default=BeatTraining.seed)
    halfway = jobs.add_parser("mean", help="lie between two networks")
    for name in ("old", "new", "weights"):
        halfway.add_argument(name, type=Path)
    options = parser.parse_args(argv)
    if options.job == "mean":
        mean(options.old, options.new, options.weights, BeatTraining())
        return 0
    if options.job == "train":
        config = BeatTraining(
            without=tuple(options.without),
            iterations=options.iterations,
            learning_rate=options.learning_rate,
            real=options.real,
            seed=options.seed,
        )
        train(options.songs, options.weights, config, options.start)
        return 0
    config = BeatTraining()
    write_songs(options.folder / "rendered", range(config.rendered), rendered_piece)
    if options.midi:
        library = MidiLibrary.of(read_library(options.midi))
        write_songs(options.folder / "midi", range(config.midi), midi_piece(library))
    if options.real:
        write_real_songs(options.folder / REAL, read_folder(options.real))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
