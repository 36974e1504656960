"""Signals at every moment of a command: the promised exit code, not a word on stderr, nothing half done."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chargen.model.model_file import load_model
from chargen.model.runs import RunFolder
from tests.cli.conftest import Run
from tests.cli.test_processes import environment
from tests.training.moments import DECIDED, MOMENTS, VALIDATING, leave_at, nothing_half_done

SMALL = ["--hidden", 8, "--layers", 1, "--streams", 4, "--unroll", 8, "--precision", "float32", "--threads", 1]
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
posix = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_signal_at_any_moment_of_a_training(
    run: Run, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, number: int, code: int
) -> None:
    folder = tmp_path / "run"
    with monkeypatch.context() as patched:
        steps = leave_at(patched, moment, lambda: signal.raise_signal(number))
        left = run("train", text, "--run", folder, "--steps", steps, "--json", *SMALL)
    assert (left.code, left.err) == (code, "")
    if moment == "preparing":
        assert left.out == "" and not folder.exists()
        return
    finished = left.events[-1]
    assert finished["event"] == "finished" and finished["step"] <= 3
    assert finished["reason"] == ("budget" if moment in DECIDED else "interrupted")
    if moment in VALIDATING:
        assert left.only("validated") == []
    nothing_half_done(RunFolder(folder))
    load_model(folder)
    more = run("train", "--run", folder, "--resume", "--steps", finished["step"] + 2, "--json")
    assert more.code == 0 and more.events[-1]["step"] == finished["step"] + 2


@pytest.mark.parametrize("moment", ["autotuning", "making the folder", "learning", "saving", "validating at the end"])
def test_a_second_signal_leaves_at_once(
    run: Run, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    words = ["train", text, "--run", tmp_path / "run", "--json", *SMALL, "--steps"]
    with monkeypatch.context() as patched:
        steps = leave_at(patched, moment, twice)
        left = run(*words, steps)
    assert (left.code, left.err) == (143, "")
    assert not left.only("finished")
    assert (tmp_path / "run").exists() == (moment not in ("autotuning", "making the folder"))
    assert not list(tmp_path.glob("run/.chargen-*"))
    if moment == "validating at the end":  # nothing was saved yet in so short a run, and it may be begun anew
        assert run(*words, 2).code == 0


def test_a_signal_while_the_trainer_is_closed_changes_nothing(
    run: Run, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chargen.training.trainer import Trainer

    real = Trainer.close

    def close(trainer: Trainer) -> None:
        signal.raise_signal(signal.SIGINT)
        real(trainer)

    monkeypatch.setattr(Trainer, "close", close)
    assert run("train", text, "--run", tmp_path / "run", "--steps", 2, *SMALL).code == 0
    nothing_half_done(RunFolder(tmp_path / "run"))


@posix
def test_a_signal_amid_an_import_ends_the_process_quietly(tmp_path: Path) -> None:
    """Before anything can be said or saved; a module is imported half, and no handler may raise there."""
    (tmp_path / "torch.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nimport time\ntime.sleep(9)"
    )
    code = (
        "from chargen.cli import signals, torch_import\nwith signals.handled(signals.raise_interrupted):\n"
        "    try:\n        torch_import.import_torch()\n    except BaseException as error:\n        print(error)"
    )
    path = environment()["PYTHONPATH"]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(PYTHONPATH=os.pathsep.join([str(tmp_path), path])),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (143, b"", b"")


def _hears(process: "subprocess.Popen[str]") -> None:
    """Until it has said to the system that it will hear SIGTERM: by then the first line of ``main`` has run."""
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("SigCgt") and int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1:
                return
        time.sleep(0.001)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux says which signals a process hears")
@pytest.mark.parametrize(
    ("verb", "delay"),
    [("train", 0.0), ("sample", 0.02), ("score", 0.06), ("state", 0.1), ("train", 0.3), ("score", 0.6)],
)
def test_a_signal_while_a_command_starts(model: Path, text: Path, verb: str, delay: float) -> None:
    words: dict[str, list[object]] = {
        "train": ["train", text, "--minutes", 5, *SMALL],
        "sample": ["sample", model, "--length", 10**7, "--seed", 1],
        "score": ["score", model, text],
        "state": ["state", "--help"],
    }
    number, code = SIGNALS[round(delay * 100) % 4 // 2]
    with subprocess.Popen(
        [sys.executable, "-m", "chargen", *map(str, words[verb])],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        _hears(process)
        time.sleep(delay)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=30)
    ended_before = verb == "state" and process.returncode == 0
    assert ended_before or (process.returncode, stderr) == (code, "")
