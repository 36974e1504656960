"""An export taken up again: the same texts, and the draft that they were."""

from dataclasses import replace
from typing import Any

import pytest

from chargen.errors import ExportError
from chargen.model.model_file import Model
from chargen.model.state import HiddenState
from chargen.sampling.draft_file import pack, unpack
from chargen.sampling.drafts import MAXIMUM_PARTS, _first, taken_out
from chargen.sampling.export import load_export, render
from chargen.sampling.reopen import Again, as_draft, check_size, write_again
from chargen.sampling.sample import Sample
from chargen.sampling.sampler import Sampler
from chargen.sampling.settings import SamplingSettings
from tests.sampling.conftest import MakeModel

BASE = SamplingSettings(prompt="abc", length=80, random_seed=7)


@pytest.fixture(scope="module")
def sampler(model: Model) -> Sampler:
    return Sampler(model)


def exported(samples: list[Sample], folder: Any) -> list[Sample]:
    file = folder / "page.json"
    file.write_bytes(render(samples, ".json"))
    return load_export(file)


def again_of(records: list[Sample], sampler: Sampler) -> list[Again]:
    return [write_again(record, sampler, "play") for record in records]


def test_a_comparison_is_one_again(sampler: Sampler, tmp_path: Any) -> None:
    samples = [sampler.write(replace(BASE, temperature=value)) for value in (0.4, 0.8, 1.2)]
    again = again_of(exported(samples, tmp_path), sampler)
    assert [each.problem for each in again] == ["", "", ""]
    draft = as_draft(again)
    assert draft.compared is not None and draft.compared.change == "temperature"
    assert draft.compared.values == ("0.4", "0.8", "1.2")
    assert [sample.text for sample in unpack(b"".join(pack(draft)), draft.id).samples()] == [s.text for s in samples]
    assert draft.settings["prompt"] == "abc" and draft.settings["random_seed"] == 7


def test_what_a_person_set_stays_in_every_text_of_a_comparison(sampler: Sampler, tmp_path: Any) -> None:
    samples = []
    for number, value in enumerate((0.4, 0.8, 1.2)):
        stream = sampler.stream(replace(BASE, temperature=value), given="xy" * number)
        for written in stream:
            if stream.written == 40:
                stream.set_temperature(1.5)
            assert written
        samples.append(stream.sample())
    again = again_of(exported(samples, tmp_path), sampler)
    assert [each.problem for each in again] == ["", "", ""]
    draft = as_draft(again)
    assert draft.compared is not None and draft.by_hand == 6
    kept = unpack(b"".join(pack(draft)), draft.id)
    assert [sample.by_hand for sample in kept.samples()] == [0, 2, 4]
    assert taken_out(kept, 2).parts[0].sample.by_hand == 4 and _first(kept.samples()[2], 3).by_hand == 3
    assert render(kept.samples(), ".json") == (tmp_path / "page.json").read_bytes()


def test_each_can_be_gone_on_from_exactly(sampler: Sampler, tmp_path: Any) -> None:
    whole = sampler.write(replace(BASE, length=120, temperature=1.1))
    first = sampler.write(replace(BASE, temperature=1.1))
    (again,) = again_of(exported([first], tmp_path), sampler)
    rest = sampler.stream(replace(first.settings, length=40), again.state, after=again.sample.text)
    assert first.text + "".join(each.character for each in rest) == whole.text


def test_the_parts_of_one_text_are_that_text_again(sampler: Sampler, tmp_path: Any) -> None:
    stream = sampler.stream(BASE)
    first = "".join(each.character for each in stream)
    following = sampler.stream(replace(BASE, top_k=3), stream.final_state, after=first)
    for _ in following:
        pass
    draft = as_draft(again_of(exported([stream.sample(), following.sample()], tmp_path), sampler))
    assert draft.compared is None and [part.parent for part in draft.parts] == [None, 0]
    assert draft.text == "abc" + first + following.text
    assert unpack(b"".join(pack(draft)), draft.id).text == draft.text


def test_many_are_takes_of_a_draft(sampler: Sampler, tmp_path: Any) -> None:
    samples = [sampler.write(replace(BASE, random_seed=seed, length=20)) for seed in range(6)]
    draft = as_draft(again_of(exported(samples, tmp_path), sampler))
    assert draft.compared is None and len(draft.takes()) == 6 and draft.tip == 5


@pytest.mark.parametrize("kind", ["zeros", "learned", "random", "held"])
def test_the_seed_state_is_chosen_again(kind: str, make_model: MakeModel, tmp_path: Any) -> None:
    model = make_model(initial_state="learned")
    state = {"zeros": HiddenState.zero(model.config), "learned": HiddenState.learned(model)}.get(kind)
    state = HiddenState.random(model.config, 3) if state is None else state
    state = state.renamed("calm", "") if kind == "held" else state
    sampler = Sampler(model)
    seed = as_draft(again_of(exported([sampler.write(BASE, state)], tmp_path), sampler)).seed
    assert seed.kind == kind and (seed.held is not None) == (kind == "held")


def test_a_text_that_differs_stays_as_it_was_exported_and_says_so(sampler: Sampler, tmp_path: Any) -> None:
    sample = sampler.write(BASE)
    changed = replace(sample, text="zz" + sample.text[2:])
    again = write_again(changed, sampler, "play")
    assert again.sample.text == changed.text and "from character 1 on" in again.problem
    edited = write_again(replace(changed, edited=True), sampler, "play")
    assert edited.state is None and "changed by hand" in edited.problem


def test_it_can_be_left_while_it_is_written(sampler: Sampler) -> None:
    class Left(Exception):  # noqa: N818 - not an error
        pass

    def leave(_written: int) -> None:
        raise Left

    from chargen.sampling.batch import write_all

    for sample in (sampler.write(BASE), write_all(sampler.engine, [(BASE, None)] * 2)[1]):
        with pytest.raises(Left):
            write_again(sample, sampler, "play", leave)


def test_what_is_refused(sampler: Sampler, make_model: MakeModel) -> None:
    sample = sampler.write(replace(BASE, length=5))
    with pytest.raises(ExportError, match="another model"):
        write_again(sample, Sampler(make_model(seed=9)), "tale")
    check_size([sample] * MAXIMUM_PARTS)
    with pytest.raises(ExportError, match="201 texts"):
        check_size([sample] * (MAXIMUM_PARTS + 1))
