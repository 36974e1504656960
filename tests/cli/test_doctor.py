"""The doctor: true about this machine, calm about broken ones, exact about what mends them."""

import builtins
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chargen.cli import doctor, window_check
from chargen.cli.bench import run as run_bench
from chargen.cli.main import build_parser
from chargen.cli.window_check import Library, install_command
from chargen.errors import ChargenError
from tests.cli.conftest import Run

GLIB = Library("libglib-2.0.so.0", "libglib2.0-0", "glib2")
EGL = Library("libEGL.so.1", "libegl1", "libglvnd-egl")


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the trial import of Qt in another process."""
    monkeypatch.setattr(doctor, "_qt_trouble", lambda: None)


def test_this_machine(run: Run, calm: None) -> None:
    result = run("doctor", "--json")
    assert result.code == 0
    (event,) = result.events
    assert next(iter(event)) == "event" and event["commands_work"] is True
    for key in (
        "chargen",
        "python",
        "torch",
        "torch_build",
        "device",
        "reason",
        "numpy",
        "numba",
        "pyside6",
        "free_memory",
        "runs",
    ):
        assert event[key], key
    assert event["runs_writable"] is True
    shown = run("doctor")
    assert shown.code == 0 and "The commands work" in shown.out and event["torch"] in shown.out


def test_a_place_that_cannot_be_written(run: Run, calm: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CHARGEN_HOME", str(tmp_path / "file" / "home"))
    result = run("doctor", "--json")
    assert result.code == 2 and result.events[0]["runs_writable"] is False
    assert any("CHARGEN_HOME" in problem["mend"] for problem in result.events[0]["problems"])


def test_without_torch_it_says_what_to_install(run: Run, calm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def fails(name: str, *rest: Any, **keywords: Any) -> Any:
        if name == "torch":
            raise OSError("libtorch_cpu.so: cannot open shared object file")
        return real(name, *rest, **keywords)

    monkeypatch.setattr(builtins, "__import__", fails)
    result = run("doctor", "--json")
    assert result.code == 2
    (event,) = result.events
    assert event["commands_work"] is False and event["window_works"] is False and event["device"] is None
    assert any(
        "libtorch_cpu.so" in problem["what"] and "pip install" in problem["mend"] for problem in event["problems"]
    )


def test_a_window_that_cannot_open_leaves_the_code_at_0(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_check, "missing_libraries", lambda: [EGL])
    monkeypatch.setattr(doctor, "_version", lambda name: None if name.startswith("PySide6") else "1.0")
    result = run("doctor")
    assert result.code == 0
    assert (
        "libEGL.so.1" in result.out and "PySide6 is not installed" in result.out and "window cannot open" in result.out
    )


@pytest.mark.parametrize(
    ("release", "root", "command"),
    [
        ({"ID": "debian", "VERSION_ID": "12"}, True, "apt-get update && apt-get install -y libglib2.0-0 libegl1"),
        ({"ID": "debian", "VERSION_ID": "13"}, True, "apt-get update && apt-get install -y libglib2.0-0t64 libegl1"),
        (
            {"ID": "ubuntu", "ID_LIKE": "debian", "VERSION_ID": "22.04"},
            False,
            "sudo apt-get update && sudo apt-get install -y libglib2.0-0 libegl1",
        ),
        (
            {"ID": "ubuntu", "ID_LIKE": "debian", "VERSION_ID": "24.04"},
            False,
            "sudo apt-get update && sudo apt-get install -y libglib2.0-0t64 libegl1",
        ),
        (
            {"ID": "linuxmint", "ID_LIKE": "ubuntu debian", "VERSION_ID": "22", "UBUNTU_CODENAME": "noble"},
            False,
            "sudo apt-get update && sudo apt-get install -y libglib2.0-0t64 libegl1",
        ),
        ({"ID": "fedora", "VERSION_ID": "42"}, False, "sudo dnf install -y glib2 libglvnd-egl"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, True, "dnf install -y glib2 libglvnd-egl"),
        ({}, False, "install the packages that hold libglib-2.0.so.0, libEGL.so.1"),
    ],
)
def test_the_exact_command(monkeypatch: pytest.MonkeyPatch, release: dict[str, str], root: bool, command: str) -> None:
    monkeypatch.setattr(window_check, "_os_release", lambda: release)
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000, raising=False)
    assert install_command([GLIB, EGL]) == command


def test_which_libraries_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(window_check, "_is_missing", lambda library: library.name == "libxcb-cursor.so.0")
    assert [library.apt for library in window_check.missing_libraries()] == ["libxcb-cursor0"]
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert window_check.missing_libraries() == [] and window_check.display_problem() is None
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setenv("DISPLAY", ":0")
    assert window_check.missing_libraries() != []
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert window_check.missing_libraries() == []  # the Wayland way is complete
    monkeypatch.setattr("sys.platform", "darwin")
    assert window_check.missing_libraries() == []


def test_a_display_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":4711")
    monkeypatch.setattr(window_check, "_x_server_answers", lambda: False)
    assert window_check.display_problem() == "the display :4711 does not answer"


@pytest.mark.parametrize(
    ("cards", "driver", "build", "mend"),
    [
        (["NVIDIA"], 13.0, "CPU only", "/cu130"),
        (["NVIDIA"], 12.4, "CPU only", "/cu126"),
        (["NVIDIA"], None, "CUDA 13.0", "driver"),
        (["AMD"], None, "CPU only", "ROCm"),
        (["Intel"], None, "CPU only", "/xpu"),
        (["Intel"], None, "CUDA 13.0", None),
        ([], None, "CPU only", None),
    ],
)
def test_a_card_that_is_not_used(
    monkeypatch: pytest.MonkeyPatch, cards: list[str], driver: float | None, build: str, mend: str | None
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(doctor, "_driver_cuda", lambda: driver)
    problem = doctor.unused_card(cards, build)
    assert (problem is None) == (mend is None)
    if problem is not None and mend is not None:
        assert mend in problem.mend and problem.stops == "speed"


def test_the_driver_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(words: str) -> None:
        done = subprocess.CompletedProcess(["nvidia-smi"], 0, words, "")
        monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)

    answers("| NVIDIA-SMI 570.86   Driver Version: 570.86   CUDA Version: 12.8     |")
    assert doctor._driver_cuda() == 12.8
    answers("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.")
    assert doctor._driver_cuda() is None


def test_bench_gui_says_why_it_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chargen.cli.bench.window_problem", lambda: "No window here.")
    with pytest.raises(ChargenError, match="No window here"):
        run_bench(build_parser().parse_args(["bench", "gui"]))


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (3, 3), (-15, 143)])
def test_bench_gui_passes_the_code_through(monkeypatch: pytest.MonkeyPatch, code: int, expected: int) -> None:
    class Meter:
        def __init__(self, command: list[str]) -> None:
            assert command[1:] == ["-m", "chargen.gui.lag", "--seconds", "5", "--json"]

        def __enter__(self) -> "Meter":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def wait(self) -> int:
            return code

    monkeypatch.setattr("chargen.cli.bench.window_problem", lambda: None)
    monkeypatch.setattr(subprocess, "Popen", Meter)
    assert run_bench(build_parser().parse_args(["bench", "gui", "--seconds", "5", "--json"])) == expected
