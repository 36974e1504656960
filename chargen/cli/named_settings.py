"""Settings by name on the command line: used, saved, listed."""

import argparse
from typing import Any

from chargen.cli.output import note, print_event, write
from chargen.settings import OPTIONS


def by_name(arguments: argparse.Namespace, chosen: dict[str, Any]) -> dict[str, Any]:
    """What was chosen, over the settings that were named; saved under a name where that was asked for."""
    if arguments.settings is None and arguments.save_settings is None:
        return chosen
    from chargen.sampling.presets import preset, save_preset
    from chargen.sampling.settings import RULES, SamplingSettings

    if arguments.settings is not None:
        chosen = {**preset(arguments.settings).rules, **chosen}
    if arguments.save_settings is not None:
        rules = {name: value for name, value in chosen.items() if name in RULES}
        note(f"Saved as “{save_preset(arguments.save_settings, SamplingSettings(**rules)).name}”.")
    return chosen


def show(arguments: argparse.Namespace) -> int:
    """All settings that have a name, on stdout."""
    from chargen.sampling.presets import presets

    for each in presets():
        if arguments.json:
            print_event("settings", {"name": each.name, "built_in": each.built_in, **each.rules})
        else:
            words = (OPTIONS[name].flag + ("" if value is True else f" {value}") for name, value in each.rules.items())
            write(f"{each.name}{'' if each.built_in else ' (yours)'}: {' '.join(words) or 'the defaults'}\n")
    return 0
