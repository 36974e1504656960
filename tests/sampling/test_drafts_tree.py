"""Branches of a draft: where a character lies, what is a thread, what is left when one is taken out."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargen.sampling.draft_file import pack, unpack
from chargen.sampling.drafts import Draft, begun, continued, new_draft
from chargen.sampling.drafts_tree import branched, fork_at, gone_to, locate, threads, without
from chargen.sampling.events import Written
from chargen.sampling.replay import replay
from chargen.sampling.settings import SamplingSettings
from chargen.sampling.trail import Retrace
from tests.sampling.test_drafts import SAMPLER, written


def fork(draft: Draft, place: int, given: str = "z", length: int = 12, **more: object) -> Draft:
    """Another character before that one of the text, and what follows from there."""
    found = fork_at(draft, place)
    assert found is not None
    sample = draft.parts[found[0]].sample
    asked = SamplingSettings(prompt=sample.prompt, length=length, random_seed=1, **more)  # type: ignore[arg-type]
    state = Retrace(SAMPLER.engine.fork(), sample).state_at(found[1])
    stream = SAMPLER.stream(asked, state, after=sample.after + sample.text[: found[1]], given=given)
    for _ in stream:
        pass
    return branched(draft, *found, Written(stream.sample(), stream.final_state, "length"))


def tree() -> Draft:
    """A take of 40; a branch at 10 of 12 characters, gone on with by 30 others; a branch of that at 15; a take."""
    first = written(40, 1)
    draft = begun(new_draft(), first, "tale")
    draft = fork(draft, 10)
    tip = draft.parts[1]
    on = written(30, 1, after=Written(tip.sample, tip.state, "length"), top_k=3)
    draft = continued(draft, on)
    draft = fork(draft, 15, "y")
    return begun(draft, written(8, 3), "tale")


def test_threads_are_the_rows_of_the_tree() -> None:
    draft = tree()
    assert [part.parent for part in draft.parts] == [None, 0, 1, 1, None]
    told = [(each.start, each.tip, each.depth, each.at, each.characters) for each in threads(draft)]
    assert told == [(0, 0, 0, 0, 40), (1, 2, 1, 10, 42), (3, 3, 2, 15, 12), (4, 4, 0, 0, 8)]
    assert [each.by_hand for each in threads(draft)] == [False, True, True, False]
    assert [each.current for each in threads(draft)] == [False, False, False, True]
    there = threads(gone_to(draft, 3))
    assert [each.on_path for each in there] == [True, True, True, False] and there[2].current
    assert there[0].words.startswith("ab") and there[1].words.startswith("z")


def test_a_character_is_found_in_its_part() -> None:
    draft = gone_to(tree(), 3)
    text = "".join(sample.text for sample in draft.samples())
    assert len(text) == 10 + 5 + 12
    for place, character in enumerate(text):
        index, within = locate(draft, place)
        assert draft.parts[index].sample.text[within] == character
    assert locate(draft, 10) == (1, 0) and locate(draft, 27) == (3, 12)
    assert fork_at(draft, 10) == (0, 10) and fork_at(draft, 15) == (1, 5) and fork_at(draft, 0) is None
    with pytest.raises(IndexError):
        locate(draft, 28)


def test_every_branch_is_kept_and_can_be_written_again() -> None:
    draft = tree()
    back = unpack(b"".join(pack(draft)), draft.id)
    assert threads(back) == threads(draft)
    for index in range(len(back.parts)):
        for sample in gone_to(back, index).samples():
            assert replay(SAMPLER, sample).text == sample.text


def test_what_is_taken_out_goes_with_all_that_follows_it() -> None:
    draft = gone_to(tree(), 3)
    less = without(draft, 1)
    assert [part.parent for part in less.parts] == [None, None] and less.text == gone_to(draft, 0).text
    only = without(draft, 3)
    assert only.text == gone_to(draft, 2).text  # what it left, to its end
    assert without(draft, 0).text == gone_to(draft, 4).text
    assert without(gone_to(draft, 4), 1).text == gone_to(draft, 4).text
    with pytest.raises(ValueError, match="Nothing"):
        without(without(draft, 0), 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=12), st.integers(0, 10**6))
def test_any_tree_holds_together(grown: list[tuple[int, int]], gone: int) -> None:
    draft = begun(new_draft(), Written(ROOT, None, "length"), "tale")
    for parent, at in grown:
        index = parent % len(draft.parts)
        above = draft.parts[index].sample
        place = at % (len(above.text) + 1)
        child = replace(ROOT, after=above.after + above.text[:place])
        draft = branched(draft, index, place, Written(child, None, "length"))
    rows = threads(draft)
    assert sum(row.current for row in rows) == 1
    assert len({row.start for row in rows}) == len(rows)
    assert sum(row.characters for row in rows) == sum(len(part.sample.text) for part in draft.parts)
    start = rows[gone % len(rows)].start
    if start:
        less = without(draft, start)
        assert len(less.parts) < len(draft.parts) and less.tip is not None
        for index, part in enumerate(less.parts):
            if part.parent is not None:
                above = less.parts[part.parent].sample
                assert part.parent < index and part.sample.after == above.after + above.text[: part.at]
        assert unpack(b"".join(pack(less)), less.id).text == less.text


ROOT = written(5).sample
