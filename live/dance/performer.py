"""The network on stage: an ONNX file as one step a frame, its state kept between the steps.

Enters: one frame's features, clocks, styles, controls, noise. Leaves: one pose vector a dancer. In
the engine's thread; the only file that imports onnxruntime. A file whose contract does not match
is refused with the field that differs.
"""

import hashlib
from importlib import resources
from pathlib import Path
from typing import cast

import numpy as np

from live.audio.features import FEATURE_DIM
from live.body.pose import POSE_DIM
from live.dance.contract import (
    ANEW,
    CLOCK_DIM,
    CONTROL_DIM,
    MANIFEST_KEY,
    STATE_SUFFIX,
)
from live.dance.manifest import Manifest, StateSpec
from live.errors import ArtifactError, ConfigError

DEVICES = ("auto", "cpu", "cuda")
_MAX_FILE_BYTES = 256 << 20
_WARM_UP_STEPS = 20
_NO_CUDA = (
    "CUDA is not available to ONNX Runtime here; install the gpu extra with CUDA 13 and cuDNN 9, "
    "or use --device cpu"
)
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class Performer:
    """Owns the session and every dancer's state.

    model: path, or the name of weights that ship ('open'). device: auto, cpu or cuda. seed: of the
    score (`live.dance.choreography`); nothing in here is left to chance.
    """

    def __init__(self, model: str = "open", device: str = "auto", dancers: int = 1, seed: int = 0):
        path = find_model(model)
        self.sha256, content = _read(path)
        self._session = _open_session(content, path, device)
        self.provider = self._session.get_providers()[0]
        self.manifest = Manifest.parse(_metadata(self._session, path).get(MANIFEST_KEY), path)
        self._check_tensors(path)
        self._bound: dict[str, np.ndarray] | None = None  # the state that `_bind` has seen
        self.reset(dancers, seed)
        self._warm_up(path)

    @property
    def styles(self) -> tuple[str, ...]:
        return self.manifest.styles

    def reset(self, dancers: int, seed: int) -> None:
        """Every dancer back to the first frame, for the score of this seed."""
        self.dancers = dancers
        self.seed = seed
        self._state: dict[str, np.ndarray] = {
            s.name: self._blank(s, dancers) for s in self.manifest.states
        }

    def set_dancers(self, dancers: int) -> None:
        """More or fewer dancers from the next step on; those who stay dance on undisturbed."""
        self._state = {
            spec.name: self._resized(self._state[spec.name], spec, dancers)
            for spec in self.manifest.states
        }
        self.dancers = dancers

    def _resized(self, state: np.ndarray, spec: StateSpec, dancers: int) -> np.ndarray:
        if not spec.per_dancer:
            return state
        kept = state[:dancers]
        return np.concatenate([kept, self._blank(spec, dancers - len(kept))])

    def revive(self, dancers: np.ndarray) -> None:
        """Give the dancers marked True (bool [N]) a fresh state: theirs has gone bad."""
        for spec in self.manifest.states:
            if spec.per_dancer:
                self._state[spec.name][dancers] = 0.0
            elif not np.isfinite(self._state[spec.name]).all():
                self._state[spec.name][:] = 0.0

    def step(
        self,
        features: np.ndarray,
        clock: np.ndarray,
        style: np.ndarray,
        control: np.ndarray,
        noise: np.ndarray,
        temperature: float = 1.0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """One frame of 1/30 s.

        features: float32 [83]; clock: [N, 8]; style: [N, S], rows sum to 1; control: [N, 4];
        noise: [N, Z] standard normal, taken where a dancer's beat begins, as is the last control;
        temperature: 0..2, scales it. Returns pose vectors [N, 60] and style logits [S].
        """
        if self._bound is not self._state:
            self._bind()
        inputs = self._inputs
        inputs["features"][0] = features
        inputs["clock"][:] = clock
        inputs["style"][:] = style
        inputs["control"][:] = control
        if not self.manifest.forgets:  # to a file of before, this input has no meaning
            inputs["control"][:, ANEW] = 0.0
        inputs["noise"][:] = temperature * noise
        self._session.run_with_iobinding(self._bindings[0])
        # What was written is read next. A step that raised leaves it as it was.
        self._bindings.reverse()
        self._state, self._after = self._after, self._state
        self._bound = self._state
        return self._said["pose"].copy(), self._said["style_logits"][0].copy()

    def _bind(self) -> None:
        """Give all that goes in and comes out its place in memory, for as many dancers as there are
        now: to find a place again for every step takes a tenth of it."""
        self._state = {n: np.ascontiguousarray(v, np.float32) for n, v in self._state.items()}
        self._after = {name: np.empty_like(value) for name, value in self._state.items()}
        self._inputs = self._quiet_inputs(self.dancers)
        self._said = {
            "pose": np.empty((self.dancers, POSE_DIM), np.float32),
            "style_logits": np.empty((1, len(self.styles)), np.float32),
        }
        self._bindings = []
        for before, after in ((self._state, self._after), (self._after, self._state)):
            binding = self._session.io_binding()
            for name, array in (self._inputs | before).items():
                binding.bind_input(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
            written = {name + STATE_SUFFIX: array for name, array in after.items()}
            for name, array in (self._said | written).items():
                binding.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
            self._bindings.append(binding)
        self._bound = self._state

    def _quiet_inputs(self, dancers: int) -> dict[str, np.ndarray]:
        """What a step is fed besides the state, in silence."""
        styles = len(self.styles)
        return {
            "features": np.zeros((1, FEATURE_DIM), np.float32),
            "clock": np.zeros((dancers, CLOCK_DIM), np.float32),
            "style": np.full((dancers, styles), 1 / styles, np.float32),
            "control": np.zeros((dancers, CONTROL_DIM), np.float32),
            "noise": np.zeros((dancers, self.manifest.latent_dim), np.float32),
        }

    def _blank(self, spec: StateSpec, dancers: int) -> np.ndarray:
        shape = (dancers, *spec.shape[1:]) if spec.per_dancer else spec.shape
        return np.zeros(shape, np.float32)

    def _warm_up(self, path: Path) -> None:
        """Run before the microphone opens: the first steps allocate, and are slow.

        ArtifactError for a graph that fails, or whose poses are no numbers, or one for whom the
        number of dancers may not change.
        """
        dancers, seed = self.dancers, self.seed
        try:
            for count in (dancers + 1, dancers):
                self.reset(count, seed)
                self._check_shapes()
            for _ in range(_WARM_UP_STEPS - 1):
                self._step_quietly()
            pose, logits = self._step_quietly()
        except Exception as error:
            # onnxruntime raises a family of its own classes without a public base
            raise ArtifactError(f"{path} cannot dance: {_first_line(error)}") from error
        if not (np.isfinite(pose).all() and np.isfinite(logits).all()):
            raise ArtifactError(f"{path} cannot dance: its poses are no numbers; export it again")
        self.reset(dancers, seed)

    def _step_quietly(self) -> tuple[np.ndarray, np.ndarray]:
        quiet = self._quiet_inputs(self.dancers)
        music, clock, style = quiet["features"][0], quiet["clock"], quiet["style"]
        return self.step(music, clock, style, quiet["control"], quiet["noise"])

    def _check_shapes(self) -> None:
        """Raise where a step gives anything of another shape than the manifest promises."""
        feed = self._quiet_inputs(self.dancers) | self._state
        results = cast(list[np.ndarray], self._session.run(None, feed))
        names = [output.name for output in self._session.get_outputs()]
        found = {n: value.shape for n, value in zip(names, results, strict=True)}
        promised = {n + STATE_SUFFIX: state.shape for n, state in self._state.items()}
        promised |= {"pose": (self.dancers, POSE_DIM), "style_logits": (1, len(self.styles))}
        if found != promised:
            raise ValueError(f"{self.dancers} dancers get other shapes than it promised")

    def _check_tensors(self, path: Path) -> None:
        """The graph must have the tensors its manifest promises, of their shapes and types."""
        styles, states = len(self.styles), self.manifest.states
        per_dancer = {
            "clock": CLOCK_DIM,
            "style": styles,
            "control": CONTROL_DIM,
            "noise": self.manifest.latent_dim,
        }
        inputs = {"features": _tensor(1, FEATURE_DIM)}
        inputs |= {name: _tensor(_ANY, size) for name, size in per_dancer.items()}
        inputs |= {s.name: _state_tensor(s) for s in states}
        outputs = {"pose": _tensor(_ANY, POSE_DIM), "style_logits": _tensor(1, styles)}
        outputs |= {s.name + STATE_SUFFIX: _state_tensor(s) for s in states}
        for kind, expected, nodes in (
            ("inputs", inputs, self._session.get_inputs()),
            ("outputs", outputs, self._session.get_outputs()),
        ):
            found = {node.name: _found_tensor(node) for node in nodes}
            if found != expected:
                raise ArtifactError(
                    f"{path}: its {kind} are not those of this program; "
                    f"expected {_differing(expected, found)}, found {_differing(found, expected)}"
                )


_ANY = "any"  # size of an axis: as many as dancers


def _tensor(*shape: int | str) -> str:
    """A tensor of the contract in words: all are of float32."""
    return f"float [{', '.join(map(str, shape))}]"


def _state_tensor(spec: StateSpec) -> str:
    return _tensor(*((_ANY, *spec.shape[1:]) if spec.per_dancer else spec.shape))


def _found_tensor(node) -> str:
    """An input or output of ONNX Runtime in the same words; an axis without a size is any."""
    kind = node.type.removeprefix("tensor(").removesuffix(")")
    shape = [n if isinstance(n, int) else _ANY for n in node.shape or ()]
    return f"{kind} [{', '.join(map(str, shape))}]"


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
    if not _is_file(path):
        raise ArtifactError(
            f"no model {model!r}: neither a file nor weights that ship ({', '.join(shipped)})"
        )
    return path


def files_of(model: str) -> tuple[Path, Path]:
    """The file of a model, and the manifest that `export` writes beside it: what no report may
    overwrite."""
    path = shipped_models().get(model, Path(model))
    return path, path.with_suffix(".json")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _read(path: Path) -> tuple[str, bytes]:
    try:
        size = path.stat().st_size
        if size > _MAX_FILE_BYTES:
            raise ArtifactError(f"{path} has {size >> 20} MB; a model has at most 256")
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror or error}") from error
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
        raise ArtifactError(
            f"{path} is not a model ONNX Runtime can load: {_first_line(error)}"
        ) from error
    if device == "cuda" and session.get_providers()[0] != _PROVIDERS["cuda"]:
        raise ConfigError(_NO_CUDA)
    return session


def _metadata(session, path: Path) -> dict[str, str]:
    try:
        return session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{path}: its manifest is damaged: it is no text") from error


def _with_fallback(device: str) -> list[str]:
    return list(dict.fromkeys([_PROVIDERS[device], _PROVIDERS["cpu"]]))


def _differing(these: dict, those: dict) -> str:
    return ", ".join(f"{k} {v}" for k, v in these.items() if those.get(k) != v) or "nothing"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
