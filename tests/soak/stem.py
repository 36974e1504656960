"""A process that has loaded PyTorch and computes nothing: it forks children that train, and kills them.

Started once (``python -m tests.soak.stem``), it saves every training the seconds that the import takes. It reads one
:class:`Training` in JSON a line and answers in one line: how the child ended, and the step that it began at.
"""

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chargen.files as files
import chargen.training.trainer as trainer_module
from chargen.training import evaluation, events, resume
from chargen.training.adamw import AdamW
from chargen.training.clock import Clock
from chargen.training.guard import Guard
from chargen.training.session import TrainingRequest, prepare
from tests.training.helpers import run_request, small_corpus

SPOILED_AFTER = 105
"""The update that leaves no numbers, once a run: learning goes back to the guard's last good point."""

SAVE_EVERY = 7  # steps


@dataclass
class Training:
    """What a child is to do.

    Attributes:
        run: the folder; continued where it is a run. home: the folder of the user's things. options: of a new run.
        kill: the name of a moment in :data:`MOMENTS`; empty for none. draw: what chance decides at that moment, 0 to 1.
        seconds: killed so long after it began, by the clock; 0 for not. save: whether to save every few steps.
    """

    run: str
    home: str
    options: dict[str, Any]
    kill: str = ""
    draw: float = 0.0
    seconds: float = 0.0
    save: bool = True


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wrap(owner: Any, name: str, before: Callable[..., Any] | None = None, after: Callable[..., Any] | None = None):
    """Call something before or after a function of a module or class. For the rest of the process: it is short."""
    real = getattr(owner, name)

    def wrapped(*arguments, **keywords):
        if before is not None:
            before(*arguments, **keywords)
        result = real(*arguments, **keywords)
        if after is not None:
            after(*arguments, **keywords)
        return result

    setattr(owner, name, wrapped)


def call(owner: Any, name: str, first: int, last: int, after: bool = False) -> Callable[[float], None]:
    """Die at one of these calls of a function, or just after it."""

    def arm(draw: float) -> None:
        wanted, calls = first + int(draw * (last - first + 1)), 0

        def count(*_, **__):
            nonlocal calls
            calls += 1
            if calls == wanted:
                die()

        wrap(owner, name, **{"after" if after else "before": count})

    return arm


def write(name: str, part: str, first: int, last: int) -> Callable[[float], None]:
    """Die at one of these writes of a file: ``half`` of it written, the previous one ``kept``, or ``replaced``."""

    def arm(draw: float) -> None:
        wanted, writes, now = first + int(draw * (last - first + 1)), 0, False

        def begin(path):
            nonlocal writes, now
            writes += path.name == name
            now = path.name == name and writes == wanted

        def die_now(*_, **__):
            if now:
                die()

        class Half:
            def __init__(self, file):
                self._file = file

            def __enter__(self):
                return self

            def __exit__(self, *_):
                self._file.close()

            def write(self, piece):
                if now:
                    self._file.write(memoryview(piece).cast("B")[: len(piece) // 2])
                    self._file.flush()
                    die()
                self._file.write(piece)

            def __getattr__(self, wanted):
                return getattr(self._file, wanted)

        wrap(files, "_destination", before=begin)
        if part == "half":
            real = os.fdopen
            os.fdopen = lambda *arguments, **keywords: Half(real(*arguments, **keywords))
        else:
            wrap(files, {"kept": "_keep_previous", "replaced": "_sync_folder"}[part], after=die_now)

    return arm


def gone_back(what: str) -> Callable[[float], None]:
    """Die at once after learning has gone back; or after the next save, or a few steps later."""

    def arm(draw: float) -> None:
        went, steps = False, 0

        def back(*_):
            nonlocal went
            went = True
            if what == "at once":
                die()

        def later(*_):
            nonlocal steps
            steps += went
            if went and (what == "saved" or steps > 1 + 20 * draw):
                die()

        wrap(Guard, "go_back", after=back)
        if what != "at once":
            wrap(*((resume, "save") if what == "saved" else (trainer_module.Trainer, "_learn")), after=later)

    return arm


def ending(draw: float) -> None:
    """Die at the last save."""
    wrap(resume, "save", before=lambda _path, point: die() if point.progress["step"] == 200 else None)


MOMENTS: dict[str, Callable[[float], None]] = {
    "the first step": call(trainer_module.Trainer, "_learn", 1, 1),
    "before the first save": call(trainer_module.Trainer, "_learn", 2, SAVE_EVERY),
    "between early steps": call(trainer_module.Trainer, "_learn", 15, 63),
    "between steps": call(trainer_module.Trainer, "_learn", 65, SPOILED_AFTER),
    "between late steps": call(trainer_module.Trainer, "_learn", 140, 235),
    "in the middle of an update": call(AdamW, "update", 20, 230, after=True),  # Muon's part is yet to come
    "half of the newest model": write("latest.safetensors", "half", 1, 30),
    "the newest model kept as previous": write("latest.safetensors", "kept", 2, 30),
    "newest model, older resume point": write("latest.safetensors", "replaced", 1, 30),
    "half of the resume point": write("resume.safetensors", "half", 1, 30),
    "the resume point kept as previous": write("resume.safetensors", "kept", 2, 30),
    "the resume point replaced": write("resume.safetensors", "replaced", 2, 30),
    "half of the best model": write("model.safetensors", "half", 1, 5),
    "the best model replaced": write("model.safetensors", "replaced", 1, 5),
    "validating": call(evaluation, "iterate_losses", 1, 9),
    "validated": call(events, "Validated", 1, 9),
    "just gone back": gone_back("at once"),
    "gone back and saved": gone_back("saved"),
    "learning again after going back": gone_back("learning"),
    "the last save": ending,
}  # fmt: skip


def spoil_once() -> None:
    def spoil(trainer, *_):
        if trainer.step == SPOILED_AFTER and trainer.training.counters.returns == 0:
            for parameter in trainer.network.parameters():
                parameter.data.fill_(float("nan"))

    wrap(trainer_module.Trainer, "_learn", after=spoil)


def learn(training: Training, began: int) -> None:
    """Train to the end, unless it dies before. Tells the descriptor ``began`` the step at which it begins."""
    os.environ["CHARGEN_HOME"] = training.home
    run = Path(training.run)
    spoil_once()
    if training.kill:
        MOMENTS[training.kill](training.draw)
    if training.save:  # the losses are looked at after each step then; else as seldom as ever
        trainer_module.REPORT_SECONDS = 0.0
    new = not (run / "run.json").exists()
    request = TrainingRequest(
        corpus=small_corpus() if new else None, run=run, resume=not new,
        # patience: all 200 steps are made, however well the little text is known by then
        overrides=run_request(run, hidden=24, embedding=8, streams=8, steps=200, patience=0, **training.options)
        if new else {},
    )  # fmt: skip
    trainer = prepare(request, Clock())
    saved = trainer.step
    for event in trainer.steps():
        if isinstance(event, events.Started):
            os.write(began, f"{event.step}\n".encode())
        if training.save and abs(trainer.step - saved) >= SAVE_EVERY:
            saved = trainer.step
            trainer.save_soon()
    trainer.close()


def fork(training: Training) -> tuple[int, int | None]:
    """(the exit status, minus the signal that ended it; the step that it began at, if it came so far)."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            learn(training, writer)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writer)
    began = os.read(reader, 20).decode()
    if training.seconds:
        time.sleep(training.seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(reader)
    return os.waitstatus_to_exitcode(status), int(began) if began else None


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(fork(Training(**json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
