"""A small text, a small trainer, and a recorder in a folder."""

import hashlib
import json
from pathlib import Path
from typing import Any

from chargen.corpus.corpus import Corpus, corpus_from_text
from chargen.model.config import ModelConfig
from chargen.model.model_file import load_model
from chargen.training import resume
from chargen.training.backend import Backend
from chargen.training.clock import Clock
from chargen.training.config import TrainingConfig
from chargen.training.device import Device
from chargen.training.trainer import Trainer

TEXT = "".join(f"the {word} sat on the {other} and sang.\n" for word in ["cat", "dog", "hen", "cow", "owl"] for other in
               ["mat", "log", "pen", "bow", "towel"]) * 4  # fmt: skip
CPU = Device("cpu", "CPU", "a test")


def small_corpus(validation: float = 0.1) -> Corpus:
    return corpus_from_text(TEXT, "rhyme", validation=validation)


def small_trainer(
    corpus: Corpus | None = None, recorder=None, *, cell="lstm", layers=1, initial="zeros", workers=1, ranks=None,
    **options: Any,
):  # fmt: skip
    corpus = corpus or small_corpus()
    model = ModelConfig(cell, layers, 12, 6, len(corpus.vocabulary), initial)
    values = {
        "steps": 20,
        "streams": 4,
        "unroll": 16,
        "learning_rate": 0.01,
        "preview_length": 20,
        "threads": 1,
        **options,
    }
    values = {key: value for key, value in values.items() if value is not None}
    backend = Backend("native", "float32", 1, workers)
    return Trainer(corpus, model, TrainingConfig(**values), CPU, Clock(), recorder, backend=backend, ranks=ranks)


def run_request(folder: Path, **overrides: Any) -> dict[str, Any]:
    """Overrides for a quick run through :func:`chargen.training.session.prepare`."""
    return {
        "steps": 20, "hidden": 12, "layers": 1, "embedding": 6, "streams": 4, "unroll": 16, "dropout": 0.0,
        "learning_rate": 0.01, "threads": 1, "precision": "float32", **overrides,
    }  # fmt: skip


def digest(run: Path) -> str:
    """SHA-256 over everything that a run has come to, but the seconds it took."""
    point = resume.load(run / "resume.safetensors")
    told = {name: value for name, value in point.progress.items() if name != "spent"}
    whole = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for name in sorted(point.tensors):
        whole.update(name.encode() + point.tensors[name].tobytes())
    for name in ("latest.safetensors", "model.safetensors"):
        model = load_model(run / name)
        whole.update(f"{model.fingerprint} {model.training['step']} {model.training['validation_loss']}".encode())
    return whole.hexdigest()
