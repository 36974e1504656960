"""A sample as JSON and back, value by value; what comes back is checked, for files come from strangers.

Arrays are base64 of little-endian float32 with their shape and SHA-256. Surprises are plain numbers,
rounded to 1e-4 bits. Everything else is what the dataclasses hold.
"""

import base64
import binascii
import hashlib
import math
from collections.abc import Iterable
from copy import deepcopy
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.errors import ExportError, SettingError
from chargen.model.recipes import MAXIMUM_LENGTH, long_texts, with_texts
from chargen.model.state import HiddenState
from chargen.sampling.decoding import Decoding
from chargen.sampling.sample import Sample
from chargen.sampling.seeds import state_fingerprint
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.state_changes import MAXIMUM_CHANGES, MAXIMUM_RECIPES, Change, StateChanges
from chargen.sampling.steering import Steering

MAXIMUM_TEXT = 10_000_000
MAXIMUM_ITEMS = 100_000
MAXIMUM_WORD = 100_000


def array_to_json(array: NDArray[np.float32]) -> dict[str, Any]:
    """An array by value."""
    data = array.astype("<f4").tobytes()
    return {
        "dtype": "float32",
        "shape": list(array.shape),
        "base64": base64.b64encode(data).decode("ascii"),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def state_to_json(state: HiddenState) -> dict[str, Any]:
    """A hidden state by value, with its recipe."""
    return {
        "cell": state.cell,
        "h": array_to_json(state.h),
        "c": None if state.c is None else array_to_json(state.c),
        "recipe": dict(state.recipe),
        "fingerprint": state.fingerprint,
        "name": state.name,
        "note": state.note,
        "values_sha256": state_fingerprint(state),
    }


def state_changes_to_json(changes: Iterable[Change]) -> dict[str, Any]:
    """Changes of the hidden state: ``places`` are [position, number in ``states``], each state is there once.

    The long texts of their recipes are ``texts``, each once, too; ``long`` of a state is [place in the recipe, number].
    """
    known, states = StateChanges(changes), []
    texts: dict[str, int] = {}
    for state in known.states:
        recipe, found = long_texts(state.recipe)
        long = [[list(place), texts.setdefault(text, len(texts))] for place, text in found]
        states.append(state_to_json(state) | {"recipe": recipe, "long": long})
    return {"places": known.places(), "states": states, "texts": list(texts)}


def sample_to_json(sample: Sample) -> dict[str, Any]:
    """A sample with its whole provenance as plain JSON values."""
    return {
        "text": sample.text,
        "settings": sample.settings.to_json(),
        "temperature_changes": [list(change) for change in sample.temperature_changes],
        "steering_changes": [list(change) for change in sample.steering_changes],
        "state_changes": state_changes_to_json(sample.state_changes),
        "after": sample.after,
        "opening": sample.opening,
        "model_fingerprint": sample.model_fingerprint,
        "engine": dict(sample.engine),
        "versions": dict(sample.versions),
        "seed_state": state_to_json(sample.seed_state),
        "surprises": [round(float(value), 4) for value in sample.surprises],
        "notices": list(sample.notices),
        "edited": sample.edited,
        "by_hand": sample.by_hand,
        "text_sha256": hashlib.sha256(sample.text.encode("utf-8", "surrogatepass")).hexdigest(),
    }


class _DamagedError(ValueError):
    """A value is not what it should be; turned into a sentence at the door."""


def _require(condition: bool) -> None:
    if not condition:
        raise _DamagedError


def _word(value: Any, limit: int = MAXIMUM_WORD) -> str:
    _require(isinstance(value, str) and len(value) <= limit)
    return str(value)


def _finite(value: Any) -> Any:
    """JSON without infinities, which ``1e999`` is read as and which no export could write again."""
    if isinstance(value, float):
        _require(math.isfinite(value))
    for entry in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _finite(entry)
    return value


def _words(value: Any) -> dict[str, Any]:
    """A small flat object of strings and numbers."""
    _require(isinstance(value, dict) and len(value) <= 64)
    for key, entry in value.items():
        _require(len(key) <= 200 and isinstance(entry, str | int | float) and len(str(entry)) <= 1000)
    return dict(_finite(value))


def _array(value: Any) -> NDArray[np.float32]:
    _require(isinstance(value, dict) and value["dtype"] == "float32")
    shape, data = value["shape"], base64.b64decode(_word(value["base64"], 2**30), validate=True)
    _require(isinstance(shape, list) and len(shape) == 3 and all(type(n) is int and 1 <= n <= 2**20 for n in shape))
    _require(math.prod(shape) * 4 == len(data) and hashlib.sha256(data).hexdigest() == value["sha256"])
    return np.frombuffer(data, "<f4").reshape(shape).astype(np.float32)


def _state(value: Any) -> HiddenState:
    _require(isinstance(value, dict) and value["cell"] in ("lstm", "gru", "rnn") and isinstance(value["recipe"], dict))
    c = None if value["c"] is None else _array(value["c"])
    words = [_word(value[key]) for key in ("fingerprint", "name", "note")]
    return HiddenState(value["cell"], _array(value["h"]), c, MappingProxyType(_finite(value["recipe"])), *words)


def _changed_state(value: Any, texts: list[str], like: HiddenState) -> HiddenState:
    """One of the states of :func:`state_changes_to_json`, of the kind and size of the seed state."""
    _require(isinstance(value, dict) and isinstance(value["long"], list) and isinstance(value["recipe"], dict))
    found = []
    for place, number in value["long"]:
        _require(isinstance(place, list) and type(number) is int and 0 <= number < len(texts))
        found.append((tuple(place), texts[number]))
    _require(sum(len(text) for _place, text in found) <= MAXIMUM_LENGTH)
    state = _state(value | {"recipe": with_texts(deepcopy(value["recipe"]), found)})
    _require(state.cell == like.cell and state.h.shape == like.h.shape)
    return state


def _edited(value: dict[str, Any], text: str) -> bool:
    """Whether the text was changed by hand, before it was exported or in the export itself."""
    edited, digest = value.get("edited", False), value.get("text_sha256")  # neither was in older exports
    _require(isinstance(edited, bool))
    changed = digest is not None and digest != hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return edited or changed


def _by_hand(value: Any, length: int) -> int:
    """How many characters at the beginning a person set; a draft's file holds the text apart."""
    _require(type(value) is int and 0 <= value <= (length or MAXIMUM_TEXT))
    return int(value)


def changes_from_json(value: Any, length: int) -> tuple[tuple[int, float], ...]:
    """Changes of temperature in a text of ``length``. Raises ValueError, SettingError."""
    _require(isinstance(value, list) and len(value) <= MAXIMUM_ITEMS)
    changes = []
    for change in value:
        _require(isinstance(change, list) and len(change) == 2 and type(change[0]) is int)
        changes.append((change[0], Decoding(temperature=change[1]).temperature))
    positions = [position for position, _ in changes]
    _require(positions == sorted(set(positions)) and all(0 <= position <= length for position in positions))
    return tuple(changes)


def steering_changes_from_json(value: Any, length: int) -> tuple[tuple[int, str], ...]:
    """Changes of steering in a text of ``length``; older exports have none. Raises ValueError, SettingError."""
    if value is None:
        return ()
    _require(isinstance(value, list) and len(value) <= MAXIMUM_ITEMS)
    changes = []
    for change in value:
        _require(isinstance(change, list) and len(change) == 2 and type(change[0]) is int)
        changes.append((change[0], str(Steering.parse(change[1]))))
    positions = [position for position, _ in changes]
    _require(positions == sorted(set(positions)) and all(0 <= position <= length for position in positions))
    return tuple(changes)


def state_changes_from_json(value: Any, length: int, seed_state: HiddenState) -> tuple[Change, ...]:
    """Changes of the hidden state in a text of ``length``; older files have none.

    Raises ValueError, KeyError, TypeError, IndexError, StateError.
    """
    if value is None:
        return ()
    places, texts = value["places"], value["texts"]
    for each in (places, texts, value["states"]):
        _require(isinstance(each, list) and len(each) <= MAXIMUM_CHANGES)
    texts = [_word(text, MAXIMUM_LENGTH) for text in texts]
    work = sum(len(texts[number]) for state in value["states"] for _place, number in state["long"])
    _require(work <= MAXIMUM_RECIPES)  # many may name the same long text
    states = [_changed_state(state, texts, seed_state) for state in value["states"]]
    changes: list[Change] = []
    for place in places:
        _require(isinstance(place, list) and len(place) == 2 and all(type(number) is int for number in place))
        position, number = place
        _require(0 <= position <= length and 0 <= number < len(states))
        _require(not changes or position > changes[-1][0])
        changes.append((position, states[number]))
    _require({number for _position, number in places} == set(range(len(states))))
    try:
        return tuple(StateChanges(changes).changes)
    except SettingError:
        raise _DamagedError from None  # more of them than can be written


def _surprises(value: Any, length: int) -> NDArray[np.float32]:
    _require(isinstance(value, list) and len(value) == length)
    _require(all(isinstance(number, int | float) and 0 <= number < 1e30 for number in value))
    surprises = np.array(value, np.float32)
    surprises.flags.writeable = False
    return surprises


def state_from_json(value: Any, what: str) -> HiddenState:
    """A state by value from a stranger's JSON. Raises ExportError, StateError."""
    try:
        return _state(value)
    except (_DamagedError, KeyError, TypeError, ValueError, OverflowError, binascii.Error):
        raise ExportError(f"The state in “{what}” is damaged.") from None


def sample_from_json(value: Any, what: str) -> Sample:
    """A sample from a stranger's JSON; ``what`` names the source in errors.

    Raises:
        ExportError: something is missing or wrong. SettingError, StateError: a setting or the state is unusable.
    """
    try:
        _require(isinstance(value, dict))
        text = _word(value["text"], MAXIMUM_TEXT)
        notices = value["notices"]
        _require(isinstance(notices, list) and len(notices) <= 1000)
        settings = SamplingSettings.from_json(value["settings"])
        _require(settings.random_seed is not None and len(text) <= settings.length)
        seed_state = _state(value["seed_state"])
        return Sample(
            text=text,
            settings=settings,
            seed_state=seed_state,
            model_fingerprint=_word(value["model_fingerprint"], 200),
            engine=_words(value["engine"]),
            versions={key: _word(entry) for key, entry in _words(value["versions"]).items()},
            temperature_changes=changes_from_json(value["temperature_changes"], len(text)),
            steering_changes=steering_changes_from_json(value.get("steering_changes"), len(text)),
            state_changes=state_changes_from_json(value.get("state_changes"), len(text), seed_state),
            surprises=_surprises(value["surprises"], len(text)),
            after=_word(value["after"], MAXIMUM_TEXT),
            opening=_word(value["opening"], 1),
            notices=tuple(_word(notice) for notice in notices),
            edited=_edited(value, text),
            by_hand=_by_hand(value.get("by_hand", 0), len(text)),
        )
    except (_DamagedError, KeyError, IndexError, TypeError, ValueError, OverflowError, binascii.Error):
        raise ExportError(f"“{what}” is not a chargen export, or is damaged.") from None
