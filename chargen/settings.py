"""One table of options: default, range, help. It feeds the window, the command line and the documents.

A *group* says where an option belongs (``corpus``, ``model``, ``training``, ``sampling``); its name is
the field of the dataclass that carries it and, with dashes, the flag of the command line.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chargen.errors import SettingError


@dataclass(frozen=True)
class Option:
    """One setting that a user can change.

    Attributes:
        name: the identifier, ``learning_rate``; the flag is ``--learning-rate``.
        group: where it belongs.
        kind: ``int``, ``float``, ``str``, ``bool`` or ``choice``.
        default: the value where the user says nothing; None means "chosen for you".
        minimum, maximum: inclusive range of numbers.
        choices: the allowed words of a choice.
        label: what the window calls it.
        unit: shown inside the field.
        placeholder: what stands for a text in the help of the command line.
        help: one plain sentence.
    """

    name: str
    group: str
    kind: str
    default: Any
    label: str
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    placeholder: str = ""

    @property
    def flag(self) -> str:
        """The option as typed on the command line."""
        return "--" + self.name.replace("_", "-")

    def check(self, value: Any) -> Any:
        """Return ``value`` as the option's type.

        Raises:
            SettingError: wrong type, NaN, infinite, out of range or not among the choices.
        """
        if value is None:
            if self.default is None:
                return None
            default = "to leave it empty" if self.default == "" else self.default
            raise SettingError(f"{self.label} needs a value; the default is {default}.")
        if self.kind == "choice":
            if not isinstance(value, str) or value not in self.choices:
                raise SettingError(f"{self.label} must be one of {', '.join(self.choices)}, not “{_shown(value)}”.")
            return value
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise SettingError(f"{self.label} is either on or off, not “{_shown(value)}”.")
            return value
        if self.kind == "str":
            if not isinstance(value, str):
                raise SettingError(f"{self.label} must be text, not “{_shown(value)}”.")
            return value
        return self._check_number(value)

    def _check_number(self, value: Any) -> int | float:
        word = "a whole number" if self.kind == "int" else "a number"
        try:
            if isinstance(value, bool | bytes | bytearray):
                raise ValueError
            number: int | float = int(value) if self.kind == "int" else float(value)
            if self.kind == "int" and not isinstance(value, str) and value != number:
                raise ValueError  # 2.5, or bytes
        except (TypeError, ValueError, OverflowError):
            raise SettingError(f"{self.label} must be {word}, not “{_shown(value)}”.") from None
        if isinstance(number, float) and not math.isfinite(number):
            raise SettingError(f"{self.label} must be finite, not “{_shown(value)}”.")
        low, high = self.minimum, self.maximum
        if (low is not None and number < low) or (high is not None and number > high):
            if low is not None and high is not None:
                bounds = f"between {_readable(low)} and {_readable(high)}"
            else:
                bounds = f"at least {_readable(low)}" if low is not None else f"at most {_readable(high)}"
            raise SettingError(f"{self.label} must be {bounds}, not “{_shown(value)}”.")
        return number


def _readable(number: float | None) -> str:
    """A bound as people write it: 1,000,000 rather than 1e+06."""
    return f"{number:,.10g}" if isinstance(number, float) else f"{number:,}"


def _shown(value: Any) -> str:
    """A wrong value, short enough and on one line, for a sentence about it."""
    try:
        text = " ".join(str(value).split())
    except ValueError:  # Python does not print whole numbers of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 60 else text[:59] + "…"


# Seeds travel through JSON, JavaScript readers and C++ generators: 53 bits are safe in all of them.
SEED_MAXIMUM = 2**53 - 1
MINUTES_MAXIMUM = 31 * 24 * 60  # a month

_TABLE = (
    # corpus
    Option(
        "encoding",
        "corpus",
        "str",
        None,
        "Encoding",
        "The text's encoding, where the guess is wrong (utf-8, cp1252, …).",
    ),
    Option("as_text", "corpus", "bool", False, "Read as text", "Read a file that looks binary as text all the same."),
    Option(
        "newlines",
        "corpus",
        "choice",
        "normalise",
        "Newlines",
        "Turn every kind of line ending into one, or keep them as they are.",
        choices=("normalise", "keep"),
    ),
    Option(
        "validation",
        "corpus",
        "float",
        0.1,
        "Validation share",
        "The last part of the text, kept aside to test what was learned.",
        0.0,
        0.5,
    ),
    # model
    Option(
        "cell",
        "model",
        "choice",
        "lstm",
        "Cell",
        "The kind of recurrent cell: LSTM learns best, GRU is smaller, RNN is the plain one.",
        choices=("lstm", "gru", "rnn"),
    ),
    Option("layers", "model", "int", None, "Layers", "How many recurrent layers are stacked.", 1, 8),
    Option("hidden", "model", "int", None, "Hidden units", "How many units each layer remembers with.", 1, 8192),
    Option(
        "embedding",
        "model",
        "int",
        None,
        "Embedding",
        "How many numbers stand for one character at the input.",
        1,
        4096,
    ),
    Option(
        "initial_state",
        "model",
        "choice",
        "zeros",
        "Initial state",
        "What a sequence starts from in training: zeros, or a state that is learned with the rest.",
        choices=("zeros", "learned"),
    ),
    # training
    Option(
        "minutes",
        "training",
        "float",
        None,
        "Minutes",
        "How long to train, by the clock.",
        0.01,
        MINUTES_MAXIMUM,
        unit="min",
    ),
    Option("epochs", "training", "float", None, "Epochs", "How many times to go through the text.", 0.001, 1_000_000),
    Option("steps", "training", "int", None, "Steps", "How many updates to make.", 1, 1_000_000_000),
    Option(
        "preset",
        "training",
        "choice",
        "balanced",
        "Preset",
        "A size and a time that suit the text: a first look, a good model, or the best one.",
        choices=("quick", "balanced", "best"),
    ),
    Option(
        "streams",
        "training",
        "int",
        None,
        "Streams",
        "How many places of the text are read side by side (the batch).",
        1,
        65536,
    ),
    Option(
        "unroll", "training", "int", None, "Unroll length", "How many characters the gradient reaches back.", 2, 8192
    ),
    Option(
        "dropout",
        "training",
        "float",
        None,
        "Dropout",
        "The share of units silenced at random while learning.",
        0.0,
        0.95,
    ),
    Option(
        "learning_rate", "training", "float", None, "Learning rate", "How big a step each update takes.", 1e-7, 10.0
    ),
    Option(
        "clip",
        "training",
        "float",
        1.0,
        "Gradient limit",
        "The largest gradient let through; 0 switches the limit off.",
        0.0,
        1e6,
    ),
    Option(
        "clip_kind",
        "training",
        "choice",
        "norm",
        "Limit kind",
        "Limit the length of the whole gradient, or each of its numbers.",
        choices=("norm", "elementwise"),
    ),
    Option(
        "optimizer",
        "training",
        "choice",
        "muon",
        "Optimizer",
        "Muon learns all directions of a hidden matrix at one pace, in half the readings; AdamW each number by itself.",
        choices=("muon", "adamw"),
    ),
    Option(
        "patience",
        "training",
        "int",
        4,
        "Patience",
        "End when the text kept aside was predicted worse so many times in a row; 0 goes on in any case.",
        0,
        1_000_000,
    ),
    Option(
        "seed",
        "training",
        "int",
        1,
        "Random seed",
        "The same seed on the same machine gives the same model.",
        0,
        SEED_MAXIMUM,
    ),
    Option(
        "device",
        "training",
        "choice",
        "auto",
        "Device",
        "Where to compute; auto takes the best there is.",
        choices=("auto", "cpu", "cuda", "mps", "xpu"),
    ),
    Option(
        "precision",
        "training",
        "choice",
        "auto",
        "Precision",
        "The number type of the products; auto measures which is faster.",
        choices=("auto", "float32", "bfloat16"),
    ),
    Option("threads", "training", "int", None, "Threads", "How many processor threads to use.", 1, 1024),
    # sampling
    Option(
        "length", "sampling", "int", 1000, "Length", "How many characters to write.", 1, 10_000_000, unit="characters"
    ),
    Option(
        "temperature",
        "sampling",
        "float",
        0.8,
        "Temperature",
        "Low is careful, high is wild; 0 always takes the likeliest character.",
        0.0,
        10.0,
    ),
    Option(
        "temperature_curve",
        "sampling",
        "str",
        "",
        "Temperature curve",
        "Change the temperature along the text: characters, or shares of the length, each with its temperature.",
        placeholder="0:0.4,500:1.0|0%:0.4,100%:1",
    ),
    Option(
        "top_k", "sampling", "int", 0, "Top k", "Choose among the k likeliest characters only; 0 is off.", 0, 1_114_112
    ),
    Option(
        "typical",
        "sampling",
        "float",
        1.0,
        "Typical",
        "Choose among the characters that are about as surprising as is usual here, up to this probability; 1 is off.",
        0.0,
        1.0,
    ),
    Option(
        "top_p",
        "sampling",
        "float",
        1.0,
        "Top p",
        "Choose among the likeliest characters that together reach this probability; 1 is off.",
        0.0,
        1.0,
    ),
    Option(
        "min_p",
        "sampling",
        "float",
        0.0,
        "Min p",
        "Leave out characters less likely than this share of the likeliest; 0 is off.",
        0.0,
        1.0,
    ),
    Option(
        "repetition_penalty",
        "sampling",
        "float",
        1.0,
        "Repetition penalty",
        "Make characters of the last lines less likely to come again; 1 is off.",
        0.1,
        10.0,
    ),
    Option(
        "loop_breaker",
        "sampling",
        "bool",
        False,
        "Loop breaker",
        "When the text repeats itself word for word, make going on with it less and less likely until it stops.",
    ),
    Option(
        "ban",
        "sampling",
        "str",
        "",
        "Banned characters",
        "Characters that must never be written.",
        placeholder="CHARS",
    ),
    Option(
        "beam",
        "sampling",
        "int",
        0,
        "Beam search",
        "Look for the likeliest text of all instead of drawing, following this many beginnings at a time; 0 is off.",
        0,
        256,
    ),
    Option(
        "beam_per_character",
        "sampling",
        "bool",
        False,
        "Beam per character",
        "Let texts that a stop text ends early win the search by their likelihood per character, not in all.",
    ),
    Option(
        "random_seed",
        "sampling",
        "int",
        None,
        "Random seed",
        "The same seed gives the same text; a fresh one is drawn where none is given.",
        0,
        SEED_MAXIMUM,
    ),
    Option(
        "steer",
        "sampling",
        "str",
        "",
        "Steering",
        "Hold (1.3=0.9), shift (1.3+0.5) or scale (1.3*0) unit 3 of layer 1 while writing; * is every unit, c1.3 the "
        "cell part, and @100-200 the characters at which it is in force.",
    ),
    Option("count", "sampling", "int", 1, "Count", "How many samples to write, with consecutive seeds; they are written together, which is faster.", 1, 10_000),
    Option(
        "unknown",
        "sampling",
        "choice",
        "refuse",
        "Unknown characters",
        "What to do with characters the model never saw: refuse the text, drop them, or replace them.",
        choices=("refuse", "drop", "replace"),
    ),
)

OPTIONS: dict[str, Option] = {option.name: option for option in _TABLE}


def option(name: str) -> Option:
    """The option of that name; a KeyError is a programming error."""
    return OPTIONS[name]


def group(name: str) -> list[Option]:
    """All options of a group, in the order of the table."""
    return [entry for entry in _TABLE if entry.group == name]


def check_all(values: dict[str, Any], names: Iterable[str] | None = None) -> dict[str, Any]:
    """Check several values by name; returns them converted. Raises SettingError at the first that is wrong."""
    return {name: OPTIONS[name].check(values[name]) for name in (values if names is None else names)}
