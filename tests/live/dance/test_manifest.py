"""What a network file says of itself: believed only where it fits, refused in one sentence."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from live.dance.contract import REQUIRED
from live.dance.manifest import MAX_MUSIC_LAG, Manifest
from live.errors import ArtifactError
from live.osc.encoding import FrameEncoder, HealthReport, StageFrame, most_styles
from live.osc.schema import MAX_BUNDLE_BYTES, MAX_DANCERS

WEIGHTS = Path(__file__).parents[3] / "live" / "weights"
SHIPPED = json.loads((WEIGHTS / "open.json").read_text(encoding="utf-8"))
FILE = Path("some.onnx")
NOTHING = object()
JUNK = (
    None, True, False, 0, -1, 7, 1 << 70, 10**400, 1.5, -2.5, 1e308, math.nan, math.inf, -math.inf,
    "", "salsa", "auto", "Salsa", "a,b", "x" * 5000, "\n", "\ud800", [], [1], [[]], [None],
    ["salsa", "salsa"], [1, 1 << 40], {}, {"salsa": 1}, {"name": "x"}, NOTHING,
)  # fmt: skip


def parsed(manifest) -> Manifest:
    return Manifest.parse(json.dumps(manifest), FILE)


def refusal(manifest) -> str:
    with pytest.raises(ArtifactError) as refused:
        parsed(manifest)
    said = str(refused.value)
    assert said.startswith(str(FILE))
    assert len(said.splitlines()) == 1
    return said


def changed(**fields) -> dict:
    return {k: v for k, v in (SHIPPED | fields).items() if v is not None}


def of_styles(count: int) -> dict:
    names = [f"style{i}" for i in range(count)]
    zeros = dict.fromkeys(names, 0.0)
    return changed(styles=names, energy_offset=zeros, accent_delay_ms=zeros)


def test_what_ships_is_believed():
    manifest = parsed(SHIPPED)
    assert manifest.styles == tuple(SHIPPED["styles"])
    np.testing.assert_allclose(manifest.energy_offset, list(SHIPPED["energy_offset"].values()))
    assert manifest.raw == SHIPPED


def test_files_of_before_know_no_control_to_begin_anew():
    assert not parsed(changed(controls=["energy", "openness", "travel", "reserved"])).forgets
    assert not parsed(changed(controls=None)).forgets
    assert parsed(changed(controls=["energy", "openness", "travel", "anew"])).forgets


def test_bars_have_four_beats_unless_the_file_says_otherwise():
    first = SHIPPED["styles"][0]
    assert parsed(SHIPPED).metre.tolist() == [4] * len(SHIPPED["styles"])
    assert parsed(changed(metre={first: 3})).metre.tolist()[:2] == [3, 4]
    for junk in ({first: 0}, {first: 8}, {first: 3.0}, {first: True}, [3], "3"):
        assert "manifest is damaged: metre" in refusal(changed(metre=junk))


@pytest.mark.parametrize("field", ["styles", "latent_dim", "states", "energy_offset"])
def test_a_manifest_that_lacks_a_field_is_refused_by_its_name(field):
    assert f"manifest is damaged: {field}" in refusal(changed(**{field: None}))


@pytest.mark.parametrize("text", ["", "{", "[]", "17", '"posejockey"', "null", "[" * 100_000])
def test_what_is_no_object_is_refused(text):
    with pytest.raises(ArtifactError, match=r"some\.onnx: its manifest is damaged"):
        Manifest.parse(text, FILE)


@pytest.mark.parametrize("field", REQUIRED)
@pytest.mark.parametrize("value", [True, 1e300, "1", [], 1 << 4000])
def test_another_contract_is_refused_by_its_field(field, value):
    assert f"{field} is" in refusal(changed(**{field: value}))


@pytest.mark.parametrize("shape", [[1, 1 << 40], [0, 8], [-1, 8], [1.5, 8], ["many"], [True, 8]])
def test_states_that_would_fill_the_memory_are_refused(shape):
    states = [{"name": "state_pose", "shape": shape, "per_dancer": True}]
    assert "do not trust it" in refusal(changed(states=states))


@pytest.mark.parametrize("latent", [0, -3, 1 << 30])
def test_noise_that_would_fill_the_memory_is_refused(latent):
    assert "do not trust it" in refusal(changed(latent_dim=latent))


@pytest.mark.parametrize(
    "styles", [["salsa", "salsa"], ["Salsa"], ["auto"], ["a=b"], [""], [" x"], ["x" * 65], [3], {}]
)
def test_styles_that_nobody_could_ask_for_are_refused(styles):
    assert "manifest is damaged: styles is" in refusal(changed(styles=styles))


def test_as_many_styles_as_a_bundle_has_room_for():
    most = most_styles()
    assert len(parsed(of_styles(most)).styles) == most
    assert f"{most + 1} styles; a bundle of poses has room for {most}" in refusal(
        of_styles(most + 1)
    )
    last = (MAX_DANCERS,)  # of the longest addresses
    FrameEncoder(MAX_DANCERS, most, chosen=last)
    frame = StageFrame(
        1, 2, np.zeros((MAX_DANCERS, 19, 3), np.float32), np.zeros(MAX_DANCERS, np.float32),
        (0.0, 0.0, 120.0, 1.0), np.zeros(3, np.float32), 0.5, np.zeros(most, np.float32),
    )  # fmt: skip
    health = HealthReport(60.0, 1.0, 2.0, 0, 0, 60.0, "dancing")
    (bundle,) = FrameEncoder(MAX_DANCERS, most, chosen=last).encode(frame, health)
    assert MAX_BUNDLE_BYTES - 8 < len(bundle) <= MAX_BUNDLE_BYTES


def places(value, path=()):
    """Every place in a manifest: a key or an index a step."""
    if path:
        yield path
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, part in inner:
        yield from places(part, (*path, key))


def mutated(path, junk):
    manifest = json.loads(json.dumps(SHIPPED))
    *way, last = path
    part = manifest
    for step in way:
        part = part[step]
    if junk is NOTHING:
        del part[last]
    else:
        part[last] = junk
    return manifest


def refusal_of(manifest) -> str | None:
    try:
        parsed(manifest)
    except ArtifactError as error:
        return str(error)
    return None


def test_every_mutation_of_what_ships_is_refused_in_a_sentence_or_harmless():
    refused, believed = [], []
    for path in places(SHIPPED):
        for junk in JUNK:
            manifest = mutated(path, junk)
            said = refusal_of(manifest)
            if said is None:
                believed.append((path, parsed(manifest)))
            else:
                refused.append(said)
    assert (len(refused) > 1000, len(believed) > 300) == (True, True)
    assert max(len(said) for said in refused) < 400
    assert not any("\n" in said for said in refused)
    for path, manifest in believed:
        offsets = (manifest.energy_offset, manifest.accent_delay_ms)
        assert all(np.isfinite(a).all() and len(a) == len(manifest.styles) for a in offsets), path
        assert all(s.shape and min(s.shape) > 0 for s in manifest.states), path
        assert 0.0 <= manifest.music_lag <= MAX_MUSIC_LAG, path
        assert all(manifest.raw[field] == value for field, value in REQUIRED.items()), path
