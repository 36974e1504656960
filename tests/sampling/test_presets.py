"""Settings under a name: kept, found, and safe from whatever stands in their file."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chargen.errors import ChargenError, FileError, SettingError
from chargen.sampling.presets import (
    BUILT_IN,
    MAXIMUM_PRESETS,
    delete_preset,
    preset,
    presets,
    presets_file,
    save_preset,
)
from chargen.sampling.settings import RULES, SamplingSettings


def test_the_built_in_ones_are_there_and_are_settings():
    assert [each.name for each in presets()] == ["Careful", "Balanced", "Wild", "Rising"]
    for each in BUILT_IN:
        assert each.built_in and set(each.rules) <= set(RULES)
        SamplingSettings(**each.rules)
    assert preset(" careFUL ") is BUILT_IN[0]
    assert not presets_file().exists()


def test_saved_found_replaced_and_deleted():
    asked = SamplingSettings(prompt="x", length=5, random_seed=3, temperature=0.3, ban="é", loop_breaker=True, beam=4)
    save_preset("  Quiet sea ", asked)
    assert dict(preset("quiet SEA").rules) == {"temperature": 0.3, "loop_breaker": True, "ban": "é", "beam": 4}
    save_preset("quiet sea", SamplingSettings(top_k=3))
    save_preset("Anger", SamplingSettings())
    assert [each.name for each in presets()[4:]] == ["Anger", "quiet sea"]
    assert dict(preset("Quiet Sea").rules) == {"top_k": 3}
    delete_preset("QUIET SEA")
    assert [each.name for each in presets()[4:]] == ["Anger"]
    with pytest.raises(SettingError, match="no settings of yours"):
        delete_preset("Careful")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 61, "\x1b[2J", "careful"])
def test_a_name_that_cannot_be_is_one_sentence(name):
    with pytest.raises(SettingError) as caught:
        save_preset(name, SamplingSettings())
    assert str(caught.value).endswith(".")


def test_an_unknown_name_names_the_known_ones():
    with pytest.raises(SettingError, match="“Cautious”; there are Careful, Balanced"):
        preset("Cautious")


def test_there_is_an_end(monkeypatch):
    monkeypatch.setattr("chargen.sampling.presets.MAXIMUM_PRESETS", 1)
    assert MAXIMUM_PRESETS > 1
    save_preset("a", SamplingSettings())
    save_preset("A", SamplingSettings(top_k=2))
    with pytest.raises(SettingError, match="No more than 1"):
        save_preset("b", SamplingSettings())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*RULES, "presets", "x"]), inner),
    max_leaves=8,
)
FILES = VALUES | st.fixed_dictionaries(
    {"format": st.just(1) | VALUES, "presets": st.dictionaries(st.text(max_size=4), VALUES, max_size=3) | VALUES}
)


@given(FILES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_strangers_file_is_read_or_refused_and_never_written_over(value):
    presets_file().parent.mkdir(parents=True, exist_ok=True)
    presets_file().write_text(json.dumps(value), encoding="utf-8")
    before = presets_file().read_bytes()
    try:
        found = presets()
    except ChargenError as error:
        assert str(error).endswith(".")
        with pytest.raises(ChargenError):
            save_preset("mine", SamplingSettings())
        assert presets_file().read_bytes() == before
        return
    for each in found:
        SamplingSettings(**each.rules)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": 2, "presets": {}}', b'{"format": 1, "presets": {"a": {"prompt": "x"}}}', b"\xff"],
)
def test_damaged_and_newer_files_are_told(content):
    presets_file().parent.mkdir(parents=True, exist_ok=True)
    presets_file().write_bytes(content)
    with pytest.raises(FileError, match="writing-presets"):
        presets()
