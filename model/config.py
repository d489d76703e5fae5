"""Sizes and settings of the network and its training: frozen, plain numbers, no framework."""

from dataclasses import asdict, dataclass, field, fields

from live.features import FEATURE_DIM
from live.pose import POSE_DIM


@dataclass(frozen=True)
class EncoderConfig:
    """Causal sliding-window self-attention over the music. window in frames of 1/30 s."""

    feature_dim: int = FEATURE_DIM
    width: int = 96
    layers: int = 2
    heads: int = 4
    window: int = 90


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

    iterations: int = 6000
    batch: int = 64
    dancers: int = 4  # of a batch to each song: they share the encoder's work
    window: int = 120
    context: int = 60  # music heard before the first pose of a window
    lag_max: int = 4  # the stage hears the music up to this long before the pose is seen
    learning_rate: float = 1.5e-3
    warmup: int = 100
    weight_decay: float = 1e-4
    gradient_clip: float = 1.0
    bfloat16: bool = True  # matrix products only; twice as fast where the processor has it
    seed: int = 1
    # curriculum: free-running stretches grow to `free_max` over `curriculum_share` of the run
    curriculum: str = "linear"
    forced_frames: int = 10
    free_max: int = 110
    curriculum_share: float = 0.6
    # losses
    velocity_weight: float = 3.0
    contact_weight: float = 0.5
    bone_weight: float = 0.5
    style_weight: float = 0.05
    kl_weight: float = 0.03
    kl_warmup: int = 500
    # augmentation
    input_noise: float = 0.02
    control_dropout: float = 0.2
    cold_start: float = 0.15  # share of windows whose first previous pose is the mean pose
    speed_low: float = 0.75
    speed_high: float = 1.35

    @staticmethod
    def known(values: dict) -> dict:
        """The entries of `values` that are settings of a run."""
        names = {f.name for f in fields(TrainConfig)}
        return {k: v for k, v in values.items() if k in names}
