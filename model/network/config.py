"""Sizes and settings of the network and its training: frozen, plain numbers, no framework."""

from dataclasses import asdict, dataclass, field, fields

from live.audio.features import FEATURE_DIM
from live.body.pose import POSE_DIM


@dataclass(frozen=True)
class EncoderConfig:
    """Causal sliding-window self-attention over the music. window in frames of 1/30 s.

    kind: "local", or one of the kinds `model.network.encoder` has for comparison: global, lstm,
    conv.
    """

    feature_dim: int = FEATURE_DIM
    width: int = 96
    layers: int = 2
    heads: int = 4
    window: int = 90
    kind: str = "local"


@dataclass(frozen=True)
class DecoderConfig:
    """Recurrent pose decoder. latent_dim is the size of the one latent a beat."""

    pose_dim: int = POSE_DIM
    hidden: int = 384
    layers: int = 2
    latent_dim: int = 32
    style_width: int = 24
    residual_scale: float = 0.3


@dataclass(frozen=True)
class NetworkConfig:
    styles: tuple[str, ...]
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)

    def to_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_dict(values: dict) -> "NetworkConfig":
        return NetworkConfig(
            styles=tuple(values["styles"]),
            encoder=EncoderConfig(**values["encoder"]),
            decoder=DecoderConfig(**values["decoder"]),
        )


@dataclass(frozen=True)
class TrainConfig:
    """One training run. Lengths in frames of 1/30 s; weights are relative to the pose loss."""

    iterations: int = 2600
    batch: int = 64
    dancers: int = 4  # of a batch to each song: they share the encoder's work
    window: int = 120
    context: int = 60  # music heard before the first pose of a window
    lag_max: int = 3  # music is heard one to so many frames before the pose, on stage their mean
    learning_rate: float = 1e-3
    warmup: int = 100
    held: int = 0  # steps at first in which the dancer waits for critic, reader and posterior
    decay_share: float = 0.3  # of the run, at its end: a cosine to 2 % of the learning rate
    weight_decay: float = 1e-4
    gradient_clip: float = 1.0
    precision: str = "32-true"  # or "bf16-mixed": faster on a GPU, and on some processors slower
    seed: int = 1
    # curriculum: free-running stretches grow to `free_max` over so many iterations
    curriculum: str = "linear"
    forced_frames: int = 10
    free_max: int = 110
    curriculum_iterations: int = 900
    # losses
    velocity_weight: float = 3.0
    contact_weight: float = 0.5
    bone_weight: float = 0.5
    style_weight: float = 0.2
    kl_weight: float = 0.02
    kl_warmup: int = 500
    # rollouts beside a critic: from an iteration on, so many of the dancers to each song; the
    # learning rate of the network is then multiplied by `critic_stage_rate`
    critic_from: int = 1000
    free_dancers: int = 2
    critic_ramp: int = 200  # iterations until the losses of the rollouts have their full weight
    critic_stage_rate: float = 0.5
    critic_weight: float = 0.1
    critic_rate: float = 4e-4
    critic_skip: int = 24  # frames after a change of song, which no real dance shows
    movement_weight: float = 0.3
    skate_weight: float = 0.6
    moments_weight: float = 6.0
    accent_weight: float = 3.0
    features_weight: float = 0.5
    reader_rate: float = 1e-3
    restart: float = 0.04  # share of the rollouts that come on stage anew with each batch
    mix_share: float = 0.1  # of the rollouts mix two styles
    average: float = 0.998  # decay of the moving average of the weights, which is what dances
    # augmentation
    input_noise: float = 0.02
    control_dropout: float = 0.5  # share of windows without controls, as the stage mostly has it
    cold_start: float = 0.15  # share of windows whose first previous pose is the mean pose
    speed_low: float = 0.7
    speed_high: float = 1.42

    @property
    def music_lag(self) -> float:
        """Frames from the music heard to the pose seen on stage: the mean of those drawn."""
        return (1 + self.lag_max) / 2

    @staticmethod
    def known(values: dict) -> dict:
        """The entries of `values` that are settings of a run."""
        names = {f.name for f in fields(TrainConfig)}
        return {k: v for k, v in values.items() if k in names}
