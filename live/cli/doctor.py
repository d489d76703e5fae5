"""`posejockey doctor`: is this machine ready? Give it the options of the show that is planned."""

import argparse

from live.cli.options import add_settings, config_of
from live.show.doctor import FAIL, OK, examine


def main(argv: list[str]) -> int:
    """0 if the show will run, 1 if something must be mended first."""
    parser = argparse.ArgumentParser(prog="posejockey doctor", description=__doc__)
    add_settings(
        parser,
        "input", "model", "device", "osc", "dancers", "emission_rate", "clock", "midi_port",
        "block", "play", "visuals", "record", "control_bind", "control_allow", "control_port",
    )  # fmt: skip
    config = config_of(parser.parse_args(argv))
    failed = 0
    for finding in examine(config):
        print(f"{finding.level:<4}  {finding.topic:<9}  {finding.text}", flush=True)
        if finding.level != OK and finding.remedy:
            print(f"{'':<17}-> {finding.remedy}", flush=True)
        failed += finding.level == FAIL
    print("ready" if not failed else f"{failed} to mend before the show")
    return 1 if failed else 0
