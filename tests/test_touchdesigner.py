"""The TouchDesigner page and its script, against real packets; and the other pages' pictures.

TouchDesigner itself is not here. Its OSC In CHOP names a channel by the address without the first
slash, and counts the numbers of a message that has several; it warns about anything but numbers.
"""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from live.body.skeleton import JOINT_NAMES
from live.osc import encoding
from live.outputs.levels import LEVELS
from live.outputs.lights import PRESETS
from tests.helpers.frames import HEALTH, stage_frame
from tools.wiring import IMAGES, PICTURES, render

DOCS = Path(__file__).resolve().parent.parent / "docs"


def channels_of(packets, separator=":"):
    """{channel name: value} as the OSC In CHOP makes them."""
    channels = {}
    for packet in packets:
        for address, values in encoding.decode(packet):
            assert all(isinstance(v, int | float) for v in values), "it would warn"
            name = address.removeprefix("/")
            many = len(values) > 1
            for i, value in enumerate(values, 1):
                channels[f"{name}{separator}{i}" if many else name] = value
    return channels


def documented():
    """The names in the page's table, with `a:1` to `a:4` written out."""
    page = (DOCS / "touchdesigner.md").read_text(encoding="utf-8")
    table = page.split("<!-- channels")[1].split("<!-- end -->")[0]
    names = []
    for row in table.splitlines():
        cells = re.findall(r"`([^`]+)`", row.split("|")[1]) if row.startswith("| `") else []
        if " to " in row.split("|")[1] if cells else False:
            stem, last = cells[1].split(":")
            names += [f"{stem}:{i}" for i in range(1, int(last) + 1)]
        else:
            names += cells
    return names


def test_the_page_names_the_channels_that_real_packets_give():
    packets = encoding.FrameEncoder(1, 4).encode(stage_frame(1, 4), HEALTH)
    assert sorted(documented()) == sorted(channels_of(packets))


def test_flat_gives_57_channels():
    packets = encoding.FrameEncoder(1, 4, flat=True).encode(stage_frame(1, 4))
    poses = [n for n in channels_of(packets) if n.startswith("pj/1/pose:")]
    assert poses == [f"pj/1/pose:{i}" for i in range(1, 58)]


class Node:
    """An operator: remembers what was set on it."""

    def __init__(self, kind, name):
        self.kind, self.name = kind, name
        self.par = SimpleNamespace()
        self.children = []
        self.inputs = []
        self.inputConnectors = [SimpleNamespace(connect=self.inputs.append)]

    def create(self, kind, name):
        self.children.append(Node(kind, name))
        return self.children[-1]

    def destroy(self):
        raise AssertionError("nothing here to destroy")


def built():
    """The script run in a TouchDesigner that only remembers: (its operators by name, its text)."""
    project = Node("containerCOMP", "project1")
    source = (DOCS / "touchdesigner.py").read_text(encoding="utf-8")
    kinds = {name: name for name in re.findall(r"\b\w+(?:CHOP|DAT|COMP|SOP|TOP)\b", source)}
    exec(compile(source, "touchdesigner.py", "exec"), kinds | {"op": lambda path: project})
    return {node.name: node for node in project.children}


def test_the_script_builds_the_page_s_network():
    nodes = built()
    assert nodes["posejockey"].kind == "oscinCHOP"
    assert nodes["posejockey"].par.port == 10000
    assert nodes["pose"].inputs == [nodes["posejockey"]]
    figure = nodes["figure"]
    assert figure.par.instanceop is nodes["pose"]
    assert figure.par.instancing
    assert nodes["picture"].par.geometry is figure


class ScriptOp:
    """A Script CHOP with one input."""

    def __init__(self, channels):
        made = [SimpleNamespace(name=n, vals=[0.0, v]) for n, v in channels.items()]
        self.inputs = [SimpleNamespace(chans=lambda: made)]

    def clear(self):
        self.out = {}

    def appendChan(self, name):  # noqa: N802  (TouchDesigner's spelling)
        self.out[name] = SimpleNamespace(vals=None)
        return self.out[name]


@pytest.mark.parametrize("separator", [":", "_", ""])
@pytest.mark.parametrize("n_dancers", [1, 2])
def test_the_script_s_spheres_are_the_joints(separator, n_dancers):
    frame = stage_frame(n_dancers, 4)
    packets = encoding.FrameEncoder(n_dancers, 4).encode(frame, HEALTH)
    script = ScriptOp(channels_of(packets, separator))
    callbacks = {}
    exec(built()["pose_callbacks1"].text, callbacks)
    callbacks["onCook"](script)
    places = np.stack([script.out[name].vals for name in ("tx", "ty", "tz")], axis=1)
    assert script.numSamples == n_dancers * len(JOINT_NAMES) == len(places)
    by_name = np.argsort(JOINT_NAMES)  # the script sorts by dancer, then by name
    np.testing.assert_allclose(places, frame.joints[:, by_name].reshape(-1, 3))


def test_the_script_waits_for_the_first_packet():
    script = ScriptOp({})
    callbacks = {}
    exec(built()["pose_callbacks1"].text, callbacks)
    callbacks["onCook"](script)
    assert script.numSamples == 1
    assert script.out["tx"].vals == [0.0]


@pytest.mark.parametrize("name", PICTURES)
def test_wiring_pictures_are_up_to_date(name):
    drawn = (IMAGES / f"wiring-{name}.svg").read_text(encoding="utf-8")
    assert drawn == render(name), "run `python tools/wiring.py`"
    assert f"images/wiring-{name}.svg" in (DOCS / f"{name}.md").read_text(encoding="utf-8")


def test_the_lights_page_names_every_cue_and_preset():
    page = (DOCS / "lights.md").read_text(encoding="utf-8")
    assert [n for n, meaning in LEVELS.items() if f"| `{n}` | {meaning} |" not in page] == []
    targets = [f"HOST:{p.port}/lights/{n}`" for n, p in PRESETS.items() if n != "plain"]
    assert [t for t in targets if t not in page] == []
