"""Where things live. The installed wheel is tested in test_packaging.py."""

import os
from pathlib import Path

import pytest

from chargen import paths
from chargen.errors import FileError

USER_PLACES = (paths.data_dir, paths.runs_dir, paths.states_dir, paths.settings_file, paths.cache_dir, paths.log_file)


def test_assets_and_corpora_are_found_in_a_checkout() -> None:
    assert (paths.assets_dir() / "app-icon.svg").is_file()
    assert list(paths.corpora_dir().glob("*.txt"))


def test_an_incomplete_installation_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "chargen")
    with pytest.raises(FileError, match="reinstall"):
        paths.assets_dir()
    (tmp_path / "assets").mkdir()
    assert paths.assets_dir() == tmp_path / "assets"
    (tmp_path / "chargen" / "assets").mkdir(parents=True)
    assert paths.assets_dir() == tmp_path / "chargen" / "assets"


def test_chargen_home_moves_everything(chargen_home: Path) -> None:
    for place in USER_PLACES:
        assert place() == chargen_home or chargen_home in place().parents, place.__name__
    assert list(chargen_home.iterdir()) == []  # asking creates nothing


def test_chargen_home_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHARGEN_HOME", "here")
    assert paths.runs_dir() == tmp_path / "here" / "runs"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CHARGEN_HOME", "~/there")
    assert paths.settings_file() == tmp_path / "there" / "settings.json"


@pytest.mark.parametrize("home", [None, ""])
def test_without_chargen_home_the_system_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    if home is None:
        monkeypatch.delenv("CHARGEN_HOME")
    else:
        monkeypatch.setenv("CHARGEN_HOME", home)
    for place in USER_PLACES:
        assert place().is_absolute()
        assert "chargen" in str(place().relative_to(tmp_path))
