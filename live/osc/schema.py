"""What crosses the wire: native OSC schema v1, addresses, argument order, types and ranges.

Enters: nothing. Leaves: tables and constants, for whoever encodes, decodes or checks a message, in
any thread: nothing here changes after the import. `docs/osc.md` is generated from them.
Only types i, f, s, b are used, bundles are stamped "immediately" and stay within 1 472 bytes (one
Ethernet packet), because that is what TouchDesigner, Pd, SuperCollider and node-osc all accept.
"""

from dataclasses import dataclass

from live.body.skeleton import JOINT_NAMES

SCHEMA_VERSION = 1
MAX_BUNDLE_BYTES = 1_472
MAX_DANCERS = 16
SAMPLE_WRAP = 1 << 31  # an OSC int32 counts 24.8 h of samples at 24 kHz
DEFAULT_PORT = 7401
DEFAULT_CONTROL_PORT = 7402

# Codes of /pj/health's last argument.
STATES = ("starting", "dancing", "idle", "holding", "frozen", "blackout")
STATE = {name: code for code, name in enumerate(STATES)}
# Codes of /pj/section's kind. A chorus is the drop of a song.
SECTION_KINDS = ("unknown", "intro", "verse", "build", "drop", "break", "outro")

# The words of choreography that settings, scenes and messages share.
FORMS = ("free", "AABB", "AABA", "AAAB", "call-response")  # or a text of one's own, "ABAC"
FORMATIONS = ("auto", "rows", "line", "wedge", "circle", "grid", "columns", "scatter")
ENSEMBLES = ("all", "pairs", "halves", "solo")
PHRASE_BEATS = (4, 8, 16, 32)
MAX_CANON_BEATS = 8


@dataclass(frozen=True)
class Argument:
    name: str
    type: str  # an OSC type tag: i, f or s
    unit: str = ""
    range: str = ""


@dataclass(frozen=True)
class Message:
    address: str
    arguments: tuple[Argument, ...]
    meaning: str

    @property
    def types(self) -> str:
        return "".join(a.type for a in self.arguments)


def _floats(names: str, unit: str = "", range_: str = "") -> tuple[Argument, ...]:
    return tuple(Argument(name, "f", unit, range_) for name in names.split())


FRAME = Message(
    "/pj/frame",
    (Argument("frame", "i", "", "0.."), Argument("sample", "i", "1/24000 s", "0..2^31-1, wraps")),
    "Opens every bundle: the emitted frame's number and its presentation time since the start.",
)
ROOT = Message(
    "/pj/{dancer}/root",
    _floats("x y z", "m") + _floats("heading", "rad"),
    "The pelvis on the stage and where the dancer faces: 0 is the audience (+z), positive to +x.",
)
JOINTS = Message(
    "/pj/{dancer}/{joint}",
    _floats("x y z", "m"),
    "One message a joint, in stage space: x to the dancer's left, y up, z to the audience.",
)
BEAT = Message(
    "/pj/beat",
    _floats("phase bar_phase", "", "0..1")
    + _floats("bpm", "beats/min", "0..400")
    + _floats("confidence", "", "0..1"),
    "The beat clock at the moment this frame is seen; the beat falls where the phase wraps to 0.",
)
ONSET = Message("/pj/onset", _floats("low mid high", "", "0..1"), "Onset strength in three bands.")
LEVEL = Message(
    "/pj/level", _floats("level", "", "0..1"), "Loudness: 0 is -80 dB, 1 is full scale."
)
STYLE = Message(
    "/pj/style", (Argument("weight", "f", "", "0..1"),), "One weight a style, summing to 1."
)
SECTION = Message(
    "/pj/section",
    (
        Argument("index", "i", "", "0.."),
        Argument("returns_to", "i", "", "-1.."),
        Argument("kind", "i", "", ", ".join(f"{i} {k}" for i, k in enumerate(SECTION_KINDS))),
        Argument("age_beats", "f", "beats", "0.."),
        Argument("novelty", "f", "", "0..1"),
    ),
    "The section of the piece, as heard so far: its number, the earlier one it sounds like (-1: "
    "new), since when it lasts, and how unlike itself the newest bar is. A chorus is a drop.",
)
PHRASE = Message(
    "/pj/phrase",
    (*_floats("phase", "", "0..1"), Argument("length", "i", "beats", "8..64")),
    "Place in the phrase, which begins where the phase wraps to 0, on a bar.",
)
HEALTH = Message(
    "/pj/health",
    _floats("fps", "frames/s")
    + _floats("step_p50 step_p99", "ms")
    + (Argument("xruns", "i"), Argument("dropped", "i", "losses of sound"))
    + _floats("latency", "ms")
    + (Argument("state", "i", "", ", ".join(f"{i} {s}" for i, s in enumerate(STATES))),),
    "Once a second, and at once when the state changes.",
)
MESSAGES = (FRAME, ROOT, JOINTS, BEAT, ONSET, LEVEL, STYLE, SECTION, PHRASE, HEALTH)
STYLES = Message(
    "/pj/styles",
    (Argument("request", "s"), Argument("name", "s")),
    "The style asked for (`auto`, a name or a mix), then what the weights of `/pj/style` are "
    "called; once a second, and at once when another is asked for.",
)
NAMES = Message(
    "/pj/names",
    (Argument("control", "s"), Argument("name", "s")),
    "What may be called by name: of `cue` the scenes, of `phrase` the phrases of the bank.",
)
POSE = Message(
    "/pj/{dancer}/pose",
    tuple(Argument(f"{name}_{axis}", "f", "m") for name in JOINT_NAMES for axis in "xyz"),
    "Profile `flat` only, instead of the joints: all of them in one message, x y z each.",
)

# The answer to a control, on the control port, to those who asked for answers (ACK_REQUEST).
ACK = Message(
    "/pj/ack",
    (
        Argument("name", "s"),
        Argument("obeyed", "i", "", "0 refused, 1 obeyed"),
        Argument("value", "f"),
        Argument("text", "s"),
    ),
    "A control that came: its number as it is in force (0 for none), its text (empty for none).",
)


@dataclass(frozen=True)
class Control:
    """A control message `/pj/control/<name>`: its arguments, the range, and what it does.

    path: the end of its address where that is not the name.
    """

    name: str
    types: str  # of the arguments: f a number, s a text, a either; "" none
    low: float = 0.0
    high: float = 1.0
    meaning: str = ""
    is_switch: bool = False  # 1 or 0; without an argument it changes over
    choices: tuple[str, ...] = ()  # of a text; () for any
    under: str = "/pj/control"
    is_optional: bool = False  # its argument may be missing
    path: str = ""
    has_names: bool = False  # ADDRESS/NAME, a button, is as good as the name as its argument

    @property
    def address(self) -> str:
        return f"{self.under}/{self.last}"

    @property
    def last(self) -> str:
        """The last part of the address."""
        return self.path or self.name


_ENGINE, _PICTURE = "/pj/control", "/pj/visuals"


def _switch(name: str, meaning: str, under: str = _ENGINE) -> Control:
    return Control(name, "f", 0, 1, meaning, is_switch=True, under=under)


def _choice(name: str, choices: tuple[str, ...], meaning: str, under: str = _PICTURE) -> Control:
    return Control(name, "a", 0, len(choices), meaning, choices=choices, under=under)


def _fader(name: str, low: float, high: float, meaning: str, path: str = "") -> Control:
    return Control(name, "f", low, high, meaning, under=_PICTURE, path=path)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


CONTROLS = {
    c.name: c
    for c in (
        Control("style", "s", meaning="'auto', a style's name, or a mix: 'street=2,salsa=1'"),
        Control("energy", "f", -2, 2, "how large the movement is; 0 is the style's own"),
        Control("openness", "f", -2, 2, "how far arms and legs reach out; 0 is the style's own"),
        Control("travel", "f", -2, 2, "how much ground is covered; 0 is the style's own"),
        Control("temperature", "f", 0, 2, "variety; 1 is the model's own, 0 always the likeliest"),
        _switch("mirror", "1 swaps left and right, 0 swaps back"),
        _switch("freeze", "1 holds the pose, 0 goes on"),
        _switch("blackout", "1 darkens the figures and lights, 0 brings them back"),
        Control("master", "f", 0, 1, "grand master of the lights: 1 as bright as they are, 0 dark"),
        _switch("lights_out", "1 darkens the lights alone, 0 brings them back"),
        Control("cue", "a", 0, 999, "a scene of the set list: name, number, 'next' or 'previous'"),
        Control("unison", "f", 0, 1, "share of the dance that all have in common; 1: the same"),
        Control("canon", "f", 0, MAX_CANON_BEATS, "each dancer so many beats after the one before"),
        Control("form", "s", meaning="the order of phrases: " + _listed(FORMS) + ", or 'ABAC'"),
        Control("variation", "f", 0, 1, "how much a phrase differs when its form repeats it"),
        _switch("recall", "1 dances what was danced to a section when it returns, 0 new phrases"),
        _choice("formation", FORMATIONS, "where they stand, from the next phrase on", _ENGINE),
        _choice("ensemble", ENSEMBLES, "who dances with whom, from the next phrase on", _ENGINE),
        Control(
            "phrase",
            "a",
            0,
            PHRASE_BEATS[-1],
            "how many beats a phrase has: 4, 8, 16 or 32; a text plays that phrase of the bank, as "
            "/pj/control/phrase/NAME does",
            has_names=True,
        ),
        Control(
            "keep",
            "a",
            0,
            1,
            "keeps the last phrase danced in the bank, under this name or the next free one",
            is_optional=True,
        ),
        _switch("loop", "1 repeats the phrase that is danced, 0 goes on"),
        Control("start", "", meaning="the song begins now: bars and times count from here"),
        Control("tap", "", meaning="a beat, now: four or more set the tempo"),
        Control("bpm", "f", 0, 300, "sets the tempo, beats/min, from here on; 0 follows the music"),
        Control("nudge", "f", -500, 500, "beats come so many ms earlier; negative: later"),
        Control("sync", "", meaning="the beat is now, and it is the first of its bar"),
        Control("half", "", meaning="half the tempo"),
        Control("double", "", meaning="twice the tempo"),
        Control("seed", "f", 0, 2**31 - 1, "starts the dance anew from this seed"),
        Control("dancers", "f", 1, MAX_DANCERS, "number of dancers"),
        Control("latency", "f", 0, 500, "output latency to make up for, ms"),
        Control(
            "panic",
            "",
            meaning="everything as at the start: faders, switches, style, dancers, seed, tempo, "
            "the picture; no scene waits or moves anything any more",
        ),
    )
}
PANIC = CONTROLS["panic"]  # the show passes it on to visualizers, who set the picture back

# The words of the wire, not the visualizer's own: senders, MIDI mappings and scenes are checked
# against them before a show that may have no visualizer here. Tests hold them against its own.
LOOKS = (
    "neon", "chalk", "ribbons", "particles", "constellation", "silhouette", "canon",
    "kaleidoscope", "wireframe",
)  # fmt: skip
PALETTES = ("night", "safe", "ember", "ice", "acid", "mono")
CAMERAS = ("front", "orbit", "cuts")
LINEUPS = ("stage", "line", "wedge", "circle", "grid")
DRIVES = ("off", "beat", "level", "section")
NEXT, PREVIOUS = "next", "previous"

# The picture's, not the engine's: obeyed by visualizers, passed on to them by the show. No name is
# that of an engine's control, so that a MIDI mapping or a scene needs to say no more than it.
PICTURE = {
    c.name: c
    for c in (
        _choice("look", LOOKS, "how the dancers are drawn, from the next bar on"),
        _choice("palette", PALETTES, "their colours"),
        _choice("camera", CAMERAS, "still, swaying, or cutting every other bar"),
        _choice("lineup", LINEUPS, "where they stand; stage: where the engine puts them"),
        Control("cast", "f", 0, MAX_DANCERS, "dancers shown; 0: those that arrive", under=_PICTURE),
        _switch("pairs", "1 has every second dancer dance mirrored", _PICTURE),
        Control(
            "picture_canon",
            "f",
            0,
            2,
            "each dancer drawn so many beats later, in the picture alone",
            under=_PICTURE,
            path="canon",
        ),
        _switch("dark", "1 darkens the picture alone, 0 brings it back", _PICTURE),
        _fader("glow", 0, 2, "light around the dancers; 1 is the look's own"),
        _fader("zoom", 0.5, 2, "how large the picture is; 1 has everybody in it"),
        _fader("trail", 0, 2, "how long what moves leaves a trail; 1 is the look's own"),
        _choice("glow_by", DRIVES, "what moves the glow between a quarter and where it is set"),
        _choice("zoom_by", DRIVES, "what moves the zoom between 1 and where it is set"),
        _choice("trail_by", DRIVES, "what moves the trails between a quarter and where set"),
        _fader("picture_fade", 0, 10, "seconds that blackout, glow, zoom and trail take", "fade"),
    )
}
PLAYED = CONTROLS | PICTURE

# Not the engine's: who sends it is answered, or shown the show.
ACK_REQUEST = Control(
    "ack", "f", 0, 65_535, "1 asks for answers where this came from, a port number there; 0 ends it"
)
WATCH_REQUEST = Control(
    "watch",
    "f",
    0,
    1,
    "1 has the whole show sent to where this came from, for five seconds; 0 ends it",
)
REQUESTS = {c.name: c for c in (ACK_REQUEST, WATCH_REQUEST)}
