"""What holds for every command: help, versions, errors, exit codes."""

import importlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from chargen import __main__ as entry
from chargen import __version__, paths
from chargen.cli import corpora, signals, window_check
from chargen.cli.main import build_parser, main
from chargen.cli.parser import range_words
from chargen.settings import OPTIONS
from tests.cli.conftest import Run

COMMANDS = [
    ["train"],
    ["sample"],
    ["score"],
    ["inspect"],
    ["corpora"],
    ["state"],
    ["state", "capture"],
    ["state", "show"],
    ["doctor"],
    ["bench"],
    ["bench", "gui"],
    ["bench", "sample"],
    ["bench", "learn"],
]


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
def test_help_says_what_the_table_says(run: Run, command: list[str]) -> None:
    result = run(*command, "--help")
    assert result.code == 0 and result.err == ""
    assert result.out.startswith("usage: chargen")


def test_help_shows_each_option_with_its_sentence_and_default(run: Run) -> None:
    words = " ".join(run("train", "--help").out.split())
    for name in ("learning_rate", "clip", "seed", "validation", "cell"):
        option = OPTIONS[name]
        assert option.flag in words and option.help in words
        assert range_words(option) in words
    assert "default: 0.1" in words and "9,007,199,254,740,991" in words


def test_every_option_of_the_table_has_a_flag() -> None:
    flags: set[str] = set()
    for verb in ("train", "sample"):
        known, _ = build_parser().parse_known_args([verb, "x"])
        flags |= set(vars(known))
    assert flags >= set(OPTIONS)


def test_version(run: Run) -> None:
    assert run("--version").out == f"chargen {__version__}\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["fly"], "There is no “fly” among the commands of chargen; see chargen --help."),
        (["train", "--hiden", "3"], "chargen train has no option --hiden; did you mean --hidden?"),
        (["train", "--zzz"], "chargen train has no option --zzz; see chargen train --help."),
        (
            ["train", "--hidden"],
            "--hidden needs a value (write --hidden=VALUE where it starts with a dash); see chargen train --help.",
        ),
        (["train", "--hid", "3"], "chargen train has no option --hid; did you mean --hidden?"),
        (["sample"], "chargen sample needs MODEL; see chargen sample --help."),
        (["score", "a"], "chargen score needs TEXT; see chargen score --help."),
        (["score", "a", "b", "c"], "chargen score does not know what to do with “c”; see chargen score --help."),
        (
            ["sample", "a", "--prompt", "b", "--prompt-file", "c"],
            "--prompt-file and --prompt exclude each other; give one of them.",
        ),
        (["sample", "a", "--json=yes"], "--json takes no value; see chargen sample --help."),
        (["state"], "chargen state needs WHAT; see chargen state --help."),
        (["bench", "speed"], "There is no “speed” among the commands of chargen bench; see chargen bench --help."),
        (["--quiet"], "chargen needs COMMAND; see chargen --help."),
    ],
)
def test_a_command_that_cannot_be_understood(run: Run, words: list[str], sentence: str) -> None:
    result = run(*words)
    assert (result.code, result.out, result.err) == (2, "", sentence + "\n")


def test_a_file_instead_of_a_command(run: Run, text: Path, model: Path) -> None:
    assert run(text).err == f"“{text}” is no command; try: chargen train {text}\n"
    assert run(model).err == f"“{model}” is no command; try: chargen inspect {model}\n"


def test_an_unexpected_error_is_one_sentence_and_its_traceback_is_kept(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> int:
        raise RuntimeError("the\nsky fell")

    monkeypatch.setattr(corpora, "_fetch", broken)
    result = run("corpora", "--fetch", "x")
    log = paths.log_file()
    assert result.code == 1
    assert result.err == (
        f"Something went wrong that should not (RuntimeError: the sky fell); the details are in “{log}”.\n"
    )
    assert "Traceback" in log.read_text() and "sky fell" in log.read_text()


def test_not_enough_memory(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: object, **__: object) -> int:
        raise MemoryError

    monkeypatch.setattr(corpora, "_fetch", greedy)
    result = run("corpora", "--fetch", "x")
    assert result.code == 2 and "not enough memory" in result.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_command(run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int) -> None:
    def interrupted(*_: object, **__: object) -> int:
        signal.raise_signal(number)
        raise AssertionError("went on")

    before = signal.getsignal(number)
    monkeypatch.setattr(corpora, "_fetch", interrupted)
    result = run("corpora", "--fetch", "x")
    assert (result.code, result.out, result.err) == (code, "", "")
    assert signal.getsignal(number) == before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with signals.handled(signals.raise_interrupted):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.fixture
def signals_restored() -> Iterator[None]:
    """A process that ends ignores signals from then on; this one goes on."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals_restored")
def test_the_process_ends_with_the_code_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["chargen", "--version"])
    assert entry.main() == 0
    signal.raise_signal(signal.SIGINT)  # nothing
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


@pytest.mark.usefixtures("signals_restored")
def test_no_arguments_open_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["chargen"])
    monkeypatch.setattr(entry, "window", lambda: 5)
    assert entry.main() == 5
    monkeypatch.setattr("sys.argv", ["chargen", "--version"])
    assert entry.main() == 0


@pytest.mark.usefixtures("signals_restored")
@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "sched_getaffinity"), reason="Linux finds displays this way")
def test_without_a_display_the_window_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert entry.window() == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert "no display" in err and "chargen train, chargen sample" in err


@pytest.mark.usefixtures("signals_restored")
def test_qt_that_cannot_be_imported_names_the_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.import_module

    def fails(name: str, package: str | None = None) -> object:
        if name == "chargen.gui.app":
            raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
        return real(name, package)

    monkeypatch.setattr(window_check, "window_problem", lambda: None)
    monkeypatch.setattr(importlib, "import_module", fails)
    assert entry.window() == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "libEGL.so.1 is missing" in err


def test_main_takes_the_words_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["chargen", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("chargen ")
