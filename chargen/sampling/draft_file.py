"""A draft as bytes, and back; what comes back is checked whole, for files may be damaged or a stranger's.

The layout is safetensors': the header's length in eight bytes, a JSON header padded to a multiple of eight,
the arrays. ``__metadata__`` holds two JSON texts: ``chargen_draft_card``, which is all that a list of drafts
needs, and ``chargen_draft``, everything else that is not long. Texts are UTF-8 (half characters pass), surprises
and states little-endian float32. What a part has before it is not stored: it is what its parents wrote.

Since format 2 the long texts of recipes (of what a state was primed with, of what was read before it was captured)
are arrays as well, each one once, whatever number of takes began with it: ``long`` of a state names their places.
Since format 3 the hidden state may be changed while a part is written; ``N.states`` is JSON, as in an export.
"""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from chargen.errors import ChargenError, FileError
from chargen.files import Data, parse_json
from chargen.model.recipes import FORGOTTEN, MAXIMUM_LENGTH, long_texts, with_texts
from chargen.model.state import HiddenState
from chargen.safetensors_header import read_header
from chargen.sampling.drafts import (
    LONGEST,
    LONGEST_NAME,
    MAXIMUM_PARTS,
    Compared,
    Draft,
    Part,
    SeedChoice,
    SeedKind,
    title,
)
from chargen.sampling.pages import own_pages
from chargen.sampling.provenance import (
    changes_from_json,
    sample_from_json,
    sample_to_json,
    state_changes_from_json,
    state_changes_to_json,
    steering_changes_from_json,
)
from chargen.sampling.sample import Sample

FORMAT = 3
MAXIMUM_BYTES = 2**28
MAXIMUM_HEADER = 16 * 2**20
MOST_BEFORE = 10 * LONGEST
"""Characters that come before all parts together: each part holds its own copy of them."""
_PIECE = 2**20  # characters encoded at a time, so that the window's thread waits for no long one
_CARD, _DRAFT = "chargen_draft_card", "chargen_draft"
Result = TypeVar("Result")
Arrays = dict[str, list[bytes | memoryview]]
"""The pieces of each array of a file."""
_NO_SURPRISES = np.zeros(0, np.float32)
_MAXIMUM_STATE = 2**22  # numbers in one part of a state
_LONGEST_LABEL = 200


@dataclass(frozen=True)
class DraftCard:
    """What a list shows of a draft. ``edited``: by hand, in part. ``writer``: the model that wrote it last.

    ``texts``: how many stand side by side in it; 0 where it is no comparison.
    """

    id: str
    title: str
    named: bool
    writer: str
    characters: int
    edited: bool
    created: float
    changed: float
    texts: int = 0


def card_of(draft: Draft) -> DraftCard:
    """The card of a draft."""
    tip = draft.parts[draft.tip] if draft.tip is not None else None
    return DraftCard(
        draft.id, title(draft), bool(draft.name), tip.writer if tip else "", draft.characters,
        draft.edited or draft.by_hand > 0, draft.created, draft.changed,
        len(draft.parts) if draft.compared is not None else 0,
    )  # fmt: skip


# -- writing -------------------------------------------------------------------------------------------


def pack(draft: Draft) -> Data:
    """The content of the draft's file, in pieces. Raises FileError where it is too long to be kept."""
    samples = [part.sample for part in draft.parts]
    if sum(len(sample.text) for sample in samples) > LONGEST or sum(len(s.after) for s in samples) > MOST_BEFORE:
        raise FileError(f"The draft “{title(draft)}” is longer than {LONGEST:,} characters and is not kept; export it.")
    arrays: Arrays = {}
    parts = [_part_to_json(f"{number}", part, arrays) for number, part in enumerate(draft.parts)]
    seed = draft.seed
    value = {
        "format": FORMAT,
        "name": draft.name,
        "parts": parts,
        "tip": draft.tip,
        "place": draft.place,
        "settings": dict(draft.settings),
        "seed": {
            "kind": seed.kind, "text": seed.text, "random_seed": seed.random_seed, "scale": seed.scale,
            "label": seed.label[:_LONGEST_LABEL], "chosen": seed.chosen,
            "held": _state_to_json("held", seed.held, arrays),
        },
    }  # fmt: skip
    if draft.writing:
        value["writing"] = True
    if draft.compared is not None:
        value["compared"] = {"change": draft.compared.change, "values": list(draft.compared.values)}
    digest, at = hashlib.sha256(), 0
    header: dict[str, Any] = {}
    for name, pieces in arrays.items():
        size = sum(map(len, pieces))
        header[name] = {"dtype": "U8", "shape": [size], "data_offsets": [at, at + size]}
        at += size
        for piece in pieces:
            digest.update(piece)
    value["sha256"] = digest.hexdigest()
    card = card_of(draft)
    told = {key: entry for key, entry in vars(card).items() if key != "id"} | {"format": FORMAT, "size": at}
    header["__metadata__"] = {_CARD: json.dumps(told, allow_nan=False), _DRAFT: json.dumps(value, allow_nan=False)}
    encoded = json.dumps(header, allow_nan=False).encode()
    encoded += b" " * (-len(encoded) % 8)
    if len(encoded) > MAXIMUM_HEADER or 8 + len(encoded) + at > MAXIMUM_BYTES:
        raise FileError(f"The draft “{title(draft)}” holds too many settings and is not kept; export it.")
    return [len(encoded).to_bytes(8, "little") + encoded, *(piece for pieces in arrays.values() for piece in pieces)]


def _bytes_of(numbers: NDArray[np.float32]) -> bytes | memoryview:
    """Little-endian, not copied where they lie so already: a draft is written down again and again."""
    return np.ascontiguousarray(numbers, "<f4").reshape(-1).view(np.uint8).data if numbers.size else b""


def _text_pieces(text: str) -> list[bytes | memoryview]:
    return [text[at : at + _PIECE].encode("utf-8", "surrogatepass") for at in range(0, len(text), _PIECE)]


def _part_to_json(name: str, part: Part, arrays: Arrays) -> dict[str, Any]:
    sample = part.sample
    arrays[f"{name}.text"] = _text_pieces(sample.text)
    arrays[f"{name}.prompt"] = _text_pieces(sample.settings.prompt)
    arrays[f"{name}.bits"] = [_bytes_of(sample.surprises)]
    if sample.state_changes:
        states = json.dumps(state_changes_to_json(sample.state_changes), allow_nan=False)
        arrays[f"{name}.states"] = _text_pieces(states)
    skeleton = replace(
        sample, text="", after="", surprises=_NO_SURPRISES, temperature_changes=(), steering_changes=(),
        state_changes=(), settings=replace(sample.settings, prompt=""), seed_state=_hollow(sample.seed_state),
    )  # fmt: skip
    return {
        "sample": sample_to_json(skeleton),
        "seed": _state_to_json(f"{name}.seed", sample.seed_state, arrays),
        "temperature_changes": [list(change) for change in sample.temperature_changes],
        "steering_changes": [list(change) for change in sample.steering_changes],
        "states": bool(sample.state_changes),
        "writer": part.writer[:200],
        "parent": part.parent,
        "at": part.at,
        "goes_on": part.goes_on,
        "state": _state_to_json(f"{name}.state", part.state, arrays),
    }


def _hollow(state: HiddenState) -> HiddenState:
    """The same state with one unit and no recipe: both are stored apart."""
    unit = np.zeros((1, 1, 1), np.float32)
    return replace(state, h=unit, c=None if state.c is None else unit, recipe=MappingProxyType(dict(FORGOTTEN)))


def _state_to_json(name: str, state: HiddenState | None, arrays: Arrays) -> dict[str, Any] | None:
    if state is None:
        return None
    for key, array in zip("hc", state.parts(), strict=False):
        arrays[f"{name}.{key}"] = [_bytes_of(array)]
    recipe, found = long_texts(state.recipe)
    return {
        "cell": state.cell, "shape": list(state.h.shape), "recipe": recipe,
        "long": [[list(path), _shelve(text, arrays)] for path, text in found],
        "fingerprint": state.fingerprint, "name": state.name, "note": state.note,
    }  # fmt: skip


def _shelve(text: str, arrays: Arrays) -> str:
    """The name of the array that holds a text of a recipe; equal texts are one."""
    name = f"recipe.{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
    if name not in arrays:
        arrays[name] = _text_pieces(text)
    return name


# -- reading -------------------------------------------------------------------------------------------


def read_card(head: bytes, size: int, id: str) -> DraftCard:
    """The card, from the head of a file of ``size`` bytes: eight bytes and the header at least.

    Raises:
        FileError: it is no draft, damaged (torn off), or of a newer version.
    """
    return _guarded(lambda: _card(head, size, id))


def unpack(data: bytes, id: str) -> Draft:
    """The draft. Raises FileError: it is no draft, damaged, or of a newer version."""
    return _guarded(lambda: _draft(data, id))


def _guarded(read: Callable[[], Result]) -> Result:
    try:
        return read()
    except _NewerError:
        raise FileError("it was made by a newer chargen") from None
    except (ChargenError, KeyError, TypeError, ValueError, OverflowError, AttributeError, IndexError):
        raise FileError("it is damaged") from None


class _NewerError(Exception):
    pass


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError("damaged")


def _metadata(head: bytes, key: str) -> dict[str, Any]:
    value = parse_json(read_header(head)["__metadata__"][key], "draft")
    _require(isinstance(value, dict) and type(value["format"]) is int)
    if value["format"] > FORMAT:
        raise _NewerError
    return dict(value)


def _card(head: bytes, size: int, id: str) -> DraftCard:
    value = _metadata(head, _CARD)
    _require(size == 8 + int.from_bytes(head[:8], "little") + _whole(value["size"], MAXIMUM_BYTES))
    _require(type(value["named"]) is bool and type(value["edited"]) is bool)
    return DraftCard(
        id, _word(value["title"], 200), value["named"], _word(value["writer"], 200),
        _whole(value["characters"], LONGEST), value["edited"], _moment(value["created"]), _moment(value["changed"]),
        _whole(value.get("texts", 0), MAXIMUM_PARTS),
    )  # fmt: skip


class _Arrays:
    """The arrays of a file, each taken exactly once, all of them taken."""

    def __init__(self, data: bytes, digest: str) -> None:
        header = read_header(data)
        body = memoryview(data)[8 + int.from_bytes(data[:8], "little") :]
        self._arrays: dict[str, memoryview] = {}
        self._recipes: dict[str, str] = {}
        at = 0
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            _require(begin == at <= end <= len(body) and entry["dtype"] == "U8" and entry["shape"] == [end - begin])
            self._arrays[name] = body[begin:end]
            at = end
        _require(at == len(body) and hashlib.sha256(body).hexdigest() == digest)

    def take(self, name: str) -> memoryview:
        return self._arrays.pop(name)

    def text(self, name: str, limit: int) -> str:
        data = self.take(name)
        _require(len(data) <= 4 * limit)
        text = str(data, "utf-8", "surrogatepass")
        _require(len(text) <= limit)
        return text

    def numbers(self, name: str) -> NDArray[np.float32]:
        data = self.take(name)
        _require(len(data) % 4 == 0)
        numbers = own_pages(len(data) // 4)
        numbers[:] = np.frombuffer(data, "<f4")
        return numbers

    def state(self, name: str, value: Any) -> HiddenState | None:
        if value is None:
            return None
        shape = value["shape"]
        _require(isinstance(shape, list) and len(shape) == 3 and all(type(n) is int and n >= 1 for n in shape))
        _require(math.prod(shape) <= _MAXIMUM_STATE and isinstance(value["recipe"], dict))
        _require(value["cell"] in ("lstm", "gru", "rnn"))
        parts = [self.numbers(f"{name}.{key}") for key in ("hc" if value["cell"] == "lstm" else "h")]
        _require(all(part.size == math.prod(shape) for part in parts))
        words = [_word(value[key], 100_000) for key in ("fingerprint", "name", "note")]
        shaped = [part.reshape(shape) for part in parts]
        recipe = MappingProxyType(with_texts(value["recipe"], self._long(value.get("long", []))))
        return HiddenState(value["cell"], shaped[0], shaped[1] if len(parts) == 2 else None, recipe, *words)

    def _long(self, value: Any) -> list[tuple[tuple[str | int, ...], str]]:
        """The texts of a recipe that are stored apart, with their places in it; absent before format 2."""
        _require(isinstance(value, list) and all(isinstance(path, list) for path, _name in value))
        for _path, name in value:
            _require(isinstance(name, str) and name.startswith("recipe."))
            if name not in self._recipes:
                self._recipes[name] = self.text(name, MAXIMUM_LENGTH)
        found = [(tuple(path), self._recipes[name]) for path, name in value]
        _require(sum(len(text) for _path, text in found) <= MAXIMUM_LENGTH)
        return found

    def done(self) -> None:
        _require(not self._arrays)


def _draft(data: bytes, id: str) -> Draft:
    card, value = _card(data, len(data), id), _metadata(data, _DRAFT)
    arrays = _Arrays(data, value["sha256"])
    _require(isinstance(value["parts"], list) and len(value["parts"]) <= MAXIMUM_PARTS)
    parts: list[Part] = []
    for number, entry in enumerate(value["parts"]):
        parts.append(_part(str(number), entry, parts, arrays))
        _require(sum(len(part.sample.text) for part in parts) <= LONGEST)
    tip, place = value["tip"], value["place"]
    _require((tip is None) == (not parts))
    tip = None if tip is None else _whole(tip, len(parts) - 1)
    _require(isinstance(value["settings"], dict))
    seed = value["seed"]
    _require(seed["kind"] in get_args(SeedKind) and type(seed["chosen"]) is bool)
    scale = float(seed["scale"])
    _require(math.isfinite(scale))
    choice = SeedChoice(
        seed["kind"], _word(seed["text"], 2**20),
        None if seed["random_seed"] is None else _whole(seed["random_seed"], 2**63), scale,
        arrays.state("held", seed["held"]), _word(seed["label"], 2_000)[:_LONGEST_LABEL], seed["chosen"],
    )  # fmt: skip
    _require(choice.kind != "held" or choice.held is not None)
    arrays.done()
    name = _word(value["name"], LONGEST_NAME)
    place = None if place is None else _whole(place, 2**63)
    compared, writing = _compared(value.get("compared"), parts), value.get("writing", False)
    _require(type(writing) is bool)
    times = card.created, card.changed
    return Draft(id, name, tuple(parts), tip, choice, value["settings"], place, *times, compared, writing)


def _compared(value: Any, parts: list[Part]) -> Compared | None:
    if value is None:
        return None
    _require(isinstance(value["values"], list) and len(value["values"]) <= MAXIMUM_PARTS)
    _require(all(part.parent is None for part in parts))
    return Compared(_word(value["change"], 100), tuple(_word(each, 2**20) for each in value["values"]))


def _part(name: str, value: dict[str, Any], before: list[Part], arrays: _Arrays) -> Part:
    text = arrays.text(f"{name}.text", LONGEST)
    prompt, bits = arrays.text(f"{name}.prompt", LONGEST), arrays.numbers(f"{name}.bits")
    _require(len(bits) == len(text) and bool(np.isfinite(bits).all()) and not bool((bits < 0).any()))
    parent, at, after = value["parent"], _whole(value["at"], LONGEST), ""
    if parent is None:
        _require(at == 0)
    else:
        follows = before[_whole(parent, len(before) - 1)].sample
        _require(at <= len(follows.text))
        _require(sum(len(part.sample.after) for part in before) + len(follows.after) + at <= MOST_BEFORE)
        after = follows.after + follows.text[:at]
    skeleton = sample_from_json(value["sample"], "draft")
    _require(skeleton.by_hand <= len(text))
    _require(skeleton.text == "" and skeleton.after == "" and len(text) <= skeleton.settings.length)
    seed_state = arrays.state(f"{name}.seed", value["seed"])
    if seed_state is None:
        raise ValueError("seed state")
    _require(type(value.get("states", False)) is bool)  # absent before format 3
    states = parse_json(arrays.text(f"{name}.states", MAXIMUM_BYTES), "draft") if value.get("states") else None
    bits.flags.writeable = False
    sample: Sample = replace(
        skeleton, text=text, after=after, surprises=bits, seed_state=seed_state,
        settings=replace(skeleton.settings, prompt=prompt),
        temperature_changes=changes_from_json(value["temperature_changes"], len(text)),
        steering_changes=steering_changes_from_json(value["steering_changes"], len(text)),
        state_changes=state_changes_from_json(states, len(text), seed_state),
    )  # fmt: skip
    state = arrays.state(f"{name}.state", value["state"])
    _require(type(value["goes_on"]) is bool)
    return Part(sample, _word(value["writer"], 200), parent, at, state, value["goes_on"] and state is not None)


def _word(value: Any, limit: int) -> str:
    _require(isinstance(value, str) and len(value) <= limit)
    return str(value)


def _whole(value: Any, limit: int) -> int:
    _require(type(value) is int and 0 <= value <= limit)
    return int(value)


def _moment(value: Any) -> float:
    """Seconds since 1970 that a date can show."""
    _require(type(value) in (int, float) and 0 <= value < 2**36)
    return float(value)
