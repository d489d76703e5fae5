"""`posejockey doctor`: is this machine ready? Give it the options of the show that is planned."""

import argparse

from live.cli.options import add_show, plan_of
from live.console import say
from live.show.doctor import FAIL, OK, examine


def main(argv: list[str]) -> int:
    """0 if the show will run, 1 if something must be mended first."""
    parser = argparse.ArgumentParser(
        prog="posejockey doctor",
        description=__doc__,
        epilog="Takes every option of `posejockey live`, what follows -- among them.",
    )
    add_show(parser)
    parser.add_argument("--quiet", action="store_true", help=argparse.SUPPRESS)  # as in live
    plan, _ = plan_of(parser, argv)
    failed = 0
    for finding in examine(plan):
        say(f"{finding.level:<4}  {finding.topic:<9}  {finding.text}")
        if finding.level != OK and finding.remedy:
            say(f"{'':<17}-> {finding.remedy}")
        failed += finding.level == FAIL
    say("ready" if not failed else f"{failed} to mend before the show")
    return 1 if failed else 0
