"""Moments of a training at which somebody leaves: a function there is replaced by one that leaves, then goes on."""

import pkgutil
from collections.abc import Callable
from typing import Any

from chargen.model.runs import RunFolder

# The function, which of its calls, and the steps of the training.
MOMENTS = {
    "preparing": ("chargen.training.session.check_memory", 1, 20),
    "autotuning": ("chargen.training.autotune._measure", 1, 20),
    "making the folder": ("chargen.training.recorder.save_encoded", 1, 20),
    "learning": ("chargen.training.trainer.Trainer._learn", 3, 20),
    "validating": ("chargen.training.evaluation.iterate_losses", 1, 20),
    "sampling": ("chargen.training.evaluation.preview_text", 1, 20),
    "saving the best": ("chargen.training.recorder.save_model", 1, 20),
    "saving": ("chargen.training.resume.save", 2, 20),  # the first is the beginning
    "validating at the end": ("chargen.training.evaluation.iterate_losses", 1, 1),
    "sampling at the end": ("chargen.training.evaluation.preview_text", 1, 1),
    "saving at the end": ("chargen.training.resume.save", 2, 1),
}
UNLEARNED = ("preparing", "autotuning", "making the folder")
VALIDATING = ("validating", "validating at the end")
DECIDED = ("sampling at the end", "saving at the end")
"""By then the training has ended as it would have without anybody."""


def leave_at(monkeypatch: Any, moment: str, leave: Callable[[], None]) -> int:
    """Call ``leave`` at the moment, once. Returns the steps that the training is to have."""
    place, wanted, steps = MOMENTS[moment]
    calls = 0
    real = pkgutil.resolve_name(place)

    def replaced(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == wanted:
            leave()
        return real(*arguments, **keywords)

    monkeypatch.setattr(place, replaced)
    if moment in ("sampling", "saving"):  # at once, not after seconds
        monkeypatch.setattr("chargen.training.trainer.SAVE_SECONDS", 0.0)
        monkeypatch.setattr("chargen.training.trainer.Trainer._sample_interval", lambda _trainer: 0.0)
    return steps


def nothing_half_done(run: RunFolder) -> None:
    """A whole run, that nobody holds."""
    assert run.describe() and run.corpus.exists() and run.latest.exists() and run.resume.exists()
    assert not list(run.folder.glob(".chargen-*"))
    run.lock().release()
