"""A state made again: from its recipe, for another checkpoint or another model, or at a character of a sample."""

from collections.abc import Mapping
from typing import Any

from chargen.corpus.vocabulary import Unknown
from chargen.errors import ExportError, StateError
from chargen.model.blending import blend, combine
from chargen.model.model_file import Model
from chargen.model.recipes import parts_of
from chargen.model.state import HiddenState
from chargen.sampling.engine import Engine
from chargen.sampling.sample import Sample
from chargen.sampling.seeds import MAXIMUM_RECIPE_TEXT, encode_known, prime
from chargen.sampling.state_changes import last_change, read_since
from chargen.sampling.trail import Retrace
from chargen.settings import option

_UNKNOWN = ("refuse", "drop", "replace")


def remake(state: HiddenState, model: Model | Engine, unknown: Unknown | None = None) -> HiddenState:
    """``state`` made again with ``model`` as its recipe says, with the same name and note.

    Args:
        model: a model, or an engine of it, which is not disturbed.
        unknown: what to do with characters the model does not know; None is what the recipe says.

    Raises:
        StateError: the recipe, or that of a part, does not hold everything, or asks for what this model lacks.
        UnknownCharacterError: the model does not know a character of a text.
    """
    engine = model.fork() if isinstance(model, Engine) else Engine(model)
    made = _make(state.recipe, engine, unknown, state.name)
    return made.renamed(state.name, state.note)


def state_at(model: Model, record: Sample, characters: int) -> HiddenState:
    """The state after the first ``characters`` of what a sample wrote, as it was when it wrote them.

    Nothing is drawn: the text of the record is read, so this holds for a text that was changed by hand as well.
    The recipe is ``{"kind": "captured", "start", "text", …}``, ``text`` being all that was read since the start: the
    seed state, or the last one that took its place.

    Raises:
        ExportError: another model wrote it. StateError: there are not so many characters, or the state does not fit.
        UnknownCharacterError: the record holds what the model does not know.
    """
    if record.model_fingerprint != model.fingerprint:
        raise ExportError(
            f"The sample was written by another model ({record.model_fingerprint[:12]}), "
            f"not by this one ({model.fingerprint[:12]}); give the model that wrote it."
        )
    if not 0 <= characters <= len(record.text):
        raise StateError(f"The sample has {len(record.text):,} characters, so there is no state after {characters:,}.")
    engine = Retrace(Engine(model), record).go_to(characters)
    before, _ = encode_known(model, record.prompt, record.settings.unknown)
    changed = last_change(record.state_changes, characters)
    position, start = changed or (None, record.seed_state)
    known = record.opening + "".join(map(model.vocabulary.__getitem__, before.tolist()))
    read, since = read_since(position, known, record.after)
    read += record.text[since:characters]
    steered = bool(record.settings.steer or record.steering_changes)
    recipe: dict[str, Any] = {
        "kind": "captured",
        "start": dict(start.recipe),
        "random_seed": record.settings.random_seed,
        "characters": characters,
    }
    if steered:
        recipe["steered"] = True
    elif len(read) <= MAXIMUM_RECIPE_TEXT:
        recipe["text"] = read
    return engine.state(recipe, name=f"After {characters:,} characters")


def _make(recipe: Mapping[str, Any], engine: Engine, unknown: Unknown | None, name: str) -> HiddenState:
    """Recipes come from strangers, but no deeper than a state allows."""
    model = engine.model
    kind = recipe.get("kind")
    if kind == "zero":
        return HiddenState.zero(model.config)
    if kind == "learned":
        return HiddenState.learned(model)
    if kind == "random":
        seed, scale = recipe.get("seed"), recipe.get("scale", 1.0)
        if type(seed) is not int or type(scale) not in (int, float) or not 0 <= scale < 1e30:
            raise _incomplete(name, "its seed or scale is missing")
        return HiddenState.random(model.config, option("random_seed").check(seed), float(scale))
    if kind in ("text", "captured"):
        return _read(recipe, engine, unknown, name)
    if kind in ("blend", "combination"):
        return _mix(recipe, engine, unknown, name)
    raise _incomplete(name, "how it was made was not recorded")


def _read(recipe: Mapping[str, Any], engine: Engine, unknown: Unknown | None, name: str) -> HiddenState:
    text, start = recipe.get("text"), recipe.get("start")
    if recipe.get("steered"):
        raise _incomplete(name, "it was captured from a steered sample")
    cut = recipe.get("kind") == "text" and recipe.get("characters", len(str(text))) != len(str(text))
    if not isinstance(text, str) or cut:
        raise _incomplete(name, "its recipe does not hold the whole text that was read")
    begin = _make(start, engine, unknown, name) if isinstance(start, dict) else None
    if not text and begin is not None:  # captured before anything was read
        return begin
    recorded = recipe.get("unknown")
    return prime(engine, text, unknown or (recorded if recorded in _UNKNOWN else "refuse"), start=begin)


def _mix(recipe: Mapping[str, Any], engine: Engine, unknown: Unknown | None, name: str) -> HiddenState:
    parts = parts_of(recipe)
    if not parts or len(parts) != len(recipe["parts"]):
        raise _incomplete(name, "its parts were not all recorded")
    weights = [float(part["weight"]) for part in parts]
    layers, only = recipe.get("layers"), recipe.get("only")
    if not (layers is None or _are_layers(layers)) or only not in (None, "h", "c"):
        raise _incomplete(name, "its recipe is damaged")
    states = [
        # What has no weight is not made again: it changes nothing. The first is the rest of a partial blend.
        _make(part["recipe"], engine, unknown, part["name"] or name).renamed(part["name"])
        if part["weight"] or (number == 0 and (layers is not None or only is not None))
        else HiddenState.zero(engine.model.config)
        for number, part in enumerate(parts)
    ]
    if recipe["kind"] == "combination":
        made = combine(states, weights, str(recipe.get("expression", "")))
    else:
        made = blend(states, weights, spherical=recipe.get("spherical") is True, layers=layers, only=only)
    return made


def _are_layers(value: Any) -> bool:
    return isinstance(value, list) and all(type(layer) is int for layer in value)


def _incomplete(name: str, why: str) -> StateError:
    return StateError(f"The state “{name[:60] or 'unnamed'}” cannot be made again: {why}.")
