"""What the music encoder is worth: the four kinds, trained alike and scored alike.

    python -m benchmarks.encoders --init runs/open/checkpoint.pt --data data/open --out runs/kinds

Each kind begins anew beside the same trained decoder and the same critic, sees the same batches,
is then let dance to songs nobody trained on (true clock), and asked which style it hears in others.
After the paper's ablation (Huang et al., 2021, table 2). Runs that were stopped go on.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel

from live.audio.features import SAMPLE_RATE, extract
from live.body.pose import FRAME_RATE
from model.data.music.genres import genres_of
from model.data.music.render import render_song
from model.data.music.song import random_song
from model.evaluation.on_stage import TEMPI_BPM, score
from model.evaluation.reference import reference
from model.evaluation.rollout import rollout
from model.evaluation.style_classifier import style_classifier
from model.network.checkpoint import CHECKPOINT, load_checkpoint, network_of
from model.network.config import NetworkConfig, TrainConfig
from model.network.dance_network import DanceNetwork
from model.network.encoder import KINDS
from model.training.trainer import Trainer

DANCED_S, HEARD_S = 30.0, 20.0
SONGS_HEARD = 6  # of each style
SETTLE_S = 4.0
RUN = TrainConfig(
    units_iterations=0,
    prior_iterations=0,
    batch=32,
    curriculum="const",
    critic_from=0,
    critic_ramp=20,
    warmup=20,
    decay_share=0.5,
    average=0.98,
)


def with_encoder(checkpoint: dict, kind: str) -> dict:
    """The checkpoint with an untrained encoder of this kind in place of its own."""
    torch.manual_seed(0)
    config = NetworkConfig.from_dict(checkpoint["network_config"])
    network = DanceNetwork(replace(config, encoder=replace(config.encoder, kind=kind)))
    kept = {
        name: value
        for name, value in network_of(checkpoint).state_dict().items()
        if not name.startswith("encoder.")
    }
    network.load_state_dict(network.state_dict() | kept)
    return checkpoint | {
        "network_config": network.config.to_dict(),
        "average": AveragedModel(network).state_dict(),
    }


def hears(network: DanceNetwork, seed: int = 1) -> float:
    """Share of frames, after the first 2 s, in which the style of the music is heard."""
    right = []
    for i, style in enumerate(network.config.styles):
        for k in range(SONGS_HEARD):
            rng = np.random.default_rng([900_003, seed, i, k])
            genre = str(rng.choice(genres_of(style)))
            song = render_song(random_song(rng, genre, None, HEARD_S, False), SAMPLE_RATE)
            features = np.stack([f.features for f in extract(song.audio, SAMPLE_RATE)])
            with torch.inference_mode():
                logits = network.hear(torch.as_tensor(features)[None])[1][0]
            right.append((logits[2 * FRAME_RATE :].argmax(dim=1) == i).float().mean())
    return float(np.mean(right))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--init", type=Path, required=True, help="checkpoint of a finished run")
    parser.add_argument("--data", type=Path, required=True, help="what `prepare` wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    args = parser.parse_args()
    donor = load_checkpoint(args.init)
    ref = reference(args.data, style_classifier(args.data))
    config = replace(RUN, iterations=args.iterations)
    print("encoder  parameters  minutes  style heard  coherence/real  FID/floor  |accent| ms")
    for kind in args.kinds:
        initial = with_encoder(donor, kind)
        sizes = NetworkConfig.from_dict(initial["network_config"])
        folder = args.out / kind
        run = Trainer(args.data, folder, config, sizes.encoder, sizes.decoder, initial=initial)
        run.run(lambda row: None)
        trained = load_checkpoint(folder / CHECKPOINT)
        network = network_of(trained)
        takes = rollout(network, network.config.styles, TEMPI_BPM, DANCED_S)
        rows = score([take.after(SETTLE_S) for take in takes], ref)
        styles = [rows[s] for s in network.config.styles]
        print(
            f"{kind:8} {sum(p.numel() for p in network.encoder.parameters()):10d} "
            f"{trained['progress']['seconds'] / 60:8.1f} {hears(network):12.0%} "
            f"{np.mean([r['coherence_of_real'] for r in styles]):15.2f} "
            f"{rows['all']['fid_ratio']:10.1f} "
            f"{np.mean([abs(r['accent_off_ms']) for r in styles]):12.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
