"""What is shipped works where it is installed: the wheel, the source archive, an editable install.

The wheel is built without network: hatchling is part of the test extra.
"""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import chargen

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {
    path.relative_to(ROOT).as_posix() for path in (ROOT / "chargen").rglob("*.py")
} | {
    f"chargen/{path.relative_to(ROOT).as_posix()}"
    for folder in ("assets", "corpora") for path in (ROOT / folder).rglob("*")
    if path.is_file() and not path.name.startswith(".")
}


def run(*words: object, cwd: Path, path: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    environment |= {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_CONFIG_FILE": os.devnull,
                    "PIP_ROOT_USER_ACTION": "ignore", "PYTHONDONTWRITEBYTECODE": "1"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [sys.executable, *map(str, words)], cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=180, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_wheel(source: Path, folder: Path) -> Path:
    run("-m", "pip", "wheel", source, "--no-deps", "--no-build-isolation", "--wheel-dir", folder, "--quiet", cwd=folder)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    run("-m", "pip", "install", wheel, "--no-deps", "--target", target, "--quiet", cwd=target)
    return target


def test_the_wheel_holds_everything_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
        info = f"chargen-{chargen.__version__}.dist-info"
        entry_points = archive.read(f"{info}/entry_points.txt").decode()
        metadata = archive.read(f"{info}/METADATA").decode()
    assert {name for name in names if not name.startswith(info)} == SOURCES
    assert "[console_scripts]\nchargen = chargen.__main__:main" in entry_points
    assert "[gui_scripts]\nchargen-gui = chargen.__main__:window" in entry_points
    assert f"{info}/licenses/LICENSE" in names
    for licence in (ROOT / "assets" / "fonts").glob("OFL-*.txt"):
        assert f"{info}/licenses/assets/fonts/{licence.name}" in names
    assert "# chargen" in metadata
    assert "Provides-Extra: test" in metadata


def test_the_source_archive_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    run("-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path, cwd=ROOT)
    [archive] = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(tmp_path, filter="data")
    source = tmp_path / archive.name.removesuffix(".tar.gz")
    for name in ("README.md", "LICENSE", "CHANGELOG.md",
                 "CONTRIBUTING.md", "SECURITY.md", ".ci/run", "tests/conftest.py"):
        assert (source / name).is_file(), name
    (tmp_path / "again").mkdir()
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(build_wheel(source, tmp_path / "again")) as second:
        assert sorted(first.namelist()) == sorted(second.namelist())


def test_the_installed_wheel_finds_its_assets_and_corpora(installed: Path, tmp_path: Path) -> None:
    code = "from chargen import paths; print(paths.assets_dir()); print(paths.corpora_dir())"
    found = run("-c", code, cwd=tmp_path, path=installed).splitlines()
    assert [Path(line) for line in found] == [installed / "chargen" / "assets", installed / "chargen" / "corpora"]


def test_the_installed_commands_work(installed: Path, tmp_path: Path) -> None:
    version = f"chargen {chargen.__version__}"
    assert run("-m", "chargen", "--version", cwd=tmp_path, path=installed).strip() == version
    script = installed / "bin" / "chargen"
    assert run(script, "--version", cwd=tmp_path, path=installed).strip() == version
    assert (installed / "bin" / "chargen-gui").is_file()

    said = run("-m", "chargen", "corpora", "--json", cwd=tmp_path, path=installed)
    events = [json.loads(line) for line in said.splitlines()]
    assert events
    assert all(next(iter(event)) == "event" for event in events)
    bundled = {path.stem for path in (installed / "chargen" / "corpora").glob("*.txt")}
    assert bundled
    assert all(name in json.dumps(events) for name in bundled)
    assert list(tmp_path.iterdir()) == []


def test_an_editable_install_finds_them_in_the_checkout(tmp_path: Path) -> None:
    run("-m", "pip", "install", "-e", ROOT, "--no-deps", "--no-build-isolation", "--prefix", tmp_path, "--quiet",
        cwd=tmp_path)
    [pointer] = tmp_path.rglob("*chargen.pth")
    code = (
        f"import site; site.addsitedir({str(pointer.parent)!r});"
        "from chargen import paths; print(paths.assets_dir()); print(paths.corpora_dir())"
    )
    found = run("-c", code, cwd=tmp_path).splitlines()
    assert [Path(line) for line in found] == [ROOT / "assets", ROOT / "corpora"]
