"""Settings by name on the command line: used, saved, listed, renamed, deleted."""

import argparse
from typing import Any

from chargen.cli.output import note, print_event, write
from chargen.settings import OPTIONS


def add_flags(named: Any) -> None:
    """The flags that put the saved settings in order."""
    named.add_argument(
        "--rename-settings", nargs=2, metavar=("NAME", "NEW"),
        help="Give settings of yours another name, and write nothing.",
    )  # fmt: skip
    named.add_argument("--delete-settings", metavar="NAME", help="Delete settings of yours, and write nothing.")


def kept_in_order(arguments: argparse.Namespace) -> bool:
    """Rename, delete and list what is saved, where that is asked for; whether it was, so that nothing is written."""
    if arguments.rename_settings is not None:
        from chargen.sampling.presets import rename_preset

        name, new = arguments.rename_settings
        note(f"“{name}” is now called “{rename_preset(name, new).name}”.")
    if arguments.delete_settings is not None:
        from chargen.sampling.presets import delete_preset

        delete_preset(arguments.delete_settings)
        note(f"“{arguments.delete_settings}” is deleted.")
    if arguments.list_settings:
        show(arguments)
    return arguments.list_settings or arguments.rename_settings is not None or arguments.delete_settings is not None


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


def show(arguments: argparse.Namespace) -> None:
    """All settings that have a name, on stdout."""
    from chargen.sampling.presets import presets

    for each in presets():
        if arguments.json:
            print_event("settings", {"name": each.name, "built_in": each.built_in, **each.rules})
        else:
            words = (OPTIONS[name].flag + ("" if value is True else f" {value}") for name, value in each.rules.items())
            write(f"{each.name}{'' if each.built_in else ' (yours)'}: {' '.join(words) or 'the defaults'}\n")
