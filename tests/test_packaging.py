"""What ships and what it drags in: the wheel, the imports, the pinned versions, the set-up."""

import importlib.util
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {"live", "model", "export", "visuals", "posejockey.py", "benchmarks"}
HEAVY = (
    "aubio",
    "link",
    "mido",
    "onnx",
    "onnxruntime",
    "pygame",
    "rich",
    "scipy",
    "sounddevice",
    "torch",
)


def python(*arguments, cwd=ROOT):
    """Run this Python in a fresh process; its output, or a failed test that shows it."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    python("-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_wheel_holds_our_packages_and_the_command(wheel_names):
    # A stray top-level name would overwrite another distribution's files without a word.
    tops = {name.split("/")[0] for name in wheel_names}
    (dist_info,) = (top for top in tops if top.endswith(".dist-info"))
    assert dist_info.startswith("posejockey-")
    assert tops - {dist_info} == TOP_LEVEL


def test_the_wheel_ships_every_module_the_weights_the_pages_and_the_licence(wheel_names):
    sources = [
        path
        for package in ("live", "model", "export", "visuals", "benchmarks")
        for path in (ROOT / package).rglob("*.py")
    ]
    weights = [path for path in (ROOT / "live" / "weights").glob("*") if path.is_file()]
    demo = [ROOT / "live" / "audio" / "demo.ogg"]
    static = ROOT / "visuals" / "page" / "static"
    pages = [path for path in static.rglob("*") if path.is_file()]
    assert static / "rehearse" / "main.js" in pages
    expected = {path.relative_to(ROOT).as_posix() for path in sources + weights + demo + pages}
    assert expected <= set(wheel_names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel_names)


def test_the_command_is_installed_as_posejockey(wheel_names):
    assert any(name.endswith(".dist-info/entry_points.txt") for name in wheel_names)
    scripts = pyproject()["project"]["scripts"]
    assert scripts == {"posejockey": "posejockey:main"}


def test_importing_the_engine_loads_nothing_heavy():
    # The command answers --help at once, and training never opens a sound card.
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((ROOT / "live").rglob("*.py"))
    ]
    program = (
        f"import sys, posejockey, {', '.join(modules)}\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    assert "live.audio.features" in modules
    assert python("-c", program).split() == []


def test_imports_keep_their_directions():
    linter = Path(sysconfig.get_path("scripts"), "lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_sees_a_wrong_import(tmp_path):
    linter = Path(sysconfig.get_path("scripts"), "lint-imports")
    for package in ("live", "model", "export", "visuals", "benchmarks"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for package in ("live", "visuals"):
        for room in (path.parent for path in (ROOT / package).glob("*/__init__.py")):
            (tmp_path / package / room.name).mkdir()
            (tmp_path / package / room.name / "__init__.py").touch()
        for path in (ROOT / package).glob("*.py"):
            (tmp_path / package / path.name).touch()
    (tmp_path / "live" / "wrong.py").write_text("import torch\nimport model\n")
    (tmp_path / "live" / "body" / "wrong.py").write_text("import live.show\n")
    (tmp_path / "visuals" / "feed" / "wrong.py").write_text("import visuals.window\n")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "0 kept, 4 broken" in done.stdout


def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins():
    """Distribution name -> its one version in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if not line.startswith("#")]
    return {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in requirements}


def test_every_dependency_is_pinned_to_a_version_it_allows():
    project, pinned = pyproject()["project"], pins()
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + [line for lines in extras.values() for line in lines]
    for requirement in map(Requirement, wanted):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} has no pin: run `make lock`"
        assert requirement.specifier.contains(version), f"{requirement}, but pinned to {version}"


def test_both_onnxruntimes_have_one_version_and_no_extra_has_both():
    assert pins()["onnxruntime"] == pins()["onnxruntime-gpu"]
    for lines in pyproject()["project"]["optional-dependencies"].values():
        assert sum(Requirement(line).name.startswith("onnxruntime") for line in lines) <= 1


@pytest.fixture
def setup_env(tmp_path, monkeypatch):
    """The set-up step on a folder of its own, its commands noted down instead of run."""
    spec = importlib.util.spec_from_file_location("setup_env", ROOT / "tools" / "setup_env.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    venv = tmp_path / ".venv"
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", venv)
    monkeypatch.setattr(module, "CONSTRAINTS", tmp_path / "constraints.txt")
    monkeypatch.setattr(module, "STAMP", venv / "posejockey.stamp")
    module.interpreter(venv).parent.mkdir(parents=True)
    module.interpreter(venv).touch()
    module.commands = []
    module.present = set()

    def run(*command, check=True, **_):
        module.commands.append(command[command.index("pip") + 2 :])
        return 0 if "show" not in command or command[-1] in module.present else 1

    monkeypatch.setattr(module, "run", run)
    monkeypatch.setattr(module, "version_of", lambda _: (3, 11))
    return module


def installed(setup_env):
    """The extras of every installation so far."""
    return [c[-1].rpartition("[")[2][:-1] for c in setup_env.commands if c[0] == "install"]


def test_a_second_set_up_does_nothing(setup_env):
    setup_env.set_up("cpu", ())
    setup_env.commands.clear()
    setup_env.set_up("cpu", ())
    assert setup_env.commands == []


def test_a_changed_pin_installs_again_and_keeps_what_tests_need(setup_env):
    setup_env.set_up("cpu", ("dev", "train"))
    setup_env.set_up("cpu", ())
    assert installed(setup_env) == ["cpu,dev,train"]
    with setup_env.CONSTRAINTS.open("a") as constraints:
        constraints.write("# another version\n")
    setup_env.set_up("cpu", ())
    assert installed(setup_env) == ["cpu,dev,train"] * 2


def test_a_set_up_that_failed_is_tried_again(setup_env, monkeypatch):
    setup_env.set_up("cpu", ())
    run = setup_env.run

    def fail(*command, **options):
        if "install" in command:
            raise setup_env.SetupError("no network")
        return run(*command, **options)

    with monkeypatch.context() as broken:
        broken.setattr(setup_env, "run", fail)
        with pytest.raises(setup_env.SetupError, match="no network"):
            setup_env.set_up("cpu", ("dev",))
    setup_env.commands.clear()
    setup_env.set_up("cpu", ())
    assert installed(setup_env) == ["cpu"]


def test_the_other_onnxruntime_goes_before_this_one_comes(setup_env):
    setup_env.set_up("cpu", ("dev",))
    setup_env.present.add("onnxruntime")
    setup_env.commands.clear()
    setup_env.set_up("gpu", ())
    assert [command[0] for command in setup_env.commands] == ["show", "uninstall", "install"]
    assert setup_env.commands[1][-2:] == ("onnxruntime", "onnxruntime-gpu")
    assert installed(setup_env) == ["dev,gpu"]


@pytest.mark.parametrize(
    ("system", "machine", "driver", "runtime"),
    [
        ("Linux", "x86_64", "answers", "gpu"),
        ("Windows", "AMD64", "answers", "gpu"),
        ("Linux", "x86_64", "broken", "cpu"),
        ("Linux", "x86_64", "missing", "cpu"),
        ("Linux", "aarch64", "answers", "cpu"),
        ("Darwin", "arm64", "missing", "cpu"),
    ],
)
def test_a_gpu_is_used_where_there_is_one(setup_env, monkeypatch, system, machine, driver, runtime):
    monkeypatch.setattr(setup_env.platform, "system", lambda: system)
    monkeypatch.setattr(setup_env.platform, "machine", lambda: machine)
    monkeypatch.setattr(setup_env.shutil, "which", lambda _: None if driver == "missing" else "x")
    monkeypatch.setattr(setup_env, "run", lambda *_, **__: 0 if driver == "answers" else 9)
    assert setup_env.find_runtime() == runtime


def test_an_old_python_is_told_so(setup_env, monkeypatch):
    monkeypatch.setattr(setup_env, "version_of", lambda _: (3, 9))
    with pytest.raises(setup_env.SetupError, match=r"needs Python 3\.11 or newer"):
        setup_env.find_python()


def test_a_python_without_venv_is_told_the_package(setup_env, monkeypatch):
    setup_env.interpreter(setup_env.VENV).unlink()
    monkeypatch.setattr(setup_env, "run", lambda *_, **__: 1)
    with pytest.raises(setup_env.SetupError, match="apt-get install python3-venv"):
        setup_env.make_venv(setup_env.VENV)
