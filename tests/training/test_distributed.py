"""Several processes learn as one: the same losses, the same files, and no harm where one of them is lost."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch.distributed as dist

from chargen.cli.main import main
from chargen.errors import RankError, SettingError
from chargen.model.model_file import load_model
from chargen.training import resume
from chargen.training.distributed import _fresh_store
from chargen.training.ranks import Place, Ranks, place
from chargen.training.together import _compare
from tests.training.helpers import TEXT, small_trainer

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name == "nt", reason="gloo, signals and torchrun as on POSIX")
WORDS = [
    "--steps", 100, "--layers", 2, "--hidden", 16, "--streams", 8, "--unroll", 16, "--dropout", 0.25,
    "--precision", "float32", "--seed", 3, "--json",
]  # fmt: skip
LAUNCHED = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")

# `chargen` whose processes share every update.
SHARING = """
import sys
import chargen.training.distributed
from chargen.cli.main import main
chargen.training.distributed.WORTH_TRADING = 0
sys.exit(main(sys.argv[1:]))
"""

# `chargen`, saving often; rank 1 ends without a word after DIE_AFTER steps, in the first attempt only.
CHILD = """
import os, signal, sys
import chargen.training.trainer as module
from chargen.cli.main import main
module.SAVE_SECONDS = 0.1
learn = module.Trainer._learn
def learn_or_die(trainer, *arguments):
    first = os.environ.get("TORCHELASTIC_RESTART_COUNT") == "0"
    if os.environ["RANK"] == "1" and first and trainer.step == int(os.environ.get("DIE_AFTER", -1)):
        os.kill(os.getpid(), signal.SIGKILL)
    return learn(trainer, *arguments)
module.Trainer._learn = learn_or_die
sys.exit(main(sys.argv[1:]))
"""


def environment(**changes: object) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path, **{name: str(value) for name, value in changes.items()}}


def start(
    folder: Path, count: int, *words: object, texts: list[Path] | None = None, **changes: object
) -> list[subprocess.Popen[str]]:
    """``chargen train`` in so many processes that know of each other, as torchrun starts them, but sooner."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = []
    for rank in range(count):
        values = (rank, count, rank, count, "127.0.0.1", port)
        text = folder / "t.txt" if texts is None else texts[rank]
        command = [sys.executable, "-c", SHARING, "train", str(text), *map(str, words)]
        found.append(
            subprocess.Popen(
                command,
                env=environment(**dict(zip(LAUNCHED, values, strict=True)), **changes),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                start_new_session=True,
            )
        )
    return found


def ended(processes: list[subprocess.Popen[str]], timeout: float = 100) -> list[tuple[int, str, str]]:
    """(code, stdout, stderr) of each."""
    try:
        outputs = [process.communicate(timeout=timeout) for process in processes]
    finally:
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # and what it has started
                process.communicate()
    return [(process.returncode, *output) for process, output in zip(processes, outputs, strict=True)]


def torchrun(folder: Path, count: int, *words: object, restarts: int = 0, **changes: object) -> Any:
    script = folder / "child.py"
    script.write_text(CHILD)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(count)]
    command += ["--standalone", "--max-restarts", str(restarts), "--", str(script), *map(str, words)]
    return subprocess.Popen(
        command, env=environment(**changes), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        start_new_session=True,
    )  # fmt: skip


def finished(out: str) -> dict[str, Any]:
    return json.loads(out.splitlines()[-1])


def write_text(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "t.txt").write_text(TEXT)
    return folder / "t.txt"


def home_of(run: Path) -> Path:
    """The user's folder of those who learned ``run``: it remembers the kernels that were the fastest there."""
    return run.parent / "home"


@pytest.fixture(scope="module")
def by_two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, str, str]]]:
    """A run by two processes, and what they printed."""
    folder = tmp_path_factory.mktemp("two")
    write_text(folder)
    words = ("--run", folder / "run", *WORDS)
    return folder / "run", ended(start(folder, 2, *words, CHARGEN_HOME=home_of(folder / "run")))


@posix
def test_two_processes_learn_what_one_learns(by_two, tmp_path, capfd):
    run, results = by_two
    assert [code for code, _, _ in results] == [0, 0], results
    text = write_text(tmp_path)
    # Two threads share a step by streams as two processes do: even the dropout masks are the same.
    words = ["train", text, "--run", tmp_path / "one", *WORDS, "--threads", 2]
    assert main([str(word) for word in words]) == 0
    alone, together = finished(capfd.readouterr().out), finished(results[0][1])
    assert together["step"] == alone["step"] == 100
    assert together["loss"] == pytest.approx(alone["loss"], abs=1e-4)
    mine, theirs = (resume.load(folder / "resume.safetensors").tensors for folder in (run, tmp_path / "one"))
    assert mine.keys() == theirs.keys()
    for name, tensor in mine.items():
        assert tensor == pytest.approx(theirs[name], abs=1e-3), name  # the carried state of all streams among them


@posix
def test_only_the_first_prints(by_two):
    (_, out, _), (_, silence, complaints) = by_two[1]
    names = [json.loads(line)["event"] for line in out.splitlines()]
    assert names.count("started") == names.count("predicted") == names.count("finished") == 1
    assert (silence, complaints) == ("", "")


@posix
def test_a_lost_process_ends_all_and_a_restart_goes_on_bit_for_bit(by_two, tmp_path):
    run = tmp_path / "run"
    words = ("train", write_text(tmp_path), "--run", run, *WORDS)
    process = torchrun(tmp_path, 2, *words, restarts=1, DIE_AFTER=60, CHARGEN_HOME=home_of(by_two[0]))  # same kernels
    ((code, out, complaints),) = ended([process])
    assert code == 0, complaints
    assert complaints.count("Another process of this training has ended") == 1
    assert [event["step"] for event in map(json.loads, out.splitlines()) if event["event"] == "finished"] == [100]
    restarted = int(re.findall(r'"step": (\d+)', (run / "events.jsonl").read_text().split('"event": "started"')[2])[0])
    assert 0 < restarted <= 60
    for name in ("latest.safetensors", "model.safetensors"):
        assert load_model(run / name).fingerprint == load_model(by_two[0] / name).fingerprint
    mine, theirs = (resume.load(folder / "resume.safetensors").tensors for folder in (run, by_two[0]))
    assert all((mine[name] == theirs[name]).all() for name in theirs)


@posix
def test_processes_with_different_texts_say_so_and_write_nothing(tmp_path):
    other = tmp_path / "other.txt"
    other.write_text(TEXT.replace("cat", "bat"))
    results = ended(start(tmp_path, 2, "--run", tmp_path / "run", *WORDS, texts=[write_text(tmp_path), other]))
    sentence = "The processes of this training have different texts; start all of them with the same text, settings"
    for code, _, complaints in results:
        assert code == 2 and complaints.startswith(sentence) and complaints.count("\n") == 1
    assert not (tmp_path / "run").exists()


@posix
def test_what_an_earlier_attempt_left_in_the_store_is_not_believed(monkeypatch):
    """torchrun keeps one store while it starts processes anew; their predecessors' addresses lead nowhere."""
    server = dist.TCPStore("127.0.0.1", 0, is_master=True, multi_tenant=True, wait_for_workers=False)
    for name, value in (("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", server.port), ("USE_AGENT_STORE", True)):
        monkeypatch.setenv(name if name.startswith("MASTER") else f"TORCHELASTIC_{name}", str(value))
    with ThreadPoolExecutor(3) as pool:
        for attempt in range(3):
            stores = list(pool.map(lambda rank: _fresh_store(Place(rank, 3)), range(3)))
            assert not any(store.check([f"address/{rank}"]) for rank, store in enumerate(stores))
            for rank, store in enumerate(stores):
                store.set(f"address/{rank}", f"of attempt {attempt}")
            assert all(store.get("address/2") == f"of attempt {attempt}".encode() for store in stores)


def asked(**changes: Any) -> dict[str, Any]:
    return {"version of chargen": "1", "version of PyTorch": "2", "--resume": False, "--hidden": 64, **changes}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--hidden": 32}, "Process 2 of this training has another --hidden than process 0 (32 instead of 64)"),
        ({"--layers": 2}, "another --layers than process 0 (2 instead of none)"),
        ({"--resume": True}, "another --resume than process 0 (yes instead of no)"),
        ({"version of chargen": "0"}, "another version of chargen than process 0 (0 instead of 1)"),
    ],
)
def test_disagreement_is_named(changes, words):
    _compare([asked(), asked(), asked()])
    with pytest.raises(RankError, match=re.escape(words)):
        _compare([asked(), asked(), asked(**changes)])


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("streams", [12, 13, 64])
def test_every_stream_has_one_thread(count, workers, streams):
    taken = []
    for rank in range(count):
        ranks = Ranks()
        ranks.rank, ranks.count = rank, count
        for share in ranks.shares(streams, workers):
            assert share.stop > share.start
            taken += range(streams)[share]
    assert taken == list(range(streams))


def test_more_processes_than_streams_are_refused():
    ranks = Ranks()
    ranks.count = 5
    with pytest.raises(RankError, match="4 streams, too few for 5 processes"):
        small_trainer(ranks=ranks)


def test_a_process_knows_its_place(monkeypatch):
    for name in LAUNCHED:
        monkeypatch.delenv(name, raising=False)
    assert place() is None
    monkeypatch.setenv("RANK", "1")
    assert place() is None  # a lone variable of that name means something else
    for name, value in zip(LAUNCHED, (3, 4, 1, 2, "here", 7), strict=True):
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "2")
    assert place() == Place(3, 4, 1, 2, restarts=2)
    for wrong in ("four", "2", "-1"):
        monkeypatch.setenv("WORLD_SIZE", wrong)
        with pytest.raises(SettingError, match="torchrun"):
            place()


def test_one_process_alone_needs_no_process_group(tmp_path):
    """Nothing of ours that needs one is loaded, and none is made."""
    code = (
        "import sys, torch.distributed as dist; from chargen.cli.main import main; assert main(sys.argv[1:]) == 0;"
        "assert not dist.is_initialized() and 'chargen.training.distributed' not in sys.modules"
    )
    words = ["train", write_text(tmp_path), "--run", tmp_path / "run", *WORDS, "--steps", 2]
    done = subprocess.run([sys.executable, "-c", code, *map(str, words)], env=environment(), capture_output=True,
                          encoding="utf-8", timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr


# -- the long ones ---------------------------------------------------------------------------------


@posix
@pytest.mark.soak
def test_four_processes_lose_one_twice_over(tmp_path):
    """Without a restart all end soon, and what was saved goes on by hand, with another number of processes too."""
    text, run = write_text(tmp_path), tmp_path / "run"
    words = ["train", text, "--run", run, *WORDS]
    begun = time.monotonic()
    ((code, _, complaints),) = ended([torchrun(tmp_path, 4, *words, DIE_AFTER=40)])
    assert code != 0 and complaints.count("Another process of this training has ended") == 3
    assert time.monotonic() - begun < 90
    reached = resume.load(run / "resume.safetensors").progress["step"]
    assert 0 < reached <= 40
    ((code, out, complaints),) = ended([torchrun(tmp_path, 4, "train", "--run", run, "--resume", "--json")])
    assert code == 0 and finished(out)["step"] == 100, complaints
    whole = tmp_path / "whole"
    assert ended([torchrun(tmp_path, 4, "train", text, "--run", whole, *WORDS)])[0][0] == 0
    assert load_model(run / "latest.safetensors").fingerprint == load_model(whole / "latest.safetensors").fingerprint
    ((code, out, _),) = ended([torchrun(tmp_path, 2, "train", "--run", run, "--resume", "--json", "--steps", 120)])
    assert code == 0 and finished(out)["step"] == 120 and "newly chosen" in out
    assert main(["train", "--run", str(run), "--resume", "--steps", "125"]) == 0


@posix
@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_ends_in_a_saved_run(tmp_path, number):
    """Sent to the launcher and to its processes, as a terminal does: the second one must not spoil the saving."""
    run = tmp_path / "run"
    words = [word if word != 100 else 1_000_000 for word in WORDS]
    process = subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m", "--", "chargen",
         "train", str(write_text(tmp_path)), "--run", str(run), *map(str, words)],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if '"progress"' in line:
            break
    os.killpg(process.pid, number)
    out, complaints = process.communicate(timeout=100)
    assert finished(out)["reason"] == "interrupted", complaints
    assert resume.load(run / "resume.safetensors").progress["step"] == finished(out)["step"]
    assert "Another process" not in complaints


@posix
@pytest.mark.soak
@pytest.mark.parametrize("moment", ["before", "while reading"])
def test_a_process_that_never_comes_is_given_up(tmp_path, moment, monkeypatch):
    """One that cannot read its text tells the others; one that is missing is not waited for without end."""
    missing = tmp_path / "missing.txt"
    text = write_text(tmp_path)
    begun = time.monotonic()
    processes = start(tmp_path, 2, "--run", tmp_path / "run", *WORDS, texts=[text, missing])
    if moment == "before":
        processes[1].kill()
    results = ended(processes, timeout=150)
    assert results[0][0] == 2 and results[0][2].count("\n") == 1
    if moment == "while reading":
        assert "Process 1 cannot take part" in results[0][2] and results[0][2] == results[1][2]
    assert time.monotonic() - begun < 150
    assert not (tmp_path / "run").exists()
