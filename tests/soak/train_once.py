"""One training in a process of its own, measured: a JSON request on standard input, one JSON object on standard output.

The request: ``texts`` and ``overrides`` as in :class:`chargen.training.session.TrainingRequest`, ``run`` the folder.

- ``seconds``: wall time from the request to the moment when the finished run is closed, the imports left out.
- ``memory``: the highest resident size of the process (VmHWM, reset after the imports) less what was resident
  then, in bytes. It counts everything the training brings in: text, parameters, kernels, threads' stacks. Linux only.
- ``pace``, ``validating``, ``ending``: seconds of a step with everything that happens between steps but validations,
  of the last validation, and from there to the closed run.
- ``before`` is what is predicted when the text has been read and this size may never have been timed (what the window
  shows before Train), ``at_start`` what the command line says when it has been.
"""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import chargen
from chargen.corpus.catalog import resolve
from chargen.corpus.streams import fit_streams
from chargen.training.clock import Clock
from chargen.training.device import choose_device
from chargen.training.events import Started, Tick, Validated
from chargen.training.prediction import predict
from chargen.training.presets import suggest
from chargen.training.session import TrainingRequest, prediction_of, prepare
from chargen.training.speed import remembered_speed

assert chargen.__version__


def resident(name: str) -> int:
    """Bytes of the line ``name`` of this process's status."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"there is no {name} here")


def run(request: dict[str, Any]) -> dict[str, Any]:
    overrides = request["overrides"]
    Path("/proc/self/clear_refs").write_text("5")  # the highest point starts anew
    base, begun, clock = resident("VmRSS"), time.perf_counter(), Clock()
    corpus = resolve(request["texts"])
    read = time.perf_counter()
    with clock.excluded():
        device = choose_device("cpu")
        speed = remembered_speed(device, overrides.get("threads"))
        model, config = suggest(overrides, corpus.characters, len(corpus.vocabulary), "cpu", speed)
        before = predict(model, config, speed, characters=corpus.characters, validation=corpus.validation_share)
        outside = time.perf_counter() - read
    trainer = prepare(TrainingRequest(corpus=corpus, run=Path(request["run"]), overrides=overrides), clock)
    at_start, timed, tuning_from, started_at = None, 0.0, time.perf_counter(), 0.0
    stands: list[tuple[float, Any]] = []  # when which event came
    try:
        for event in trainer.steps():
            stands.append((time.perf_counter(), event))
            if isinstance(event, Started):
                at_start = prediction_of(trainer)
                started_at = stands[-1][0]
                speed = remembered_speed(device, overrides.get("threads"))
                shape = fit_streams(len(corpus.training), config.streams, config.unroll)
                timed = speed.step(trainer.network.config, trainer.config, shape.streams, shape.unroll)[0]
                outside += time.perf_counter() - stands[-1][0]
                stands[-1] = (time.perf_counter(), event)
    finally:
        trainer.close()
    now = time.perf_counter()
    assert at_start is not None
    started = next(when for when, event in stands if isinstance(event, Started))
    validated = [index for index, (_, event) in enumerate(stands) if isinstance(event, Validated)]
    spans = [stands[index][0] - _begin_of_validation(stands, index) for index in validated]
    learned = _begin_of_validation(stands, validated[-1]) - started - sum(spans[:-1])
    return {
        "seconds": now - begun - outside, "pace": learned / trainer.step, "validating": spans[-1],
        "ending": now - stands[validated[-1]][0], "validations": len(spans),
        "tuning": started_at - tuning_from, "timed": timed, "vocabulary": model.vocabulary_size,
        "memory": resident("VmHWM") - base, "steps": trainer.step, "before": asdict(before),
        "at_start": asdict(at_start), "model": model.describe(), "parameters": model.parameter_count(),
        "loss": min(event.loss for _, event in stands if isinstance(event, Validated)),
        "characters": corpus.characters, "streams": config.streams, "unroll": config.unroll,
    }  # fmt: skip


def _begin_of_validation(stands: list[tuple[float, Any]], index: int) -> float:
    """When the validation that ends with event ``index`` began: at the last event that is no tick."""
    return next(when for when, event in reversed(stands[:index]) if not isinstance(event, Tick))


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
