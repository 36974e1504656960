"""Real processes: what cannot be seen from inside one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from chargen.model.model_file import load_model
from tests.cli.conftest import VERSE, Run

SMALL = ["--hidden", 8, "--streams", 2, "--unroll", 8, "--precision", "float32", "--threads", 1]
ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name == "nt", reason="signals and pipes of POSIX")


def environment(**changes: str) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path, **changes}


def chargen(*words: object, **keywords: Any) -> subprocess.CompletedProcess[str]:
    keywords.setdefault("env", environment())
    return subprocess.run(
        [sys.executable, "-m", "chargen", *map(str, words)],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        **keywords,
    )


@pytest.mark.parametrize("forbidden", [("torch", "PySide6", "rich")])
def test_quick_commands_import_neither_torch_nor_qt(model: Path, text: Path, forbidden: tuple[str, ...]) -> None:
    """One process for all: whatever one of them imports would still be there at the end."""
    commands = [
        ["--help"],
        ["train", "--help"],
        ["corpora", "--json"],
        ["inspect", str(text), "--json"],
        ["inspect", str(model)],
        ["sample", str(model), "--length", "5"],
    ]
    script = (
        "import sys\nfrom chargen.cli.main import main\n"
        f"for words in {commands!r}:\n    assert main(words) == 0, words\n"
        f"sys.exit(', '.join(set({forbidden!r}) & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_exit_codes(model: Path) -> None:
    assert chargen("--version").returncode == 0
    wrong = chargen("sample", model, "--temperature", "nan")
    assert (wrong.returncode, wrong.stdout) == (2, "") and wrong.stderr.count("\n") == 1


def test_the_same_seed_the_same_bytes_in_any_locale(model: Path) -> None:
    words = [sys.executable, "-m", "chargen", "sample", str(model), "--seed", "5", "--length", "200"]
    plain = environment(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    outputs = {subprocess.run(words, env=env, capture_output=True, check=True).stdout for env in (environment(), plain)}
    assert len(outputs) == 1


@posix
def test_a_closed_pipe_is_no_error(model: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "chargen", "sample", str(model), "--length", "1000000", "--seed", "1"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.wait(timeout=30) == 141
        assert process.stderr.read() == b""


@posix
def test_a_full_disk_behind_stdout_is_a_sentence(model: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "chargen", "sample", str(model), "--seed", "1"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "The result cannot be written: no space left on device.\n"


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_training_saves_a_run_that_goes_on(
    run: Run, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    text, folder = tmp_path / "t.txt", tmp_path / "run"
    text.write_text(VERSE * 60)
    words = ["train", text, "--run", folder, "--minutes", "5", "--json", *SMALL]
    with subprocess.Popen(
        [sys.executable, "-m", "chargen", *map(str, words)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "progress":
                break
        sent = time.monotonic()
        process.send_signal(number)
        rest = [json.loads(line) for line in process.stdout]
        assert process.wait(timeout=30) == code
        assert time.monotonic() - sent < 10
        assert process.stderr.read() == ""
    finished = rest[-1]
    assert finished["event"] == "finished" and finished["reason"] == "interrupted"
    load_model(folder)
    more = run("train", "--run", folder, "--resume", "--steps", finished["step"] + 3, "--json")
    assert more.code == 0 and more.only("finished")[0]["step"] == finished["step"] + 3


@posix
def test_a_terminal_shows_one_panel_and_the_next_command(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    text = tmp_path / "t.txt"
    text.write_text(VERSE * 20)
    words = ["train", text, "--run", tmp_path / "run", "--steps", 30, *SMALL]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "chargen", *map(str, words)],
        stdout=theirs,
        stderr=theirs,
        stdin=theirs,
        env=environment(TERM="xterm-256color", COLUMNS="80", LINES="24"),
    ) as process:
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:  # Linux says so when the other side has closed
            pass
        assert process.wait(timeout=60) == 0
    os.close(ours)
    shown = seen.decode()
    assert "chargen train" in shown and "\x1b[?25h" in shown  # the cursor is back
    assert shown.rstrip().splitlines()[-1].startswith("Write with it: chargen sample ")
