"""Keys to control messages. Pure: an action in, a message for the engine out."""

import json
from importlib import resources

from live.osc.schema import CONTROLS, FORMS, NEXT

# (key's name, action, what it does), in the order in which `?` lists them. Keys are compared as
# characters, not positions, so that [ and ] work on every layout that has them.
KEYS: tuple[tuple[str, str, str], ...] = (
    ("T", "tap", "tap the beat"),
    ("[", "half", "half the tempo"),
    ("]", "double", "twice the tempo"),
    ("Up", "more energy", "larger movement"),
    ("Down", "less energy", "smaller movement"),
    ("Right", "more variety", "wilder"),
    ("Left", "less variety", "calmer"),
    ("M", "mirror", "swap left and right"),
    ("Space", "freeze", "hold the pose"),
    ("B", "blackout", "darkness, and back"),
    ("D", "lights out", "the lights dark, and back; the picture stays"),
    (",", "less light", "the lights' grand master, down"),
    (".", "more light", "and up"),
    ("1", "cue 1", "scene 1 to 9 of the set list, on the bar"),
    *((str(n), f"cue {n}", "") for n in range(2, 10)),
    ("PgDn", "cue next", "the scene after it"),
    ("PgUp", "cue previous", "the scene before it"),
    ("S", "next style", "another style; at last, the music's own"),
    ("Backspace", "panic", "everything as at the start, light on"),
    ("L", "next look", "another look, on the next bar"),
    ("P", "next palette", "other colours"),
    ("C", "next camera", "still, swaying, or cutting"),
    ("N", "next line-up", "line, wedge, circle, grid, or free"),
    ("X", "pairs", "every second dancer mirrored"),
    ("K", "next canon", "dancers in canon, up to four beats"),
    ("U", "next unison", "each their own, half together, or together"),
    ("O", "next form", "another order of phrases"),
    ("G", "next formation", "another formation, with the next phrase"),
    ("R", "recall", "sections bring their phrases back, or not"),
    ("Y", "loop", "repeat the phrase that is danced, and on"),
    ("E", "keep", "keep the last phrase"),
    ("J", "kept phrase", "dance the phrase kept last"),
    ("+", "more dancers", "one more, repeating those that arrive"),
    ("-", "fewer dancers", "one less"),
    ("W", "corners", "set the corners: drag, or Tab and arrows"),
    ("F", "fullscreen", "full screen, and back"),
    ("H", "hud", "hide the small print"),
    ("?", "keys", "this list"),
    ("Esc", "quit", "leave"),
)
MOUSE: tuple[tuple[str, str, str], ...] = (
    ("Click", "tap", "tap the beat"),
    ("Right click", "next look", "another look, on the next bar"),
    ("Wheel", "", "energy; sideways variety"),
)
ACTIONS = {key.lower(): action for key, action, _ in KEYS}

_STEPS = {
    "more energy": ("energy", 0.25),
    "less energy": ("energy", -0.25),
    "more variety": ("temperature", 0.1),
    "less variety": ("temperature", -0.1),
    "more light": ("master", 0.1),
    "less light": ("master", -0.1),
}
_CYCLES = {
    "next canon": ("canon", (0.0, 0.5, 1.0, 2.0, 4.0)),
    "next unison": ("unison", (0.0, 0.5, 1.0)),
}
_SAID = {
    "next formation": ("formation", (NEXT,)),
    "recall": ("recall", ()),
    "loop": ("loop", ()),
    "lights out": ("lights_out", ()),
    "keep": ("keep", ()),
    "kept phrase": ("phrase", ("last",)),
}
_START = {"energy": 0.0, "temperature": 1.0, "unison": 0.5, "canon": 0.0, "master": 1.0}
_FIRST_FORM = "AABA"
_STATE_OF = {"freeze": "frozen", "blackout": "blackout"}


class KeyMap:
    """Where the faders and switches stand; follows the engine where it says otherwise."""

    def __init__(self, styles: tuple[str, ...] = (), fixed: bool = False):
        """styles: that the style's key goes through; fixed: whatever the engine says it has."""
        self.values = dict(_START)
        self._styles = ("auto", *styles)
        self._fixed = fixed
        self._request = ""
        self._style = 0
        self.switches = {"mirror": False, "freeze": False, "blackout": False}
        self._state = ""
        self._form = _FIRST_FORM

    def act(self, action: str) -> tuple[str, tuple[float | str, ...]] | None:
        """(control's name, arguments) of an action; None for one that is not the engine's."""
        if action in _STEPS:
            name, step = _STEPS[action]
            control = CONTROLS[name]
            moved = round(self.values[name] + step, 6)
            self.values[name] = min(max(moved, control.low), control.high)
            return name, (self.values[name],)
        if action in self.switches:
            self.switches[action] = not self.switches[action]
            return action, (float(self.switches[action]),)
        if action in _CYCLES:
            name, steps = _CYCLES[action]
            self.values[name] = next((s for s in steps if s > self.values[name]), steps[0])
            return name, (self.values[name],)
        if action == "next form":
            self._form = FORMS[(FORMS.index(self._form) + 1) % len(FORMS)]
            return "form", (self._form,)
        if action in _SAID:
            return _SAID[action]
        if action == "next style":
            self._style = (self._style + 1) % len(self._styles)
            return "style", (self._styles[self._style],)
        if action.startswith("cue "):
            return "cue", (action.removeprefix("cue "),)
        if action in CONTROLS and not CONTROLS[action].types:
            return action, ()
        return None

    def reset(self) -> None:
        """Everything as it was at the start."""
        self.values = dict(_START)
        self.switches = dict.fromkeys(self.switches, False)
        self._style = 0
        self._form = _FIRST_FORM

    def follow_fader(self, name: str, value: float | str) -> None:
        """Take over where a fader or the form stands in the engine, whoever has moved it."""
        if name in self.values and isinstance(value, float):
            self.values[name] = value
        elif name == "form" and value in FORMS:
            self._form = str(value)

    def follow(self, state: str) -> None:
        """Take over a change of the engine's state: others may hold the controls as well."""
        if state == self._state:
            return
        self._state = state
        for switch, said in _STATE_OF.items():
            self.switches[switch] = state == said

    def follow_style(self, request: str, styles: tuple[str, ...]) -> None:
        """Take over the engine's styles, and which is asked for when that has changed: a key
        pressed meanwhile is not undone by what was said before it."""
        if styles and not self._fixed and styles != self._styles[1:]:
            self._styles, self._style = ("auto", *styles), 0
            self._request = ""
        if request == self._request:
            return
        self._request = request
        if request in self._styles:
            self._style = self._styles.index(request)


def shipped_styles() -> tuple[str, ...]:
    """The styles of the network that ships; none where its description cannot be read."""
    try:
        text = (resources.files("live") / "weights" / "open.json").read_text("utf-8")
        return tuple(map(str, json.loads(text)["styles"]))
    except (OSError, ValueError, KeyError, TypeError):
        return ()
