"""What the window remembers, and what damage costs."""

import json
from pathlib import Path

import pytest

from chargen.gui import settings_store
from chargen.gui.settings_store import WindowSettings
from chargen.paths import settings_file


def test_settings_come_back() -> None:
    settings_store.save(WindowSettings("dark", "write", "/somewhere", "00ff"))
    assert settings_store.load() == (WindowSettings("dark", "write", "/somewhere", "00ff"), "")


def test_without_a_file_the_defaults_hold() -> None:
    assert settings_store.load() == (WindowSettings(), "")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"theme": "blue"}', b'{"page": 3}', b'{"geometry": "no hex"}',
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_damage_falls_back_and_is_kept_aside(content: bytes) -> None:
    path = settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    settings, sentence = settings_store.load()
    assert settings == WindowSettings()
    assert "settings.json.damaged" in sentence
    assert path.with_name("settings.json.damaged").read_bytes() == content
    settings_store.save(settings)
    assert settings_store.load() == (WindowSettings(), "")


def test_names_of_a_newer_version_are_left_out() -> None:
    path = settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"theme": "dark", "something new": 1}))
    assert settings_store.load() == (WindowSettings(theme="dark"), "")


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CHARGEN_HOME", str(tmp_path / "file" / "home"))
    settings_store.save(WindowSettings())
