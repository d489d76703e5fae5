"""Sizes and settings of the network and its training: frozen, plain numbers, no framework."""

from dataclasses import asdict, dataclass, field, fields

from live.audio.features import FEATURE_DIM
from live.body.pose import POSE_DIM
from live.dance.contract import BEATS_A_BAR


@dataclass(frozen=True)
class EncoderConfig:
    """Sliding-window self-attention over the music. window in frames of 1/30 s.

    kind: "local", or one of the kinds `model.network.encoder` has for comparison: global, lstm,
    conv. causal: hears nothing that follows; only such an encoder runs on stage.
    """

    feature_dim: int = FEATURE_DIM
    width: int = 96
    layers: int = 2
    heads: int = 4
    window: int = 90
    kind: str = "local"
    causal: bool = True


@dataclass(frozen=True)
class DecoderConfig:
    """Recurrent pose decoder. latent_dim is how many numbers of noise choose the unit of a beat.

    unit_dim: of the latent that says a unit; unit_width: of the layers that spell it out
    (`model.network.unit_decoder`); leading: what a unit spells out is danced as it moves, and the
    recurrence adds what it lacks, where in older networks a unit only pulls. Of the prior
    (`model.network.unit_prior`): codes, the size of its vocabulary; sharpness, of its choice (with
    1, likely codes would be chosen too often, since the Gumbel variables of so many codes by so few
    numbers are not independent); margin, nats below the likeliest code from which on a code is
    never chosen (min-p sampling); units, beats that it remembers; prior_width and prior_rank, of
    its layers; fog_within and fog_before, how much of the beats of this bar, and of those before
    it, is hidden from it, 0 to 1; forgets, whether the control `anew` ends its memory; liveliness,
    whether that of the last beat is never hidden.

    grafts: styles, the last of the network's, that were learned on top of it while all else stood
    still (`model.network.graft`); graft_rank: of what each adds to a matrix; graft_codes: its own
    vocabulary.
    """

    pose_dim: int = POSE_DIM
    hidden: int = 384
    layers: int = 2
    latent_dim: int = 32
    style_width: int = 24
    residual_scale: float = 0.3
    unit_dim: int = 64
    unit_width: int = 512
    leading: bool = True
    units: int = 8
    prior_width: int = 512
    prior_rank: int = 128
    codes: int = 6144
    sharpness: float = 0.8
    margin: float = 5.0
    fog_within: float = 0.1
    fog_before: float = 0.3
    forgets: bool = True
    liveliness: bool = True
    grafts: int = 0
    graft_rank: int = 32
    graft_codes: int = 1536


@dataclass(frozen=True)
class NetworkConfig:
    """metres: beats in a bar of each style; none where all have four."""

    styles: tuple[str, ...]
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    metres: tuple[int, ...] = ()

    def metre(self, style: str) -> int:
        """Beats in a bar of one of the styles."""
        return self.metres[self.styles.index(style)] if self.metres else BEATS_A_BAR

    def to_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_dict(values: dict) -> "NetworkConfig":
        """What `to_dict` made, or an older version of it."""
        older = {"unit_dim": values["decoder"]["latent_dim"]}
        older |= dict.fromkeys(("leading", "liveliness", "forgets"), False)
        decoder = older | values["decoder"]
        return NetworkConfig(
            styles=tuple(values["styles"]),
            encoder=EncoderConfig(**values["encoder"]),
            decoder=DecoderConfig(**decoder),
            metres=tuple(values.get("metres", ())),
        )


@dataclass(frozen=True)
class TrainConfig:
    """One training run. Lengths in frames of 1/30 s; weights are relative to the pose loss."""

    iterations: int = 7000
    batch: int = 64
    dancers: int = 4  # of a batch to each song: they share the encoder's work
    window: int = 120
    context: int = 60  # music heard before the first pose of a window
    lag_max: int = 3  # music is heard one to so many frames before the pose, on stage their mean
    learning_rate: float = 1e-3
    units_rate: float = 2e-3  # learning rate before the dance
    warmup: int = 100
    held: int = 0  # steps at first in which the dancer waits for critic and reader
    decay_share: float = 0.3  # of the dance, at its end: a cosine to 2 % of the learning rate
    weight_decay: float = 1e-4
    gradient_clip: float = 1.0
    precision: str = "32-true"  # or "bf16-mixed": faster on a GPU, and on some processors slower
    seed: int = 1
    # before the dance: so many steps for latents and what they spell out, all frames at once and
    # without recurrence; and so many for the vocabulary, and what follows what (`stage`)
    units_iterations: int = 4000
    prior_iterations: int = 1200
    # curriculum: free-running stretches grow to `free_max` over so many iterations
    curriculum: str = "linear"
    forced_frames: int = 10
    free_max: int = 110
    curriculum_iterations: int = 900
    # losses
    unit_weight: float = 1.0  # of the poses that the latents alone spell out
    velocity_weight: float = 3.0
    contact_weight: float = 0.5
    bone_weight: float = 0.5
    bend_weight: float = 1.0
    style_weight: float = 0.2
    kl_weight: float = (
        0.001  # of the latents against a standard normal: loose, the prior learns them
    )
    prior_weight: float = 0.1  # of what follows what; nothing but the prior learns from it
    prior_draws: int = 4  # of fog for each beat of a batch
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
    handed: str = ""  # styles, with commas between, whose left and right are never swapped

    def stage(self, iteration: int) -> str:
        """What a step learns: "units", then "prior", then "dance", which is all but the latents."""
        if iteration < self.units_iterations:
            return "units"
        return "prior" if iteration < self.before_dance else "dance"

    def span(self, iteration: int) -> tuple[int, int]:
        """The first step of the stage that a step belongs to, and the first after it."""
        ends = (0, self.units_iterations, self.before_dance, self.iterations)
        at = ("units", "prior", "dance").index(self.stage(iteration))
        return ends[at], ends[at + 1]

    @property
    def before_dance(self) -> int:
        """Steps before the first of the dance; those of curriculum and critic count from there."""
        return self.units_iterations + self.prior_iterations

    @property
    def music_lag(self) -> float:
        """Frames from the music heard to the pose seen on stage: the mean of those drawn."""
        return (1 + self.lag_max) / 2

    @staticmethod
    def known(values: dict) -> dict:
        """The entries of `values` that are settings of a run."""
        names = {f.name for f in fields(TrainConfig)}
        return {k: v for k, v in values.items() if k in names}
