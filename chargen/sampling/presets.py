"""Settings of writing under a name: a few that come with the program, and the user's own.

What is saved are the rules of choice (:data:`~chargen.sampling.settings.RULES`), those that differ from their
defaults: not the prompt, not the length, not the random seed. The user's own lie in one JSON file in the folder of
the settings. A damaged file is never written over.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chargen.errors import ChargenError, FileError, SettingError
from chargen.files import ensure_folder, read_json, write_json
from chargen.paths import settings_file
from chargen.sampling.settings import RULES, SamplingSettings

FORMAT = 1
MAXIMUM_PRESETS = 500
MAXIMUM_NAME = 60
_LIMIT = 2**22

_DEFAULTS = MappingProxyType({field.name: field.default for field in fields(SamplingSettings) if field.name in RULES})


@dataclass(frozen=True)
class Preset:
    """Rules of choice under a name.

    Attributes:
        rules: field of :class:`SamplingSettings` → value, only what differs from the defaults.
        built_in: whether it came with the program.
    """

    name: str
    rules: MappingProxyType[str, Any]
    built_in: bool = False


def _preset(name: str, built_in: bool = False, **rules: Any) -> Preset:
    checked = {rule: getattr(SamplingSettings(**rules), rule) for rule in RULES if rule in rules}
    return Preset(
        name, MappingProxyType({rule: value for rule, value in checked.items() if value != _DEFAULTS[rule]}), built_in
    )


BUILT_IN = (
    _preset("Careful", True, temperature=0.4, min_p=0.05, loop_breaker=True),
    _preset("Balanced", True, temperature=0.7, min_p=0.02),
    _preset("Wild", True, temperature=1.2, min_p=0.02),
    _preset("Rising", True, temperature_curve="0%:0.4,100%:1.1", min_p=0.02),
)


def presets_file() -> Path:
    """Where the user's own lie."""
    return settings_file().with_name("writing-presets.json")


def presets() -> list[Preset]:
    """The built-in ones, then the user's own by name. Raises FileError where their file is damaged."""
    own = _load()
    return [*BUILT_IN, *(own[name] for name in sorted(own, key=str.casefold))]


def preset(name: str) -> Preset:
    """The one of that name, however its letters are cased. Raises SettingError, which names those there are."""
    known = presets()
    for each in known:
        if each.name.casefold() == name.strip().casefold():
            return each
    names = ", ".join(each.name for each in known[:12]) + (", …" if len(known) > 12 else "")
    raise SettingError(f"There are no saved settings “{_short(name)}”; there are {names}.")


def save_preset(name: str, settings: SamplingSettings) -> Preset:
    """Keep the rules of ``settings`` under ``name``, in place of the user's own of that name.

    Raises:
        SettingError: the name is empty, too long, not printable or a built-in one's. FileError: it cannot be kept.
    """
    name = _checked_name(name)
    own = _load()
    for old in [each for each in own if each.casefold() == name.casefold()]:
        del own[old]
    if len(own) >= MAXIMUM_PRESETS:
        raise SettingError(f"No more than {MAXIMUM_PRESETS} settings can be saved; delete some first.")
    own[name] = _preset(name, **{rule: getattr(settings, rule) for rule in RULES})
    _store(own)
    return own[name]


def delete_preset(name: str) -> None:
    """Forget the user's own of that name. Raises SettingError where there is none, FileError."""
    own = _load()
    del own[_found(own, name)]
    _store(own)


def rename_preset(name: str, new: str) -> Preset:
    """Give the user's own of that name another one, which nothing else has yet. Raises as :func:`save_preset`."""
    new, own = _checked_name(new), _load()
    found = _found(own, name)
    if any(each.casefold() == new.casefold() for each in own if each != found):
        raise SettingError(f"Settings are saved as “{_short(new)}” already; choose another name.")
    own[new] = replace(own.pop(found), name=new)
    _store(own)
    return own[new]


def _found(own: dict[str, Preset], name: str) -> str:
    """The name as it is written there. Raises SettingError."""
    for each in own:
        if each.casefold() == name.strip().casefold():
            return each
    raise SettingError(f"There are no settings of yours saved as “{_short(name)}”.")


def _short(name: str) -> str:
    return " ".join(name.split())[:MAXIMUM_NAME]


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > MAXIMUM_NAME or not name.isprintable():
        raise SettingError(f"A name for settings has 1 to {MAXIMUM_NAME} visible characters.")
    if any(each.name.casefold() == name.casefold() for each in BUILT_IN):
        raise SettingError(f"“{name}” comes with chargen and stays as it is; choose another name.")
    return name


def _store(own: dict[str, Preset]) -> None:
    path = presets_file()
    ensure_folder(path.parent)
    write_json(path, {"format": FORMAT, "presets": {name: dict(each.rules) for name, each in own.items()}})


def _load() -> dict[str, Preset]:
    """The user's own by name; whoever wrote the file."""
    path = presets_file()
    if not path.exists():
        return {}
    value = read_json(path, _LIMIT)
    try:
        if value["format"] > FORMAT:
            raise FileError(f"“{path}” was made by a newer chargen; update to use the settings in it.")
        stored = value["presets"]
        if len(stored) > MAXIMUM_PRESETS or not all(set(rules) <= set(RULES) for rules in stored.values()):
            raise ValueError
        return {_checked_name(name): _preset(name.strip(), **rules) for name, rules in stored.items()}
    except FileError:
        raise
    except (ChargenError, KeyError, TypeError, ValueError, AttributeError):
        raise FileError(f"The saved settings in “{path}” are damaged; mend the file or move it away.") from None
