"""Seed states: what a sample starts from."""

import hashlib
from collections.abc import Mapping
from typing import Any

from chargen.corpus.vocabulary import Ids, Unknown, Vocabulary, list_characters
from chargen.errors import StateError
from chargen.model.model_file import Model
from chargen.model.recipes import parts_of
from chargen.model.state import HiddenState
from chargen.model.state_library import resolve_state
from chargen.sampling.engine import Engine

UNREAD_KINDS = ("zero", "learned", "random")
"""Recipes of states in which the network has read nothing yet."""

MAXIMUM_RECIPE_TEXT = 100_000


def has_read(state: HiddenState) -> bool:
    """Whether the state is one in which the network has read something, so that it can go on at once.

    A blend or a sum has if a part that counts in it has: so a blend that is all A begins as A does.
    """
    return _has_read(state.recipe)


def _has_read(recipe: Mapping[str, Any]) -> bool:
    parts = parts_of(recipe)
    if not parts:
        return recipe.get("kind") not in UNREAD_KINDS
    partial = "layers" in recipe or "only" in recipe  # then the first part is in it, whatever its weight
    counting = [part for number, part in enumerate(parts) if part["weight"] or (partial and number == 0)]
    return any(_has_read(part["recipe"]) for part in counting)


def default_state(model: Model) -> HiddenState:
    """What training started from: the learned initial state where there is one, else zeros."""
    return HiddenState.learned(model) if model.config.initial_state == "learned" else HiddenState.zero(model.config)


def encode_known(model: Model, text: str, unknown: Unknown, what: str = "prompt") -> tuple[Ids, tuple[str, ...]]:
    """Ids of ``text`` and, where characters were dropped or replaced, a notice that names them.

    Raises:
        UnknownCharacterError: the model does not know a character and ``unknown`` is ``refuse``.
    """
    ids = Vocabulary(model.vocabulary).encode(text, unknown)
    foreign = model.characters_outside(text) if unknown != "refuse" else ()
    if not foreign:
        return ids, ()
    done = "left out of" if unknown == "drop" else "replaced in"
    return ids, (f"Characters that the model does not know were {done} the {what}: {list_characters(foreign)}.",)


def prime(
    model: Model | Engine, text: str, unknown: Unknown = "refuse", *, start: HiddenState | None = None
) -> HiddenState:
    """The state after reading ``text``; its recipe is ``{"kind": "text", "text", "unknown", "start"}``.

    Args:
        model: a model, or an engine of it, which is not disturbed.
        text: what to read. Of a text beyond :data:`MAXIMUM_RECIPE_TEXT` characters the recipe keeps the beginning,
            the length and the hash.
        start: what reading starts from; by default what training started from.

    Raises:
        UnknownCharacterError: an unknown character, refused. StateError: nothing is left to read.
    """
    engine = model.fork() if isinstance(model, Engine) else Engine(model)
    ids, _ = encode_known(engine.model, text, unknown, "text")
    if len(ids) == 0:
        raise StateError("There is no character to read; give a text that the model knows.")
    start = default_state(engine.model) if start is None else start
    engine.load_state(start)
    engine.run(ids.tolist())
    recipe: dict[str, Any] = {"kind": "text", "text": text, "unknown": unknown, "start": dict(start.recipe)}
    if len(text) > MAXIMUM_RECIPE_TEXT:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        recipe |= {"text": text[:200], "characters": len(text), "sha256": digest}
    return engine.state(recipe, name=" ".join(text[:40].split()))


def parse_state(argument: str, model: Model, random_seed: int) -> tuple[HiddenState, tuple[str, ...]]:
    """The state that ``--state zero|learned|random[:SCALE]|FILE|NAME`` means, checked against ``model``, and notices.

    NAME is that of a state kept in the library; a file of that name comes first.

    Raises:
        StateError: it is not there or does not fit, the scale is no number, or the model learned no initial state.
        FileError: the file cannot be read.
    """
    if argument == "zero":
        return HiddenState.zero(model.config), ()
    if argument == "learned":
        return HiddenState.learned(model), ()
    if argument == "random" or argument.startswith("random:"):
        try:
            scale = float(argument[len("random:") :]) if ":" in argument else 1.0
        except ValueError:
            raise StateError(f"“{argument}” has no number as its scale; write for example random:0.5.") from None
        return HiddenState.random(model.config, random_seed, scale), ()
    state = resolve_state(argument)
    return state, fit_notices(state, model)


def fit_notices(state: HiddenState, model: Model) -> tuple[str, ...]:
    """What to mention about using ``state`` with ``model``. Raises StateError unless it fits."""
    state.check_fits(model.config)
    if state.fingerprint in ("", model.fingerprint):
        return ()
    return (
        f"The seed state was made by another model ({state.fingerprint[:12]}); it fits this one "
        f"({model.fingerprint[:12]}), but may mean something else to it.",
    )


def state_fingerprint(state: HiddenState) -> str:
    """SHA-256, in hex, over the kind, the sizes and the values: equal for states that act alike."""
    digest = hashlib.sha256(f"{state.cell} {state.layers} {state.streams} {state.hidden}".encode())
    for part in state.parts():
        digest.update(part.astype("<f4").tobytes())
    return digest.hexdigest()


def describe_state(state: HiddenState) -> str:
    """A seed state in a few words, from its recipe."""
    kind = state.recipe.get("kind")
    words = describe_recipe(state.recipe)
    return f"{state.name}: {words}" if state.name and kind not in UNREAD_KINDS else words


def describe_recipe(recipe: Mapping[str, Any]) -> str:
    """How a state was made, in a few words, whoever wrote the recipe."""
    kind = recipe.get("kind")
    if kind in ("blend", "combination"):
        return _describe_mix(recipe)
    return {
        "zero": "zeros",
        "learned": "learned initial state",
        "random": f"random, seed {str(recipe.get('seed'))[:20]}, scale {str(recipe.get('scale'))[:20]}",
        "text": f"primed by “{str(recipe.get('text'))[:60]}”",
        "captured": "captured after a sample",
        "forgotten": "not recorded",
    }.get(str(kind), str(kind)[:60])


def _describe_mix(recipe: Mapping[str, Any]) -> str:
    """``blend of 0.25 × calm and 0.75 × storm, spherical, layers 1, 3, only h``; ``sum of 1 × calm - 0.5 × storm``."""
    parts = parts_of(recipe)
    names = [part["name"][:30] or describe_recipe(part["recipe"])[:30] for part in parts]
    terms = [f"{part['weight']:g} × {name}" for part, name in zip(parts, names, strict=True) if part["weight"]]
    more = f" and {len(terms) - 4} more" if len(terms) > 4 else ""
    if recipe["kind"] == "combination":
        return f"sum of {' + '.join(terms[:4]) or 'nothing'}{more}".replace("+ -", "- ")
    words = f"blend of {' and '.join(terms[:4]) or 'nothing'}{more}"
    if recipe.get("spherical") is True:
        words += ", spherical"
    if isinstance(recipe.get("layers"), list):
        words += f", layers {', '.join(str(layer)[:6] for layer in recipe['layers'][:8])}"
    if recipe.get("only") in ("h", "c"):
        words += f", only {recipe['only']}"
    return words
