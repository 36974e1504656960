"""From the table of options to flags, and from flags to checked values."""

import argparse
import difflib
from typing import Any, NoReturn

from chargen.errors import ChargenError, SettingError
from chargen.settings import OPTIONS, Option

_CHOSEN = {
    "encoding": "guessed",
    "random_seed": "a fresh one, which is shown",
    "minutes": "the preset's",
    "epochs": "not limited",
    "steps": "not limited",
    "threads": "the physical cores",
    "window": "the whole text",
    "ban": "none",
    "temperature_curve": "one temperature",
}
"""What stands in the help for a default of None; elsewhere the program sizes it to the text."""


class UsageError(ChargenError):
    """A command was not written as it can be understood."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence, raised and not printed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Abbreviations would break scripts the day another option with the same beginning arrives.
        super().__init__(*args, **{**kwargs, "allow_abbrev": False, "add_help": False})
        self.add_argument("-h", "--help", action="help", help="Show this help.")
        # A command's parser overwrites this with itself: errors found later speak for the right one.
        self.set_defaults(parser=self)

    def error(self, message: str) -> NoReturn:
        raise UsageError(self._sentence(message))

    def _flags(self) -> list[str]:
        return [flag for action in self._actions for flag in action.option_strings if flag.startswith("--")]

    def _sentence(self, message: str) -> str:
        """Argparse's words as a sentence that says what to do."""
        see = f"see {self.prog} --help"
        if message.startswith("argument ") and ": " in message:
            what, problem = message.removeprefix("argument ").split(": ", 1)
            what = what.split("/")[-1]
            if problem.startswith("expected"):
                return f"{what} needs a value (write {what}=VALUE where it starts with a dash); {see}."
            if problem.startswith("not allowed with argument"):
                return f"{what} and {problem.split()[-1].split('/')[-1]} exclude each other; give one of them."
            if problem.startswith("ignored explicit argument"):
                return f"{what} takes no value; {see}."
            if problem.startswith("invalid choice"):
                return f"There is no “{problem.split(chr(39))[1]}” among the commands of {self.prog}; {see}."
        if message.startswith("the following arguments are required: "):
            return f"{self.prog} needs {message.split(': ', 1)[1].replace(', ', ' and ')}; {see}."
        return f"{message[:1].upper()}{message[1:]}; {see}."

    def commands(self) -> list[str]:
        """The names of the commands below this one."""
        return [
            name
            for action in self._actions
            if isinstance(action, argparse._SubParsersAction)
            for name in action.choices
        ]

    def unknown(self, word: str) -> str:
        """The sentence for a word that this command does not understand."""
        if not word.startswith("-"):
            return f"{self.prog} does not know what to do with “{word}”; see {self.prog} --help."
        word = word.split("=")[0]
        close = difflib.get_close_matches(word, self._flags(), 1)
        hint = f"did you mean {close[0]}?" if close else f"see {self.prog} --help."
        return f"{self.prog} has no option {word}; {hint}"


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """A little wider for the flags, so that most of them share a line with their sentence."""

    def __init__(self, prog: str, **kwargs: Any) -> None:
        kwargs.setdefault("max_help_position", 28)
        super().__init__(prog, **kwargs)


def default_words(option: Option) -> str:
    """The default as it stands in the help."""
    if option.default is None or option.default == "":
        return _CHOSEN.get(option.name, "sized to the text")
    return f"{option.default:g}" if option.kind == "float" else str(option.default)


def range_words(option: Option) -> str:
    """The range as it stands in the help, or nothing."""
    if option.minimum is None or option.maximum is None:
        return ""
    if option.kind == "int":  # in full: a seed's bound is no power of ten
        return f"{int(option.minimum):,} to {int(option.maximum):,}, "
    return f"{option.minimum:,g} to {option.maximum:,g}, "


def _metavar(option: Option) -> str:
    if option.kind == "choice":
        return "|".join(option.choices)
    if option.placeholder:
        return option.placeholder
    return {"int": "N", "float": "X", "str": "NAME"}[option.kind]


def _option(which: str | Option) -> Option:
    return OPTIONS[which] if isinstance(which, str) else which


def add_option(container: Any, which: str | Option, *, flag: str | None = None) -> None:
    """Add the flag of one option, of the table (by name) or of a single command; ``flag`` gives it another name.

    Where it is not given, its value is None. Values stay strings until :func:`given`, so that the
    option alone judges them, in its own words.
    """
    option = _option(which)
    flag = flag or option.flag
    if option.kind == "bool":
        container.add_argument(flag, dest=option.name, action="store_const", const=True, default=None, help=option.help)
        return
    words = f"{option.help} ({range_words(option)}default: {default_words(option)})"
    container.add_argument(
        flag, dest=option.name, metavar=_metavar(option), default=None, help=words.replace("%", "%%")
    )


def add_options(container: Any, *which: str | Option) -> None:
    """Add several flags; see :func:`add_option`."""
    for each in which:
        add_option(container, each)


def given(arguments: argparse.Namespace, *which: str | Option) -> dict[str, Any]:
    """Those of the options that the user gave, by name, checked. Raises SettingError."""
    checked = {}
    for option in map(_option, which):
        text = getattr(arguments, option.name)
        if text is not None:
            try:
                checked[option.name] = option.check(text)
            except OverflowError:  # a whole number of hundreds of digits
                raise SettingError(f"{option.label} is far too large.") from None
    return checked


def values(arguments: argparse.Namespace, *which: str | Option) -> dict[str, Any]:
    """All of the options by name, checked, with the defaults of those not given. Raises SettingError."""
    return {option.name: option.default for option in map(_option, which)} | given(arguments, *which)
