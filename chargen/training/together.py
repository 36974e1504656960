"""From what each of several processes was asked to one training that all of them take part in.

Everybody says what it was asked and reads the text; then rank 0 decides on the rest (sizes by its device's speed, the
run to continue) and sends it round: only rank 0's machine needs the run folder. Whoever cannot go on says so first:
then all end with the same sentence, and nothing is written.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import torch
from safetensors.numpy import load as safetensors_load
from safetensors.numpy import save as safetensors_save

from chargen import __version__
from chargen.corpus.corpus import Corpus, decode, encode
from chargen.errors import ChargenError, DeviceError, RankError
from chargen.model.config import ModelConfig
from chargen.model.model_file import model_from_bytes, model_to_bytes
from chargen.model.runs import RunFolder
from chargen.training import resume, session
from chargen.training.backend import Backend
from chargen.training.clock import Clock
from chargen.training.config import TrainingConfig
from chargen.training.device import Device, choose_device
from chargen.training.distributed import ProcessGroup
from chargen.training.ranks import Place
from chargen.training.session import Plan, TrainingRequest
from chargen.training.trainer import Trainer

T = TypeVar("T")

_OWN = ("threads",)
"""Options that may differ from machine to machine."""


def prepare(
    request: TrainingRequest, read: Callable[[], Corpus | None], clock: Clock, place: Place, ranks: ProcessGroup
) -> Trainer:
    """A trainer for this process, once all agree. A continued run is locked by rank 0.

    After ``torchrun`` has started all anew because one was lost, the run that was being made is continued, with what
    is left of its budget.

    Args:
        read: checks and reads what was asked for; None where the run's own text is to be learned.

    Raises:
        ChargenError: whatever any of them found wrong, the same sentence for all; nothing was overwritten.
    """
    told = ranks.ask_all(json.dumps({"asked": _asked(request), "has_run": _has_run(request)}).encode())
    facts = [json.loads(one) for one in told]
    _compare([one["asked"] for one in facts])
    if place.restarts and request.run is not None:
        if not facts[0]["has_run"] and any(one["has_run"] for one in facts):
            raise RankError(
                "Since the restart another machine comes first, and the run is not there: put --run into a folder "
                "that all machines share, or start again on the machine that has it, with --resume."
            )
        if facts[0]["has_run"]:  # what was asked for stands in the run by now
            request = replace(request, resume=True, texts=(), overrides={})
    corpus = None if request.resume else _agreed(read, ranks)
    if len(set(ranks.ask_all(b"" if corpus is None else corpus.sha256.encode()))) > 1:
        raise RankError(f"The processes of this training have different texts; {_ASK}")
    plan = _plan(replace(request, corpus=corpus), place, ranks)
    return plan.trainer(clock, ranks)


# -- whether all were asked the same -------------------------------------------------------------------

_ASK = "start all of them with the same text, settings and versions."


def _asked(request: TrainingRequest) -> dict[str, Any]:
    """What must be the same for all, by the name that a user knows it by."""
    given = {name: value for name, value in request.overrides.items() if value is not None and name not in _OWN}
    return {
        "version of chargen": __version__,
        "version of PyTorch": torch.__version__.partition("+")[0],  # what follows names the devices it was built for
        "--resume": request.resume,
        "--from": request.start_from is not None,
        **{"--" + name.replace("_", "-"): value for name, value in given.items()},
    }


def _has_run(request: TrainingRequest) -> bool:
    run = None if request.run is None else RunFolder(request.run)
    return run is not None and run.description.exists() and run.resume.exists()


def _compare(asked: list[dict[str, Any]]) -> None:
    """Raise RankError where one was not asked what rank 0 was."""
    first = asked[0]
    for rank, other in enumerate(asked):
        for name in first | other:
            if first.get(name) != other.get(name):
                raise RankError(
                    f"Process {rank} of this training has another {name} than process 0 "
                    f"({_shown(other.get(name))} instead of {_shown(first.get(name))}); {_ASK}"
                )


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


# -- rank 0's plan -------------------------------------------------------------------------------------


def _agreed(make: Callable[[], T], ranks: ProcessGroup) -> T:
    """What ``make`` returns. Where it fails on any rank, all raise the sentence of the first that it failed on."""
    problem = ""
    try:
        made = make()
    except ChargenError as error:
        problem = str(error)
    for rank, told in enumerate(ranks.ask_all(problem.encode())):
        if told:
            raise RankError(told.decode() if rank == 0 else f"Process {rank} cannot take part: {told.decode()}")
    return made


def _plan(request: TrainingRequest, place: Place, ranks: ProcessGroup) -> Plan:
    """Rank 0's, on all ranks; each with its own device."""
    plan = _agreed(lambda: session.plan(request, ranks.count) if ranks.first else None, ranks)
    try:
        parts = [ranks.tell(part) for part in (_packed(plan) if plan is not None else [b""] * _PARTS)]
        return _agreed(lambda: _own(plan if plan is not None else _unpacked(parts), place), ranks)
    except BaseException:
        if plan is not None:
            plan.release()
        raise


def _own(plan: Plan, place: Place) -> Plan:
    """The plan with this process's device. Raises DeviceError where it has none."""
    kind = plan.device.kind
    device = choose_device(kind)
    if kind not in ("cpu", "cuda"):
        raise DeviceError(f"Several processes cannot share the {device.name}; add --device cpu.")
    if kind == "cuda" and place.local_rank >= torch.cuda.device_count():
        raise DeviceError(
            f"This machine has {torch.cuda.device_count()} GPUs for {place.local_count} processes; "
            "start one process for each, or add --device cpu."
        )
    return replace(plan, device=Device(kind, f"{place.count} × {device.name}", plan.device.reason))


_PARTS = 4


def _packed(plan: Plan) -> list[bytes]:
    """Everything but the recorder and the notices, which are rank 0's: a description, the text, tensors."""
    description = {
        "model": plan.model_config.to_json(),
        "symbols": plan.model_config.vocabulary_size,
        "training": plan.config.to_json(),
        "device": plan.device.kind,
        "backend": None if plan.backend is None else plan.backend.to_json(),
        "progress": None if plan.point is None else plan.point.progress,
    }
    return [
        json.dumps(description).encode(),
        b"".join(encode(plan.corpus)),
        b"" if plan.start is None else model_to_bytes(plan.start),
        b"" if plan.point is None else safetensors_save(plan.point.tensors),
    ]


def _unpacked(parts: list[bytes]) -> Plan:
    description = json.loads(parts[0])
    progress, backend = description["progress"], description["backend"]
    return Plan(
        decode(parts[1], "the text of process 0"),
        ModelConfig.from_json(description["model"], description["symbols"]),
        TrainingConfig(**description["training"]),
        choose_device(description["device"]),
        start=model_from_bytes(parts[2], "the model of process 0") if parts[2] else None,
        point=None if progress is None else resume.ResumePoint(progress, safetensors_load(parts[3])),
        backend=None if backend is None else Backend(**backend),
    )
