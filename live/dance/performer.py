"""The network on stage: an ONNX file as one step a frame, its state kept between the steps.

Enters: one frame's features, clocks, styles, controls. Leaves: one pose vector a dancer. Runs in
the engine's thread; the only file that imports onnxruntime. A file whose contract does not match
is refused with the field that differs.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import cast

import numpy as np

from live.audio.features import FEATURE_DIM
from live.body.pose import POSE_DIM
from live.dance.contract import (
    CLOCK_DIM,
    CONTROL_DIM,
    MANIFEST_KEY,
    REQUIRED,
    STATE_PREFIX,
    STATE_SUFFIX,
)
from live.errors import ArtifactError, ConfigError

DEVICES = ("auto", "cpu", "cuda")
_MAX_FILE_BYTES = 256 << 20
_MAX_STATE_NUMBERS = 1 << 24  # 64 MB a dancer; the model that ships has some 100 000
_MAX_LATENT = 4096
_WARM_UP_STEPS = 20
MAX_MUSIC_LAG = 8.0  # frames
MAX_ACCENT_DELAY_MS = 100.0
_NO_CUDA = (
    "CUDA is not available to ONNX Runtime here; install the gpu extra with CUDA 13 and cuDNN 9, "
    "or use --device cpu"
)
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


@dataclass(frozen=True)
class StateSpec:
    name: str
    shape: tuple[int, ...]
    per_dancer: bool


@dataclass(frozen=True)
class Manifest:
    """What the file says of itself (`live.dance.contract`).

    energy_offset: float32 [S], what to add to the energy input for each style's own size;
    accent_delay_ms: float32 [S], how much later than the beat clock each style is to be driven for
    its accents to fall where its real dances have them; music_lag: frames from the music heard to
    the pose seen that it was trained for, 1 where the file does not say.
    """

    styles: tuple[str, ...]
    energy_offset: np.ndarray
    accent_delay_ms: np.ndarray
    latent_dim: int
    states: tuple[StateSpec, ...]
    music_lag: float
    raw: dict

    @staticmethod
    def parse(text: str | None, path: Path) -> "Manifest":
        """Raises ArtifactError naming the first field that does not fit this program."""
        if text is None:
            raise ArtifactError(f"{path} is an ONNX file, but not one of PoseJockey (no manifest)")
        try:
            raw = json.loads(text)
            states = tuple(
                StateSpec(s["name"], tuple(s["shape"]), bool(s["per_dancer"]))
                for s in raw["states"]
            )
            styles = tuple(raw["styles"])
            offset = np.array([raw["energy_offset"][s] for s in styles], np.float32)
            told = raw.get("accent_delay_ms", dict.fromkeys(styles, 0.0))
            delay = np.array([told[s] for s in styles], np.float32)
            if not (np.abs(delay) <= MAX_ACCENT_DELAY_MS).all():
                raise ValueError(f"accent_delay_ms {told}")
            lag = float(raw.get("music_lag", 1.0))
            if not 0.0 <= lag <= MAX_MUSIC_LAG:
                raise ValueError(f"music_lag {lag}")
            latent_dim = int(raw["latent_dim"])
            manifest = Manifest(styles, offset, delay, latent_dim, states, lag, raw)
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{path}: its manifest is damaged ({error!r})") from error
        for field, expected in REQUIRED.items():
            if raw.get(field) != expected:
                raise ArtifactError(
                    f"{path}: {field} is {raw.get(field)!r}, this program needs {expected!r}; "
                    "export the model again with this version"
                )
        manifest.check_sizes(path)
        return manifest

    def check_sizes(self, path: Path) -> None:
        """ArtifactError for a file whose states or noise would fill the memory."""
        numbers = sum(_size(state.shape) for state in self.states)
        if not (numbers <= _MAX_STATE_NUMBERS and 0 < self.latent_dim <= _MAX_LATENT):
            raise ArtifactError(
                f"{path}: its states have sizes that no model of this program has; do not trust it"
            )


class Performer:
    """Owns the session and every dancer's state.

    model: path, or the name of weights that ship ('open'). device: auto, cpu or cuda.
    """

    def __init__(self, model: str = "open", device: str = "auto", dancers: int = 1, seed: int = 0):
        path = find_model(model)
        self.sha256, content = _read(path)
        self._session = _open_session(content, path, device)
        self.provider = self._session.get_providers()[0]
        metadata = self._session.get_modelmeta().custom_metadata_map
        self.manifest = Manifest.parse(metadata.get(MANIFEST_KEY), path)
        self._check_tensors(path)
        self._outputs = [o.name for o in self._session.get_outputs()]
        self.reset(dancers, seed)
        self._warm_up()

    @property
    def styles(self) -> tuple[str, ...]:
        return self.manifest.styles

    def reset(self, dancers: int, seed: int) -> None:
        """Every dancer back to the first frame, with the random numbers of this seed."""
        self.dancers = dancers
        self.seed = seed
        self._state: dict[str, np.ndarray] = {
            s.name: self._blank(s, dancers) for s in self.manifest.states
        }
        self._rngs = [_rng(seed, d) for d in range(dancers)]

    def set_dancers(self, dancers: int) -> None:
        """More or fewer dancers from the next step on; those who stay dance on undisturbed."""
        for spec in self.manifest.states:
            if spec.per_dancer:
                kept = self._state[spec.name][:dancers]
                fresh = self._blank(spec, dancers - len(kept))
                self._state[spec.name] = np.concatenate([kept, fresh])
        self._rngs = self._rngs[:dancers]
        self._rngs += [_rng(self.seed, d) for d in range(len(self._rngs), dancers)]
        self.dancers = dancers

    def revive(self, dancers: np.ndarray) -> None:
        """Give the dancers marked True (bool [N]) a fresh state: theirs has gone bad."""
        for spec in self.manifest.states:
            if spec.per_dancer:
                self._state[spec.name][dancers] = 0.0
            elif not np.isfinite(self._state[spec.name]).all():
                self._state[spec.name] = self._blank(spec, self.dancers)

    def step(
        self,
        features: np.ndarray,
        clock: np.ndarray,
        style: np.ndarray,
        control: np.ndarray,
        temperature: float = 1.0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """One frame of 1/30 s.

        features: float32 [83]; clock: [N, 8]; style: [N, S], rows sum to 1; control: [N, 4];
        temperature: 0..2, scales the noise. Returns pose vectors [N, 60] and style logits [S].
        """
        noise = np.stack([rng.standard_normal(self.manifest.latent_dim) for rng in self._rngs])
        feed = {
            "features": features[None],
            "clock": clock,
            "style": style,
            "control": control,
            "noise": (temperature * noise).astype(np.float32),
            **self._state,
        }
        results = cast(list[np.ndarray], self._session.run(None, feed))
        out = dict(zip(self._outputs, results, strict=True))
        self._state = {name: out[name + STATE_SUFFIX] for name in self._state}
        return out["pose"], out["style_logits"][0]

    def _blank(self, spec: StateSpec, dancers: int) -> np.ndarray:
        shape = (dancers, *spec.shape[1:]) if spec.per_dancer else spec.shape
        return np.zeros(shape, np.float32)

    def _warm_up(self) -> None:
        """Run before the microphone opens: the first steps allocate, and are slow."""
        dancers, styles = self.dancers, len(self.styles)
        features = np.zeros(FEATURE_DIM, np.float32)
        clock = np.zeros((dancers, CLOCK_DIM), np.float32)
        style = np.full((dancers, styles), 1 / styles, np.float32)
        control = np.zeros((dancers, CONTROL_DIM), np.float32)
        for _ in range(_WARM_UP_STEPS):
            self.step(features, clock, style, control)
        self.reset(dancers, self.seed)

    def _check_tensors(self, path: Path) -> None:
        """The graph must have the tensors its manifest promises, of their sizes."""
        expected = {
            "features": FEATURE_DIM,
            "clock": CLOCK_DIM,
            "style": len(self.styles),
            "control": CONTROL_DIM,
            "noise": self.manifest.latent_dim,
            **{s.name: s.shape[-1] for s in self.manifest.states},
        }
        found = {i.name: i.shape[-1] for i in self._session.get_inputs()}
        if found != expected:
            raise ArtifactError(
                f"{path}: its inputs are not those of this program; "
                f"expected {_differing(expected, found)}, found {_differing(found, expected)}"
            )
        outputs = {o.name: o.shape[-1] for o in self._session.get_outputs()}
        needed = {"pose": POSE_DIM, "style_logits": len(self.styles)}
        needed |= {s.name + STATE_SUFFIX: s.shape[-1] for s in self.manifest.states}
        if outputs != needed or any(
            not s.name.startswith(STATE_PREFIX) for s in self.manifest.states
        ):
            raise ArtifactError(
                f"{path}: its outputs are not those of this program; "
                f"expected {_differing(needed, outputs)}, found {_differing(outputs, needed)}"
            )


def _size(shape: tuple) -> float:
    """Numbers in a state of one dancer; infinite if the shape is none."""
    if not all(isinstance(n, int) and n > 0 for n in shape):
        return math.inf
    return math.prod(shape)


def shipped_models() -> dict[str, Path]:
    """The weights that ship, by name."""
    folder = Path(str(resources.files("live") / "weights"))
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))}


def find_model(model: str) -> Path:
    """A path as it is, or the file of weights that ship under that name."""
    shipped = shipped_models()
    if model in shipped:
        return shipped[model]
    path = Path(model)
    if not path.is_file():
        raise ArtifactError(
            f"no model {model!r}: neither a file nor weights that ship ({', '.join(shipped)})"
        )
    return path


def _read(path: Path) -> tuple[str, bytes]:
    size = path.stat().st_size
    if size > _MAX_FILE_BYTES:
        raise ArtifactError(f"{path} has {size >> 20} MB; a model has at most 256")
    content = path.read_bytes()
    return hashlib.sha256(content).hexdigest(), content


def _open_session(content: bytes, path: Path, device: str):
    if device not in DEVICES:
        raise ConfigError(f"device {device!r}: one of {', '.join(DEVICES)}")
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # two threads are slower on graphs this small
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    has_cuda = _PROVIDERS["cuda"] in ort.get_available_providers()
    if device == "cuda" and not has_cuda:
        raise ConfigError(_NO_CUDA)
    wanted = "cuda" if has_cuda and device != "cpu" else "cpu"
    try:
        session = ort.InferenceSession(content, options, providers=_with_fallback(wanted))
    except Exception as error:
        # onnxruntime raises a family of its own classes without a public base
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ArtifactError(f"{path} is not a model ONNX Runtime can load: {reason}") from error
    if device == "cuda" and session.get_providers()[0] != _PROVIDERS["cuda"]:
        raise ConfigError(_NO_CUDA)
    return session


def _with_fallback(device: str) -> list[str]:
    return list(dict.fromkeys([_PROVIDERS[device], _PROVIDERS["cpu"]]))


def _rng(seed: int, dancer: int) -> np.random.Generator:
    """Each dancer's own: a new dancer never changes the dance of the others."""
    return np.random.default_rng([seed, dancer])


def _differing(these: dict, those: dict) -> str:
    return ", ".join(f"{k} [{v}]" for k, v in these.items() if those.get(k) != v) or "nothing"
