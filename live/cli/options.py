"""The options that `live` and `perform` share: one for each setting of `ShowConfig`."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

from live.show.config import ShowConfig, load

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
        if default:
            flag, text = "--no-" + name.replace("_", "-"), f"do not {text}"
        parser.add_argument(flag, dest=name, action="store_const", const=not default, help=text)
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
