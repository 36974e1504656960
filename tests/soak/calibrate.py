"""Measures the numbers of ``chargen/training/calibration.py`` again: ``python -m tests.soak.calibrate``.

Run it on an idle machine, after the learning step, the saving or the validation has changed; it takes about three
minutes. Nothing is written: put the printed numbers into the module, then run the proof
(``python -m pytest -m soak tests/soak/test_prediction.py``). ``--memory`` measures the memory alone.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import chargen
from chargen.model.config import ModelConfig
from chargen.training import calibration
from chargen.training.config import TrainingConfig
from chargen.training.memory import estimate_bytes
from chargen.training.prediction import validation_pace

assert chargen.__version__
ROOT = Path(__file__).parents[2]
SYMBOLS = 80

SHAPES = {  # layers, hidden, streams, unroll
    "lstm": [
        (1, 64, 16, 64), (1, 128, 16, 64), (1, 192, 16, 64), (1, 256, 16, 64), (1, 256, 32, 64), (1, 320, 32, 64),
        (1, 320, 8, 64), (1, 384, 16, 128), (1, 512, 32, 64), (1, 512, 8, 32), (1, 768, 32, 64), (2, 128, 32, 64),
        (2, 256, 32, 96), (2, 512, 32, 96), (3, 256, 16, 64), (1, 256, 64, 128),
    ],
    "gru": [(1, 64, 16, 64), (1, 128, 32, 64), (1, 256, 16, 64), (1, 320, 32, 64), (1, 512, 32, 64), (2, 256, 32, 64)],
    "rnn": [(1, 64, 16, 64), (1, 128, 32, 64), (1, 256, 16, 64), (1, 320, 32, 64), (1, 512, 32, 64), (2, 256, 32, 64)],
}  # fmt: skip

RUNS: list[tuple[str, dict[str, Any]]] = [  # text, overrides; each is run twice: tuned, and with what is remembered
    ("the-lamp-at-sarn", {"layers": 1, "hidden": 192, "streams": 16, "unroll": 64, "steps": 150}),
    ("the-lamp-at-sarn", {"layers": 1, "hidden": 320, "streams": 32, "unroll": 64, "steps": 50}),
    ("python-help", {"layers": 1, "hidden": 256, "streams": 16, "unroll": 64, "steps": 80}),
    ("python-help", {"layers": 1, "hidden": 512, "streams": 32, "unroll": 64, "steps": 20}),
    ("the-lamp-at-sarn", {"layers": 2, "hidden": 512, "streams": 32, "unroll": 96, "steps": 5}),
    ("the-lamp-at-sarn", {"layers": 1, "hidden": 1024, "streams": 16, "unroll": 64, "steps": 5}),
    ("python-help", {"layers": 1, "hidden": 64, "streams": 64, "unroll": 128, "steps": 40}),
    ("python-source", {"layers": 1, "hidden": 64, "streams": 8, "unroll": 32, "steps": 3}),
    ("the-lamp-at-sarn", {"layers": 1, "hidden": 64, "streams": 8, "unroll": 32, "steps": 100}),
    ("the-lamp-at-sarn", {"cell": "gru", "layers": 1, "hidden": 256, "streams": 16, "unroll": 64, "steps": 20}),
    ("the-lamp-at-sarn", {"cell": "gru", "layers": 1, "hidden": 512, "streams": 32, "unroll": 64, "steps": 8}),
    ("the-lamp-at-sarn", {"cell": "rnn", "layers": 1, "hidden": 512, "streams": 32, "unroll": 64, "steps": 20}),
    ("the-lamp-at-sarn", {"cell": "rnn", "layers": 2, "hidden": 256, "streams": 32, "unroll": 96, "steps": 20}),
]


def train_once(home: Path, number: int, text: str, overrides: dict[str, Any]) -> dict[str, Any]:
    """One training in a process of its own; see :mod:`tests.soak.train_once`."""
    request = {"texts": [text], "overrides": overrides, "run": str(home / f"run-{number}")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.train_once"],
        input=json.dumps(request), capture_output=True, text=True, cwd=ROOT, check=False,
        env={**os.environ, "CHARGEN_HOME": str(home), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def step_figures(cell: str) -> tuple[float, ...]:
    """Least squares of the relative errors over this cell's shapes; no figure below zero."""
    from chargen.training import autotune
    from chargen.training.device import processor_threads
    from chargen.training.speed import shape_key, work

    threads, rows, seconds = processor_threads(), [], []
    for layers, hidden, streams, unroll in SHAPES[cell]:
        model = ModelConfig(cell, layers, hidden, 32, SYMBOLS)  # type: ignore[arg-type]
        config = TrainingConfig(steps=1, streams=streams, unroll=unroll)
        autotune.time_shape(model, config, "cpu", threads)
        rows.append(work(model, streams, unroll))
        seconds.append(autotune.timings("cpu", threads)[shape_key(model, config, streams, unroll)])
    matrix, wanted = np.array(rows) / np.array(seconds)[:, None], np.ones(len(rows))
    kept = list(range(matrix.shape[1]))
    while True:
        scale = matrix[:, kept].max(axis=0)
        figures = np.linalg.lstsq(matrix[:, kept] / scale, wanted, rcond=None)[0] / scale
        if (figures >= 0).all():
            break
        kept.pop(int(np.argmin(figures * scale)))
    full = np.zeros(matrix.shape[1])
    full[kept] = figures
    for shape, share, second in zip(SHAPES[cell], matrix @ full, seconds, strict=True):
        say(f"  {cell} {shape}: {second * 1e3:7.1f} ms, estimated {share:.2f} of it")
    return tuple(float(f"{figure:.3g}") for figure in full)


def reference_seconds() -> float:
    from chargen.training import autotune
    from chargen.training.device import processor_threads
    from chargen.training.speed import reference, shape_key

    model, config = reference("cpu")
    threads = processor_threads()
    autotune.time_shape(model, config, "cpu", threads)
    return autotune.timings("cpu", threads)[shape_key(model, config, config.streams, config.unroll)]


def fit_memory(measured: list[tuple[str, dict[str, Any], dict[str, Any]]]) -> None:
    """Turns every memory number a little up or down as long as the largest error falls; leaves them in the module."""
    places: list[tuple[str, str | None]] = [
        (name, None) for name in ("MEMORY_COPIES_LEARNING", "MEMORY_COPIES_SAVING", "MEMORY_VALIDATION")
    ]
    places += [(name, cell) for name in ("MEMORY_LIBRARIES", "MEMORY_KEPT") for cell in ("lstm", "gru", "rnn")]

    def get(place: tuple[str, str | None]) -> float:
        value = getattr(calibration, place[0])
        return float(value if place[1] is None else value[place[1]])

    def put(place: tuple[str, str | None], value: float) -> None:
        if place[1] is None:
            setattr(calibration, place[0], value)
        else:
            getattr(calibration, place[0])[place[1]] = value

    def error() -> float:
        ratios = [math.log(estimated(overrides, result) / result["memory"]) for _, overrides, result in measured]
        return sum(ratio**6 for ratio in ratios) ** (1 / 6) + 0.02 * sum(map(abs, ratios))

    # The reading is measured apart: one text in these runs is large, and it is its validation that weighs.
    best, stride = error(), 0.2
    while stride > 0.01:
        better = False
        for place in places:
            for factor in (1 + stride, 1 / (1 + stride)):
                before = get(place)
                put(place, before * factor)
                if (now := error()) < best - 1e-6:
                    best, better = now, True
                else:
                    put(place, before)
        stride *= 1.0 if better else 0.6


def configs(overrides: dict[str, Any], result: dict[str, Any]) -> tuple[ModelConfig, TrainingConfig]:
    model = ModelConfig(
        overrides.get("cell", "lstm"), overrides["layers"], overrides["hidden"], 32, result["vocabulary"]
    )
    return model, TrainingConfig(steps=1, streams=overrides["streams"], unroll=overrides["unroll"])


def estimated(overrides: dict[str, Any], result: dict[str, Any]) -> int:
    """Bytes that are predicted of that run."""
    return estimate_bytes(*configs(overrides, result), result["characters"])


def say(line: str) -> None:
    print(line, flush=True)


def main() -> int:
    """Measure and print."""
    say(__doc__ or "")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CHARGEN_HOME"] = folder
        os.environ.setdefault("OMP_NUM_THREADS", str(min(2, os.cpu_count() or 1)))
        if "--memory" not in sys.argv:
            say(f"REFERENCE_SECONDS = {{'cpu': {reference_seconds():.3g}}}")
            figures = {cell: step_figures(cell) for cell in SHAPES}
            say(f"STEP_SECONDS = {figures}")
    with tempfile.TemporaryDirectory() as folder:
        measured = []
        for number, (text, overrides) in enumerate(run for run in RUNS for _ in range(2)):
            measured.append((text, overrides, train_once(Path(folder), number, text, overrides)))
            result = measured[-1][2]
            kept = max(2, result["characters"] - int(result["characters"] * 0.9))
            result["kept"] = kept
            model, config = configs(overrides, result)
            pace = validation_pace(model, config, config.streams, config.unroll)
            result["share"] = result["validating"] / (kept * result["timed"] * pace)
            say(
                f"  {text} {overrides}: pace {result['pace'] / result['timed']:.2f} steps, validating "
                f"{result['share']:.2f}, tuning {result['tuning'] / result['timed']:.0f} steps, "
                f"ending {result['ending']:.2f} s, {result['memory'] / 1e6:.0f} MB"
            )
    results = [result for _, _, result in measured]
    rows = np.array([[1.0, result["parameters"]] for result in results])
    ending = np.linalg.lstsq(rows, np.array([result["ending"] for result in results]), rcond=None)[0]
    say(f"LOOP_FACTOR = {median(result['pace'] / result['timed'] for result in results):.3g}")
    say(f"TUNING_STEPS = {median(result['tuning'] / result['timed'] for result in results[::2]):.0f}")
    say(f"VALIDATION_SHARE = {median(result['share'] for result in results if result['kept'] > 4000):.3g}")
    say(f"FINISH_SECONDS = {max(0.02, ending[0]):.2g}")
    say(f"FINISH_SECONDS_PER_PARAMETER = {max(1e-8, ending[1]):.2g}")
    fit_memory(measured)
    for text, overrides, result in measured:
        say(f"  {text} {overrides}: estimated {estimated(overrides, result) / result['memory']:.2f} of the memory")
    for name in ("LIBRARIES", "COPIES_LEARNING", "COPIES_SAVING", "KEPT", "VALIDATION"):
        value = getattr(calibration, f"MEMORY_{name}")
        shown = {cell: float(f"{v:.3g}") for cell, v in value.items()} if isinstance(value, dict) else f"{value:.3g}"
        say(f"MEMORY_{name} = {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
