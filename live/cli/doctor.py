"""`posejockey doctor`: is this machine ready? Give it the options of the show that is planned."""

import argparse
from collections import Counter

from live.cli.options import add_show, plan_of
from live.console import say
from live.show.doctor import FAIL, OK, WARN, examine


def main(argv: list[str]) -> int:
    """0 if the show will start, 1 if something must be mended first."""
    parser = argparse.ArgumentParser(
        prog="posejockey doctor",
        description=__doc__,
        epilog="Takes every option of `posejockey live`, what follows -- among them.",
    )
    add_show(parser)
    parser.add_argument("--quiet", action="store_true", help=argparse.SUPPRESS)  # as in live
    plan, _ = plan_of(parser, argv)
    levels = Counter()
    for finding in examine(plan):
        say(f"{finding.level:<4}  {finding.topic:<9}  {finding.text}")
        if finding.level != OK and finding.remedy:
            say(f"{'':<17}-> {finding.remedy}")
        levels[finding.level] += 1
    say(_conclusion(levels[FAIL], levels[WARN]))
    return 1 if levels[FAIL] else 0


def _conclusion(failures: int, warnings: int) -> str:
    if failures:
        return f"{failures} to mend before the show"
    if warnings:
        return "ready, but mend what is marked warn: the show starts, and something is missing"
    return "ready"
