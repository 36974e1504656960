"""Steering against a reference that knows nothing of the fast engine, and everything it must survive."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.errors import ChargenError, ExportError, SettingError
from chargen.model.state import HiddenState
from chargen.sampling.batch import write_all
from chargen.sampling.drafts import join
from chargen.sampling.engine import Engine
from chargen.sampling.export import export, load_export, provenance
from chargen.sampling.provenance import sample_from_json, sample_to_json
from chargen.sampling.remake import remake, state_at
from chargen.sampling.replay import replay
from chargen.sampling.sampler import Sampler
from chargen.sampling.seeds import prime
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.steering import MAXIMUM_RULES, NEVER, Rule, Steering
from tests.sampling.conftest import build_model

MODEL = build_model(hidden=12)
SETTINGS = SamplingSettings(length=60, random_seed=3, temperature=1.0, prompt="once")
RULES = "1.3=0.9, 2.*+0.25@10-20, c1.5*0.5@-30, *.7*0@5, 2.4-0.5@40-"


def text_of(steer: str, **changes: object) -> str:
    return Sampler(MODEL).write(dataclasses.replace(SETTINGS, steer=steer, **changes)).text


# -- the words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", []),
        ("1.3=0.9", [Rule("h", 1, 3, "=", 0.9)]),
        ("h1.3=-0.9", [Rule("h", 1, 3, "=", -0.9)]),
        ("c2.17+.5", [Rule("c", 2, 17, "+", 0.5)]),
        ("2.17-0.5", [Rule("h", 2, 17, "+", -0.5)]),
        ("2.17+-0.5", [Rule("h", 2, 17, "+", -0.5)]),
        ("2.**0", [Rule("h", 2, None, "*", 0.0)]),
        ("*.**1e-1", [Rule("h", None, None, "*", 0.1)]),
        ("1.1=1@7", [Rule("h", 1, 1, "=", 1.0, 7, 7)]),
        ("1.1=1@7-9", [Rule("h", 1, 1, "=", 1.0, 7, 9)]),
        ("1.1=1@7-", [Rule("h", 1, 1, "=", 1.0, 7)]),
        ("1.1=1@-9", [Rule("h", 1, 1, "=", 1.0, 1, 9)]),
        (" 1.1=1,2.2=2\n3.3=3 ", [Rule("h", n, n, "=", float(n)) for n in (1, 2, 3)]),
    ],
)
def test_what_is_understood(text: str, rules: list[Rule]) -> None:
    steering = Steering.parse(text)
    assert list(steering.rules) == rules
    assert Steering.parse(str(steering)) == steering


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("nonsense", "no rule of steering"),
        ("1.3", "no rule of steering"),
        ("1=3", "no rule of steering"),
        ("g1.3=1", "no rule of steering"),
        ("1.3 = 0.9", "without blanks"),
        ("1.3/2", "no rule of steering"),
        ("0.3=1", "counted from 1"),
        ("1.0=1", "counted from 1"),
        ("1.3=", "must be a number"),
        ("1.3=high", "must be a number"),
        ("1.3=nan", "between -1,000 and 1,000"),
        ("1.3*inf", "between -1,000 and 1,000"),
        ("1.3=1e9", "between -1,000 and 1,000"),
        ("1.3=1@", "of characters"),
        ("1.3=1@-", "of characters"),
        ("1.3=1@x", "of characters"),
        ("1.3=1@1@2", "of characters"),
        ("1.3=1@1-2-3", "of characters"),
        ("1.3=1@0-5", "Characters are counted from 1"),
        ("1.3=1@20-10", "holds no character"),
        ("1.3=1 " * (MAXIMUM_RULES + 1), "At most"),
        ("9" * 60_000, "at most"),
    ],
)
def test_what_is_not_is_one_sentence(text: str, phrase: str) -> None:
    with pytest.raises(SettingError, match=phrase) as caught:
        SamplingSettings(steer=text)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@given(st.text(alphabet="hc123.*=+-@ ,e0\n", max_size=25) | st.text(max_size=25))
def test_no_steering_surprises(text: str) -> None:
    try:
        steering = Steering.parse(text)
    except SettingError:
        return
    assert Steering.parse(str(steering)) == steering


numbers = st.none() | st.integers(1, 99)


@given(
    st.lists(
        st.builds(
            lambda part, layer, unit, operation, value, first, length: Rule(
                part, layer, unit, operation, value, first, min(first + length, 10**9)
            ),
            st.sampled_from("hc"), numbers, numbers, st.sampled_from("=+*"), st.floats(-1000, 1000),
            st.integers(1, 500), st.sampled_from([0, 1, 77, 10**9]),
        ),
        max_size=5,
    )
)  # fmt: skip
def test_what_is_written_is_read_again(rules: list[Rule]) -> None:
    steering = Steering(tuple(rules))
    assert Steering.parse(str(steering)) == steering
    assert repr(Steering.parse(str(steering))) == repr(steering)  # -0.0 too


@given(st.integers(0, 60))
def test_the_next_change_is_where_other_rules_are_in_force(character: int) -> None:
    steering = Steering.parse(RULES)

    def force(at: int) -> list[Rule]:
        return [rule for rule in steering.rules if rule.first <= at <= rule.last]

    later = (at for at in range(character + 1, 100) if force(at) != force(at - 1))
    assert steering.next_change(character) == next(later, NEVER)


@pytest.mark.parametrize(
    ("steer", "phrase"),
    [
        ("3.1=0", "no layer 3 .*layers 1 to 2"),
        ("1.13=0", "no unit 13 .*units 1 to 12"),
        ("*.99*0", "no unit 99"),
    ],
)
def test_what_does_not_exist_cannot_be_steered(steer: str, phrase: str) -> None:
    with pytest.raises(SettingError, match=phrase):
        text_of(steer)
    stream = Sampler(MODEL).stream(SETTINGS)
    next(stream)
    with pytest.raises(SettingError, match=phrase):
        stream.set_steering(steer)
    assert stream.sample().steering_changes == ()  # and it writes on
    assert len(list(stream)) == 59
    with pytest.raises(SettingError, match="A GRU has no part c"):
        Sampler(build_model("gru")).write(dataclasses.replace(SETTINGS, steer="c1.1=0"))


# -- what is done --------------------------------------------------------------------------------------


def sigma(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def reference(model, ids: list[int], unsteered: int, steer) -> np.ndarray:
    """Logits after ids, in float64, as the equations stand; ``steer(character, layer, h, c)`` changes in place.

    The first ``unsteered`` ids are a prompt; then the state stands steered for character 1.
    """
    t = {name: tensor.astype(np.float64) for name, tensor in model.tensors.items()}
    L, H = model.config.layers, model.config.hidden
    h, c = np.zeros((L, H)), np.zeros((L, H))
    for place, id in enumerate(ids, 1):
        x = t["embedding.weight"][id]
        for layer in range(L):
            bias = t[f"rnn.bias_ih_l{layer}"], t[f"rnn.bias_hh_l{layer}"]
            W, U = t[f"rnn.weight_ih_l{layer}"] @ x + bias[0], t[f"rnn.weight_hh_l{layer}"] @ h[layer] + bias[1]
            if model.config.cell == "lstm":
                i, f, g, o = np.split(W + U, 4)
                c[layer] = sigma(f) * c[layer] + sigma(i) * np.tanh(g)
                h[layer] = sigma(o) * np.tanh(c[layer])
            elif model.config.cell == "gru":
                (xr, xz, xn), (hr, hz, hn) = np.split(W, 3), np.split(U, 3)
                r, z = sigma(xr + hr), sigma(xz + hz)
                h[layer] = (1 - z) * np.tanh(xn + r * hn) + z * h[layer]
            else:
                h[layer] = np.tanh(W + U)
            if place > unsteered:
                steer(place - unsteered + 1, layer, h[layer], c[layer])
            x = h[layer]
        if place == unsteered:
            for layer in range(L):
                steer(1, layer, h[layer], c[layer])
    return t["head.weight"] @ h[-1] + t["head.bias"]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_the_probabilities_are_those_of_the_equations_with_the_rules_in_them(cell: str) -> None:
    model = build_model(cell, hidden=12)
    rules = RULES if cell == "lstm" else RULES.replace("c1.5", "1.5")

    def steer(n: int, layer: int, h: np.ndarray, c: np.ndarray) -> None:
        if layer == 0:
            h[2] = 0.9
        if layer == 1 and 10 <= n <= 20:
            h += 0.25
        if layer == 0 and n <= 30:
            (c if cell == "lstm" else h)[4] *= 0.5
        if n == 5:
            h[6] = 0
        if layer == 1 and n >= 40:
            h[3] -= 0.5

    stream = Sampler(model).stream(dataclasses.replace(SETTINGS, steer=rules))
    ids = [model.vocabulary.index(character) for character in SETTINGS.prompt]
    worst = 0.0
    for written in stream:
        logits = reference(model, ids, len(SETTINGS.prompt), steer)
        weights = np.exp(logits - logits.max())
        worst = max(worst, abs(weights[written.id] / weights.sum() - written.probability))
        ids.append(written.id)
    assert len(ids) == 64 and worst < 1e-5


def test_a_held_unit_is_what_is_captured_and_silence_is_zero() -> None:
    stream = Sampler(MODEL).stream(dataclasses.replace(SETTINGS, steer="1.3=0.9, c2.4=-2, 2.**0"))
    for _ in stream:
        state = stream.final_state
        assert state.h[0, 0, 2] == np.float32(0.9) and state.c[1, 0, 3] == -2 and not state.h[1].any()


def test_steering_is_heard_and_only_where_it_is_in_force() -> None:
    plain = text_of("")
    assert text_of("1.*=0.5") != plain
    late = text_of("*.*=1, 1.**-1@30-")
    assert late != plain
    for steer in ("*.*=1@21-40", "*.*=-1@21-40"):
        assert text_of(steer)[:20] == plain[:20] and text_of(steer) != plain
    assert text_of("*.*=1@61-") == plain


def test_the_first_character_is_steered_without_a_prompt_as_well() -> None:
    read = prime(MODEL, "once upon")
    silent = Sampler(MODEL).stream(SamplingSettings(length=1, random_seed=1, steer="2.**0"), read)
    written = next(silent)
    bias = MODEL.tensors["head.bias"].astype(float)
    share = np.exp(bias - bias.max())
    assert written.probability == pytest.approx(share[written.id] / share.sum(), abs=1e-6)


def test_parts_of_a_draft_join_only_where_one_sample_would_have_written_them() -> None:
    sampler, settings = Sampler(MODEL), dataclasses.replace(SETTINGS, steer="1.3=0.9", length=20)

    def part(state: HiddenState | None, after: str, changes: dict[int, str]):
        stream = sampler.stream(settings, state, after=after)
        for position in range(21):
            if position in changes:
                stream.set_steering(changes[position])
            next(stream, None)
        return stream.sample(), stream.final_state

    joined = 0
    for early in ({}, {5: "1.4=-1"}, {5: "1.4=-1", 20: "1.3=0.9"}, {5: "1.4=-1", 9: "1.3=0.9"}):
        for late in ({}, {0: "1.4=-1"}, {7: "*.**0.5"}, {0: "2.2=1", 3: ""}):
            first, state = part(None, "", early)
            second, _ = part(state, first.text, late)
            both = join(first, second)
            if both is not None:
                joined += 1
                assert replay(MODEL, both).text == both.text == first.text + second.text
    assert joined >= 5


@pytest.mark.parametrize("steer", [RULES, "2.3+0.1, 1.**1.01"])
@pytest.mark.parametrize("cut", [1, 9, 25])
def test_a_captured_state_goes_on_exactly(steer: str, cut: int) -> None:
    sampler = Sampler(MODEL)
    settings = dataclasses.replace(SETTINGS, steer=steer)
    whole = sampler.write(settings).text
    stream = sampler.stream(dataclasses.replace(settings, length=cut))
    first = "".join(written.character for written in stream)
    rest = sampler.stream(dataclasses.replace(settings, length=60 - cut), stream.final_state, after=first)
    assert first + "".join(written.character for written in rest) == whole


def test_to_look_at_the_state_changes_nothing() -> None:
    sampler = Sampler(MODEL)
    settings = dataclasses.replace(SETTINGS, steer="1.3+0.2")
    looked_at, alone = sampler.stream(settings), sampler.stream(settings)
    for at in range(60):
        if at == 20:
            looked_at.set_steering("2.*=0.7@-50")
            alone.set_steering("2.*=0.7@-50")
        looked_at.final_state  # noqa: B018
        assert next(looked_at) == next(alone)
        assert looked_at.final_state.h.tobytes() == looked_at.final_state.h.tobytes()


# -- on a running sample, and again ---------------------------------------------------------------------


def changed_stream():
    stream = Sampler(MODEL).stream(dataclasses.replace(SETTINGS, steer="1.3=0.9"))
    stream.set_steering("1.4=-0.5")  # before the first character
    for at, _ in enumerate(stream, 1):
        if at == 20:
            stream.set_steering("2.**0@-30")
            stream.set_steering("2.**0.5@-30")
            stream.set_temperature(0.7)
        if at == 40:
            stream.set_steering("")
    return stream


def test_changes_on_a_running_sample_are_recorded_and_replayed(tmp_path) -> None:
    sample = changed_stream().sample()
    assert sample.steering_changes == ((0, "1.4=-0.5"), (20, "2.**0.5@1-30"), (40, ""))
    assert sample.text != text_of("1.3=0.9")
    export([sample], tmp_path / "x.json")
    (record,) = load_export(tmp_path / "x.json")
    again = replay(MODEL, record)
    assert (again.text, again.surprises.tobytes()) == (sample.text, sample.surprises.tobytes())
    assert again.steering_changes == sample.steering_changes and again.notices == ()
    words = provenance(sample)
    assert words["steering"] == "1.3=0.9" and "none from 40" in words["steering_changes"]
    assert "1.3=0.9" in json.dumps(sample_to_json(sample))


@given(st.data())
def test_any_steering_is_replayed_byte_for_byte(data: st.DataObject) -> None:
    rule = st.builds(
        lambda part, layer, unit, operation, value, first, length: str(
            Rule(part, layer, unit, operation, value, first, first + length)
        ),
        st.sampled_from("hc"), st.sampled_from([None, 1, 2]), st.none() | st.integers(1, 12), st.sampled_from("=+*"),
        st.floats(-2, 2), st.integers(1, 30), st.integers(0, 30),
    )  # fmt: skip
    steerings = st.lists(rule, max_size=3).map(", ".join)
    changes = data.draw(st.dictionaries(st.integers(0, 25), steerings, max_size=3))
    stream = Sampler(MODEL).stream(dataclasses.replace(SETTINGS, length=25, steer=data.draw(steerings)))
    for position in range(26):
        if position in changes:
            stream.set_steering(changes[position])
        try:
            next(stream, None)
        except ChargenError:
            return  # scaled beyond all numbers: said in a sentence
    record = sample_from_json(json.loads(json.dumps(sample_to_json(stream.sample()))), "x")
    again = replay(MODEL, record)
    assert (again.text, again.surprises.tobytes()) == (stream.text, stream.sample().surprises.tobytes())
    at = data.draw(st.integers(0, 25))
    if at == 25:
        assert state_at(MODEL, record, at).h.tobytes() == stream.final_state.h.tobytes()


def test_the_state_at_a_character_of_a_steered_sample_is_the_one_it_had() -> None:
    record = changed_stream().sample()
    # The state after n characters is the one from which character n + 1 was written.
    for at in (0, 19, 33, 60):
        stream = Sampler(MODEL).stream(record.settings)
        changes = dict(record.steering_changes)
        for position in range(at + 1):
            if position == 20:
                stream.set_temperature(0.7)
            if position in changes:
                stream.set_steering(changes[position])
            if position < at:
                next(stream)
        state = state_at(MODEL, record, at)
        if at:
            assert state.h.tobytes() == stream.final_state.h.tobytes()
            assert state.c.tobytes() == stream.final_state.c.tobytes()
    with pytest.raises(ChargenError, match="steered sample"):
        remake(state, MODEL)
    with pytest.raises(ExportError, match="another model"):
        state_at(build_model(seed=5), record, 3)


def test_what_was_captured_without_steering_can_be_made_again() -> None:
    stream = Sampler(MODEL).stream(dataclasses.replace(SETTINGS, prompt=""))
    for _ in range(9):
        next(stream)
    state = stream.final_state
    assert remake(state, MODEL).h.tobytes() == state.h.tobytes()
    assert state_at(MODEL, stream.sample(), 9).h.tobytes() == state.h.tobytes()


@pytest.mark.parametrize(
    "changes",
    [5, {}, [[0]], [["0", ""]], [[0, 5]], [[0, "x"]], [[5, ""], [3, ""]], [[0, ""], [0, ""]], [[-1, ""]], [[61, ""]]],
)
def test_a_strangers_changes_are_refused_in_one_sentence(changes: object) -> None:
    value = sample_to_json(Sampler(MODEL).write(SETTINGS))
    with pytest.raises(ChargenError) as caught:
        sample_from_json({**value, "steering_changes": changes}, "x")
    assert "\n" not in str(caught.value)


def test_older_exports_are_unsteered() -> None:
    value = sample_to_json(Sampler(MODEL).write(SETTINGS))
    del value["steering_changes"], value["settings"]["steer"]
    assert sample_from_json(value, "x").steering_changes == ()


def test_numbers_gone_astray_are_said_in_a_sentence() -> None:
    with pytest.raises(ChargenError, match="no longer a finite number"):
        text_of("c*.**1000@-30, c*.**0@31-", length=50)


# -- several at once, and a search -----------------------------------------------------------------------


def test_a_batch_is_steered_as_each_alone() -> None:
    settings = [dataclasses.replace(SETTINGS, steer=RULES, random_seed=seed, length=40 + seed) for seed in range(8)]
    together = write_all(Engine(MODEL), [(each, None) for each in settings])
    for each, sample in zip(settings, together, strict=True):
        alone = Sampler(MODEL).write(each)
        assert sample.text == alone.text
        np.testing.assert_allclose(sample.surprises, alone.surprises, atol=1e-3)
        assert replay(MODEL, sample).text == sample.text
    with pytest.raises(ValueError, match="steered alike"):
        write_all(Engine(MODEL), [(SETTINGS, None), (settings[0], None)])


def test_a_beam_of_one_is_steered_as_the_likeliest_character() -> None:
    greedy = text_of(RULES, temperature=0.0)
    assert text_of(RULES, beam=1) == greedy != text_of("", beam=1)
    sample = Sampler(MODEL).write(dataclasses.replace(SETTINGS, steer=RULES, beam=4))
    assert replay(MODEL, sample).text == sample.text
    stream = Sampler(MODEL).stream(dataclasses.replace(SETTINGS, beam=2))
    with pytest.raises(SettingError, match="beam search looks ahead"):
        stream.set_steering("1.1=0")


def test_an_unsteered_twin_differs_in_nothing_else() -> None:
    state = HiddenState.random(MODEL.config, 4)
    sampler = Sampler(MODEL)
    steered = sampler.write(dataclasses.replace(SETTINGS, steer="2.*+0.3@15-"), state)
    twin = sampler.write(dataclasses.replace(steered.settings, steer=""), state)
    assert twin.text[:14] == steered.text[:14] and twin.text != steered.text
    assert twin.text == sampler.write(SETTINGS, state).text
