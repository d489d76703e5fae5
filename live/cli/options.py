"""The options that commands share: one for each setting of `ShowConfig`."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

from live.show.config import ShowConfig, load
from live.show.opening import Plan

# The settings of the choreography: what live, perform and render share.
CHOREOGRAPHED = (
    "unison", "canon", "form", "phrase", "variation", "formation", "ensemble", "recall", "score",
    "phrases",
)  # fmt: skip
_BY_NAME = {f.name: f for f in fields(ShowConfig)}


def add_settings(parser: argparse.ArgumentParser, *names: str) -> None:
    """An option for each named setting, and --config for the file that may hold them all."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML file with the settings")
    for name in names:
        _add(parser, name)


def _add(parser: argparse.ArgumentParser, name: str) -> None:
    setting = _BY_NAME[name]
    default = setting.default
    flag = "--" + name.replace("_", "-")
    text = setting.metadata["help"]
    if isinstance(default, bool):
        # Either way: what stands in the file may have to be undone for a night.
        switch = argparse.BooleanOptionalAction
        shown = f"{text} ({'yes' if default else 'no'})"
        parser.add_argument(flag, dest=name, action=switch, default=None, help=shown)
    elif isinstance(default, tuple):
        parser.add_argument(flag, dest=name, action="append", metavar="TARGET", help=text)
    else:
        kind = type(default)
        shown = f"{text} ({default})" if default not in ("", 0.0) else text
        parser.add_argument(flag, dest=name, type=kind, metavar=_METAVARS[kind], help=shown)


_LISTED = {"osc": "HOST:PORT", "control_allow": "ADDRESS"}
_METAVARS = {str: "TEXT", int: "N", float: "X"}


def config_of(args: argparse.Namespace, **defaults: Any) -> ShowConfig:
    """File and options to one checked config; `defaults` replace the class's own."""
    given = {name: getattr(args, name, None) for name in _BY_NAME}
    for name in _LISTED:
        listed = given[name]
        if listed is not None:
            given[name] = tuple(listed)
    return load(args.config, given, defaults)


def add_show(parser: argparse.ArgumentParser) -> None:
    """Every setting, and where its counts go: what `live` and `doctor` are told."""
    add_settings(parser, *_BY_NAME)
    parser.add_argument(
        "--summary", type=Path, metavar="FILE", help="write what was counted, as JSON"
    )


def plan_of(parser: argparse.ArgumentParser, argv: list[str]) -> tuple[Plan, argparse.Namespace]:
    """The show that a command line asks for; after -- are the visualizer's options."""
    at = argv.index("--") if "--" in argv else len(argv)
    args = parser.parse_args(argv[:at])
    return Plan(config_of(args), argv[at + 1 :], args.summary, args.config), args
