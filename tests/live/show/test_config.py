"""Settings: what wins over what, and mistakes that are named with what they may be."""

from dataclasses import FrozenInstanceError, fields

import pytest

from live.errors import ConfigError
from live.osc.schema import DEFAULT_PORT
from live.show.config import ShowConfig, load

NONE_GIVEN = {f.name: None for f in fields(ShowConfig)}


@pytest.fixture
def toml(tmp_path):
    def write(text):
        path = tmp_path / "show.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_without_anything_the_defaults_rule():
    assert load(None, NONE_GIVEN) == ShowConfig()


def test_options_beat_the_file_beats_the_defaults(toml):
    path = toml('style = "salsa"\ndancers = 3\nlatency_ms = 20\nosc = ["10.0.0.1:9000"]')
    config = load(path, NONE_GIVEN | {"dancers": 5, "osc": ("a:1",)}, {"latency_ms": 0.0})
    assert (config.style, config.dancers, config.latency_ms) == ("salsa", 5, 20)
    assert config.osc == ("a:1",)
    assert config.seed == ShowConfig().seed
    assert load(None, NONE_GIVEN, {"latency_ms": 0.0}).latency_ms == 0


def test_an_option_that_is_false_counts_as_given(toml):
    path = toml("visuals = true\nseed = 7\nenergy = 1.5")
    config = load(path, NONE_GIVEN | {"visuals": False, "seed": 0, "energy": 0.0})
    assert (config.visuals, config.seed, config.energy) == (False, 0, 0.0)


def test_every_setting_can_stand_in_the_file(toml):
    lines = []
    for f in fields(ShowConfig):
        default = list(f.default) if isinstance(f.default, tuple) else f.default
        shown = str(default).lower() if isinstance(default, bool) else repr(default)
        lines.append(f"{f.name} = {shown}")
    assert load(toml("\n".join(lines)), NONE_GIVEN) == ShowConfig()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("volume = 1", ["'volume'", "temperature"]),
        ("dancers = 17", ["dancers", "17", "1 to 16"]),
        ("dancers = 0", ["dancers", "1 to 16"]),
        ("dancers = 2.0", ["dancers", "2.0", "a whole number"]),
        ("dancers = true", ["dancers", "a whole number"]),
        ('dancers = "two"', ["dancers", "'two'", "a whole number"]),
        ("energy = 2.5", ["energy", "-2 to 2"]),
        ("energy = nan", ["energy", "nan", "-2 to 2"]),
        ("energy = inf", ["energy", "inf"]),
        ('energy = "high"', ["energy", "'high'", "a number"]),
        (f"energy = {10**400}", ["energy", "-2 to 2"]),
        ("seed = -1", ["seed", "0 to 2147483647"]),
        ("latency_ms = 501", ["latency_ms", "0 to 500"]),
        ("emission_rate = 50", ["emission_rate", "30, 60, 90, 120"]),
        ('device = "gpu"', ["device", "'gpu'", "auto, cpu, cuda"]),
        ('beat_tracker = "ear"', ["beat_tracker", "'ear'", "native, aubio"]),
        ("visuals = 1", ["visuals", "true or false"]),
        ("[visuals]\nstyles = [1]", ["[visuals] styles", "a list of texts"]),
        ("[visuals.look]\nname = 1", ["[visuals] look", "text, number, switch"]),
        ("[visuals]\n'-h' = true", ["[visuals]", "'-h' is no name of an option"]),
        ('"dan\u00e7ers" = 1', ["'dan\u00e7ers'"]),
        (f"dancers = 0x{'f' * 9000}", ["dancers", "a number of thousands of digits"]),
        (f"dancers = {'[' * 3000}{']' * 3000}", ["not valid TOML"]),
        ("style = 3", ["style", "a text"]),
        ('osc = "localhost:9000"', ["osc", "a list of texts"]),
        ("osc = [9000]", ["osc", "a list of texts"]),
        ('osc = ["localhost"]', ["'localhost'", "host:port"]),
        ('osc = ["localhost:0"]', ["'localhost:0'", "1 to 65535"]),
        ("[show]\ndancers = 2", ["'show'"]),
        ("dancers = ", ["not valid TOML"]),
        ("dancers = 1\ndancers = 2", ["not valid TOML"]),
        (f"dancers = {'9' * 5000}", ["not valid TOML"]),
    ],
)
def test_mistakes_in_the_file_are_named(toml, text, named):
    path = toml(text)
    with pytest.raises(ConfigError) as caught:
        load(path, NONE_GIVEN)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    for part in named:
        assert part in message


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        ("dancers", 99, "1 to 16"),
        ("temperature", float("nan"), "0 to 2"),
        ("block", 1, "32 to 8192"),
        ("control_port", 70_000, "0 to 65535"),
        ("osc", ("nowhere",), "host:port"),
    ],
)
def test_mistakes_in_the_options_are_named(option, value, named):
    with pytest.raises(ConfigError, match=named):
        load(None, NONE_GIVEN | {option: value})


def test_a_file_that_is_not_there_or_not_text(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot read the settings .*none\.toml: No such file"):
        load(tmp_path / "none.toml", NONE_GIVEN)
    with pytest.raises(ConfigError, match="cannot read the settings"):
        load(tmp_path, NONE_GIVEN)
    (tmp_path / "show.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path / "show.toml", NONE_GIVEN)


def test_a_show_is_not_changed_under_way():
    with pytest.raises(FrozenInstanceError):
        ShowConfig().dancers = 2


def test_a_table_opens_the_visualizer_with_its_options(toml):
    path = toml(
        'dancers = 2\n[visuals]\nlook = "chalk"\ncast = -1\ncanon = 1\nmirror = true\n'
        'fullscreen = false\nstyles = ["a", "b"]\nbrightness = 0.3\n'
        'out = ["ndi:A", "ndi:B"]\nbackground = ["a.png,at=top", "text:x"]'
    )
    config = load(path, NONE_GIVEN)
    assert config.opens_visualizer
    assert config.visualizer_options == [
        "--look=chalk", "--cast=-1", "--canon=1", "--mirror", "--no-fullscreen", "--styles=a,b",
        "--brightness=0.3", "--out=ndi:A", "--out=ndi:B", "--background=a.png,at=top",
        "--background=text:x",
    ]  # fmt: skip
    assert load(toml("[visuals]"), NONE_GIVEN).opens_visualizer
    none = load(path, NONE_GIVEN | {"visuals": False})
    assert (none.opens_visualizer, none.visualizer_options) == (False, [])


def test_a_file_of_windows_own_editor_is_read(tmp_path):
    (tmp_path / "show.toml").write_text("dancers = 3", encoding="utf-8-sig")
    assert load(tmp_path / "show.toml", NONE_GIVEN).dancers == 3


@pytest.mark.parametrize(
    ("osc", "visuals", "targets"),
    [
        ((), True, [("127.0.0.1", DEFAULT_PORT)]),
        ((), False, [("127.0.0.1", DEFAULT_PORT)]),
        (("a:1", "[::1]:2"), False, [("a", 1), ("::1", 2)]),
        (("a:1",), True, [("a", 1), ("127.0.0.1", DEFAULT_PORT)]),
        ((f"127.0.0.1:{DEFAULT_PORT}",), True, [("127.0.0.1", DEFAULT_PORT)]),
    ],
)
def test_the_visualizer_always_gets_the_stream(osc, visuals, targets):
    assert ShowConfig(osc=osc, visuals=visuals).targets == targets


@pytest.mark.parametrize(
    ("osc", "visuals", "visualizers"),
    [
        ((), True, [("127.0.0.1", DEFAULT_PORT)]),
        (("a:1",), True, [("127.0.0.1", DEFAULT_PORT)]),
        (("a:1",), False, []),
        (("a:1", "b:2/visuals"), False, [("b", 2)]),
        (("b:2/visuals",), True, [("b", 2), ("127.0.0.1", DEFAULT_PORT)]),
        ((f"127.0.0.1:{DEFAULT_PORT}/visuals",), True, [("127.0.0.1", DEFAULT_PORT)]),
        (("b:2/visuals/rate=30",), False, [("b", 2)]),
    ],
)
def test_texts_go_to_visualizers_alone(osc, visuals, visualizers):
    config = ShowConfig(osc=osc, visuals=visuals)
    assert config.visualizers == visualizers
    whole = {feed for feed in visualizers if not config.feeds}
    assert whole <= set(config.targets)


def test_who_leads_link_cannot_follow_it():
    with pytest.raises(ConfigError, match="who leads cannot follow"):
        ShowConfig(link="lead", clock="link")
    assert ShowConfig(link="lead", clock="auto").link == "lead"
