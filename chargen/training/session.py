"""From what a user asked to a trainer that is ready: a new run, a continued one, or one started from a model."""

import time
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from chargen import __version__
from chargen.corpus.catalog import resolve
from chargen.corpus.corpus import Corpus, load_encoded
from chargen.corpus.streams import fit_streams
from chargen.errors import RunError
from chargen.model.config import ModelConfig
from chargen.model.model_file import Model, load_model
from chargen.model.runs import RunFolder, check_new, fresh_name, open_run
from chargen.paths import runs_dir
from chargen.settings import option
from chargen.training import resume
from chargen.training.backend import Backend, candidates
from chargen.training.budget import Budget
from chargen.training.clock import Clock
from chargen.training.config import TrainingConfig
from chargen.training.device import Device, choose_device, free_memory, processor_threads
from chargen.training.memory import check_memory
from chargen.training.prediction import Prediction, predict
from chargen.training.presets import suggest
from chargen.training.ranks import Ranks
from chargen.training.recorder import NewRun, Recorder
from chargen.training.speed import WORTH_MEASURING_SECONDS, Speed, measured_speed, remembered_speed
from chargen.training.trainer import Trainer
from chargen.training.warm_start import extend_model, merge_vocabulary
from chargen.training.workers import worker_count


@dataclass(frozen=True)
class TrainingRequest:
    """What the user asked for.

    Attributes:
        texts: files, folders, catalog names or ``-``; empty means the bundled default (or the run's own text).
        corpus: an encoded text that is at hand already; goes before ``texts``.
        run: the run folder; None makes a new one in the user's data folder.
        resume: continue ``run``.
        start_from: a model whose weights and vocabulary to start from.
        overrides: options the user gave, by the names of the settings table.
    """

    texts: tuple[str, ...] = ()
    corpus: Corpus | None = None
    run: Path | None = None
    resume: bool = False
    start_from: Path | None = None
    overrides: dict[str, Any] = field(default_factory=dict)


_CORPUS_OPTIONS = ("encoding", "as_text", "newlines", "validation")


@dataclass(frozen=True)
class Plan:
    """What a trainer is made of; see there. ``recorder`` has locked the folder of a continued run."""

    corpus: Corpus
    model_config: ModelConfig
    config: TrainingConfig
    device: Device
    recorder: Recorder | None = None
    start: Model | None = None
    point: resume.ResumePoint | None = None
    backend: Backend | None = None
    notices: tuple[str, ...] = ()

    def trainer(self, clock: Clock, ranks: Ranks | None = None) -> Trainer:
        """The trainer. The run is released where it cannot be made."""
        try:
            return Trainer(
                self.corpus,
                self.model_config,
                self.config,
                self.device,
                clock,
                self.recorder,
                start=self.start,
                point=self.point,
                backend=self.backend,
                notices=self.notices,
                ranks=ranks,
            )
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """It comes to nothing."""
        if self.recorder is not None:
            self.recorder.close()


def prepare(request: TrainingRequest, clock: Clock) -> Trainer:
    """A trainer ready to run. A continued run is locked; a new one gets its folder when the training begins.

    Raises:
        ChargenError: whatever is wrong with the text, the settings, the device or the folder; nothing was overwritten.
    """
    return plan(request).trainer(clock)


def plan(request: TrainingRequest, ranks: int = 1) -> Plan:
    """What a trainer, or each of so many processes that learn as one, is to be made of. Raises as :func:`prepare`."""
    return _continue(request, ranks) if request.resume else _begin(request, ranks)


def _corpus_of(request: TrainingRequest) -> Corpus:
    if request.corpus is not None:
        return request.corpus
    options = {name: request.overrides[name] for name in _CORPUS_OPTIONS if request.overrides.get(name) is not None}
    return resolve(request.texts, **options)


def _begin(request: TrainingRequest, ranks: int) -> Plan:
    if request.run is not None:
        check_new(request.run)  # before anything slow is done
    device = choose_device(request.overrides.get("device") or "auto")
    start: Model | None = load_model(request.start_from) if request.start_from is not None else None
    corpus = _corpus_of(request)
    notices: tuple[str, ...] = ()
    overrides = dict(request.overrides)
    if start is not None:
        _refuse_shape(overrides, start.config)
        corpus, notices = merge_vocabulary(corpus, start.vocabulary)
        start = extend_model(start, corpus.vocabulary.characters, overrides.get("seed", option("seed").default))
        overrides.update({name: getattr(start.config, name) for name in _SHAPE})
    speed = replace(_speed(device, overrides), ranks=ranks)
    model_config, config = suggest(overrides, corpus.characters, len(corpus.vocabulary.characters), device.kind, speed)
    if start is not None:
        model_config = start.config
    _check_memory(model_config, config, corpus, device, ranks)
    new = NewRun(lambda: request.run or fresh_name(runs_dir(), corpus.name), corpus)
    recorder = Recorder(new, _description(corpus, model_config, config, device.kind, start) | {"processes": ranks})
    return Plan(corpus, model_config, config, device, recorder, start, notices=notices)


def _check_memory(model: ModelConfig, config: TrainingConfig, corpus: Corpus, device: Device, ranks: int) -> None:
    """Raise DeviceError where a process's share of the streams does not fit its device."""
    share = replace(config, streams=-(-config.streams // ranks))
    check_memory(model, share, corpus.characters, device, corpus.validation_share)


def _speed(device: Device, overrides: dict[str, Any]) -> Speed:
    """The device's speed, measured where it is not known yet and the run is long enough to be worth it."""
    minutes = overrides.get("minutes")
    by_time = overrides.get("steps") is None and overrides.get("epochs") is None
    short = minutes is not None and 60 * minutes < WORTH_MEASURING_SECONDS
    known = remembered_speed if short or not by_time else measured_speed
    return known(device, overrides.get("threads"))


def prediction_of(trainer: Trainer) -> Prediction:
    """What the training will take, once it has said Started: everything before has happened, the speed is measured."""
    device, config = trainer.device, trainer.config
    return predict(
        trainer.network.config,
        config,
        replace(remembered_speed(device, config.threads), ranks=trainer.processes),
        characters=trainer.corpus.characters,
        validation=trainer.corpus.validation_share,
        elapsed=trainer.clock.seconds(),
        done=trainer.step,
        free=free_memory(device.kind),
        entropy=trainer.corpus.entropy,
    )


_SHAPE = ("cell", "layers", "hidden", "embedding", "initial_state")


def _refuse_shape(overrides: dict[str, Any], config: ModelConfig) -> None:
    """A started-from model brings its shape; asking for another is a contradiction."""
    for name in _SHAPE:
        if overrides.get(name) not in (None, getattr(config, name)):
            raise RunError(
                f"The model to start from has {name.replace('_', ' ')} {getattr(config, name)}; "
                f"leave out --{name.replace('_', '-')}, or train from the beginning."
            )


def _description(
    corpus: Corpus, model: ModelConfig, config: TrainingConfig, device: str, start: Model | None
) -> dict[str, Any]:
    return {
        "chargen": __version__,
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "text": corpus.name,
        "corpus": corpus.summary_json(),
        "model": {**model.to_json(), "vocabulary_size": model.vocabulary_size},
        "training": config.to_json(),
        "device": device,
        "started_from": start.fingerprint if start is not None else None,
    }


def _continue(request: TrainingRequest, ranks: int) -> Plan:
    if request.run is None:
        raise RunError("Name the run to continue: chargen train --run FOLDER --resume")
    run = open_run(request.run)
    recorder = Recorder(run, run.describe())  # first the lock: what is read now stays as it is
    try:
        return _continued(request, run, recorder, ranks)
    except BaseException:
        recorder.close()
        raise


def _continued(request: TrainingRequest, run: RunFolder, recorder: Recorder, ranks: int) -> Plan:
    description = run.describe()
    point = resume.load(run.resume)
    corpus = _own_corpus(run, description, point)
    if request.texts or request.corpus is not None:
        given = _corpus_of(request)
        if given.summary_json() != corpus.summary_json():
            raise RunError(
                "This run learned another text; leave the text out to continue it, "
                "or start a new run from its model with --from."
            )
    model_config, old, backend = _read_description(run, description)
    if model_config.vocabulary_size != len(corpus.vocabulary.characters):
        raise _foreign_text(run)
    overrides = {name: value for name, value in request.overrides.items() if value is not None}
    _refuse_shape(overrides, model_config)
    config = _continued_config(old, overrides, point, len(corpus.training))
    device = choose_device(config.device)
    notices: tuple[str, ...] = ()
    same = device.kind == description.get("device") and (config.precision, config.threads) == (
        old.precision,
        old.threads,
    )
    streams = fit_streams(len(corpus.training), config.streams, config.unroll).streams // ranks
    same = same and ranks == description.get("processes", 1)
    if backend is not None and not (same and _still_there(backend, model_config, config, device, streams)):
        backend = None  # another device, machine or type: nothing is lost, but exactness is not claimed
        notices = (f"Continuing on {device.name} with newly chosen kernels: the result may differ in the last digits.",)
    if point.older:
        older = f"the one before it, at step {point.progress['step']:,}"
        notices += (f"The newest point to continue from is damaged; going on from {older}.",)
    _check_memory(model_config, config, corpus, device, ranks)
    recorder.describe({**description, "training": config.to_json(), "device": device.kind, "processes": ranks})
    return Plan(corpus, model_config, config, device, recorder, point=point, backend=backend, notices=notices)


def _own_corpus(run: RunFolder, description: dict[str, Any], point: resume.ResumePoint) -> Corpus:
    """The text that is kept in the run. Raises RunError where the run learned another one."""
    corpus = load_encoded(run.corpus)
    if description.get("corpus") != corpus.summary_json():
        raise _foreign_text(run)
    if point.progress.get("corpus") not in (None, resume.corpus_mark(corpus)):  # versions before this one had no mark
        raise RunError(
            f"What was saved to continue “{run.folder}” belongs to a run of another text; "
            "start a new run from its model with --from."
        )
    return corpus


def _foreign_text(run: RunFolder) -> RunError:
    return RunError(
        f"“{run.corpus}” is not the text that this run learned; put the right one back, "
        "or start a new run from its model with --from."
    )


def _still_there(
    backend: Backend, model: ModelConfig, config: TrainingConfig, device: Device, streams: int
) -> bool:
    """Whether this machine and this version can compute as the run has done so far; ``streams`` of this process."""
    threads = config.threads or processor_threads()
    workers = worker_count(device.kind, threads, streams)
    return backend in candidates(model.cell, device.kind, config.precision, threads, workers)


def _read_description(
    run: RunFolder, description: dict[str, Any]
) -> tuple[ModelConfig, TrainingConfig, Backend | None]:
    try:
        model_values = dict(description["model"])
        model_config = ModelConfig.from_json(model_values, model_values["vocabulary_size"])
        known = {entry.name for entry in fields(TrainingConfig)}
        # A run of a version before Muon is continued the way it began.
        values = {"optimizer": "adamw", **description["training"]}
        config = TrainingConfig(**{name: value for name, value in values.items() if name in known})
        backend = Backend(**description["backend"]) if "backend" in description else None
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"The description of the run “{run.folder}” is damaged.") from error
    return model_config, config, backend


_FREE_TO_CHANGE = ("learning_rate", "clip", "clip_kind", "dropout", "patience", "device", "precision", "threads")


def _continued_config(
    config: TrainingConfig, overrides: dict[str, Any], point: resume.ResumePoint, characters: int
) -> TrainingConfig:
    """The old configuration with what may change. Steps and epochs are totals; minutes are this command's."""
    for name in ("streams", "unroll", "seed", "optimizer"):
        if name in overrides and overrides[name] != getattr(config, name):
            raise RunError(
                f"A continued run keeps its {name}; start a new one from its model with --from to change it."
            )
    config = replace(config, **{name: overrides[name] for name in _FREE_TO_CHANGE if name in overrides})
    budget = {name: overrides[name] for name in ("minutes", "epochs", "steps") if name in overrides}
    if budget:
        config = replace(config, **{"minutes": None, "epochs": None, "steps": None, **budget})
        _refuse_less(config, point.progress["step"], characters)
        point.progress["worse"] = 0  # whoever asks for more shall have it
        return config
    if 0 < config.patience <= point.progress.get("worse", 0):
        raise RunError(
            "This run had begun to learn its text by heart, and ended for that; to train it longer all the same, give "
            "--minutes M, or --patience 0."
        )
    if config.minutes is not None:
        left = point.progress.get("minutes_left", config.minutes - point.progress["spent"] / 60)
        if left < option("minutes").minimum:
            raise RunError("This run has used its time; give --minutes M to train it longer.")
        return replace(config, minutes=left)
    return config


def _refuse_less(config: TrainingConfig, made: int, characters: int) -> None:
    """Raise RunError where a total is asked for that the run has passed already."""
    per_epoch = fit_streams(characters, config.streams, config.unroll).steps
    total = Budget(config, per_epoch, 0.0).total_steps
    if total is not None and total < made:
        done = f"{made:,} steps" if config.steps is not None else f"{made / per_epoch:.3g} epochs"
        raise RunError(
            f"This run has made {done} already, and --steps and --epochs are totals: ask for more, "
            "or give --minutes M to train it longer."
        )
