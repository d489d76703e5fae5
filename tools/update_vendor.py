"""The ES modules that the pages use, from npm into visuals/page/static/vendor.

python tools/update_vendor.py                     # the versions that are there, written anew
python tools/update_vendor.py three=0.188.0       # another version of one of them
python tools/update_vendor.py --latest            # the newest of all

Needs node with npm, and the network; nothing else of the project does. Each module is minified by
itself (esbuild, `_MINIFIER`), not bundled, so that a file here is a file of its package. Imports by
a package's name are made relative: the pages need no import map, and forbid inline scripts.
`versions.json` says what came from where, with the SHA-256 of every file; a test holds them to it.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "visuals" / "page" / "static" / "vendor"
_MINIFIER = "esbuild@0.28.2"
# Package, then its files: where in the package, and the name here.
_FILES = {
    "three": {
        "build/three.core.js": "three.core.js",
        "build/three.module.js": "three.module.js",
        "examples/jsm/controls/OrbitControls.js": "OrbitControls.js",
        "examples/jsm/loaders/GLTFLoader.js": "GLTFLoader.js",
        "examples/jsm/utils/BufferGeometryUtils.js": "BufferGeometryUtils.js",
        "examples/jsm/utils/SkeletonUtils.js": "SkeletonUtils.js",
        "LICENSE": "three.LICENSE.txt",
    },
    "@pixiv/three-vrm": {
        "lib/three-vrm.module.min.js": "three-vrm.js",
        "LICENSE": "three-vrm.LICENSE.txt",
    },
    "@pixiv/three-vrm-animation": {
        "lib/three-vrm-animation.module.min.js": "three-vrm-animation.js",
        "LICENSE": "three-vrm-animation.LICENSE.txt",
    },
}
_IMPORT = re.compile(r"""(\bfrom\s*|\bimport\s*)(["'])([^"']+)\2""")
_RENAMED = {"three": "./three.module.js"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wanted", nargs="*", metavar="PACKAGE=VERSION")
    parser.add_argument("--latest", action="store_true", help="the newest of all")
    args = parser.parse_args()
    versions = dict.fromkeys(_FILES, "latest") if args.latest else _versions()
    versions |= dict(text.rsplit("=", 1) for text in args.wanted)
    if unknown := set(versions) - set(_FILES):
        parser.error(f"no package here is called {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as folder:
        _install(Path(folder), versions)
        _write(Path(folder) / "node_modules")


def _versions() -> dict[str, str]:
    text = (VENDOR / "versions.json").read_text("utf-8")
    return {name: package["version"] for name, package in json.loads(text).items()}


def _install(folder: Path, versions: dict[str, str]) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not installed; it comes with node")
    packages = [f"{name}@{version}" for name, version in versions.items()]
    # No script of a package is run; esbuild's only checks its own binary.
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    subprocess.run([npm, "install", *quiet, *packages, _MINIFIER], cwd=folder, check=True)


def _write(modules: Path) -> None:
    VENDOR.mkdir(parents=True, exist_ok=True)
    said = {}
    for package, files in _FILES.items():
        about = json.loads((modules / package / "package.json").read_text("utf-8"))
        hashes = {}
        for source, name in files.items():
            text = (modules / package / source).read_text("utf-8")
            if name.endswith(".js"):
                head = (
                    f"/* {package} {about['version']}, {about['license']}; see versions.json */\n"
                )
                text = head + _relative(_minified(modules, text))
            (VENDOR / name).write_text(text, "utf-8", newline="\n")
            hashes[name] = hashlib.sha256((VENDOR / name).read_bytes()).hexdigest()
        said[package] = {
            "version": about["version"], "license": about["license"],
            "source": f"https://www.npmjs.com/package/{package}/v/{about['version']}",
            "sha256": hashes,
        }  # fmt: skip
    (VENDOR / "versions.json").write_text(json.dumps(said, indent=2) + "\n", "utf-8", newline="\n")


def _minified(modules: Path, text: str) -> str:
    tool = modules / "esbuild" / "bin" / "esbuild"
    command = ["node", str(tool), "--minify", "--format=esm", "--charset=utf8", "--loader=js"]
    command.append("--legal-comments=inline")
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    return done.stdout.decode()


def _relative(text: str) -> str:
    """Imports of packages and of their folders, as of files side by side."""

    def here(match: re.Match[str]) -> str:
        keyword, quote, path = match.groups()
        file = _RENAMED.get(path) or "./" + path.rsplit("/", 1)[-1]
        return f"{keyword}{quote}{file}{quote}"

    return _IMPORT.sub(here, text)


if __name__ == "__main__":
    main()
