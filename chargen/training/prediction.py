"""What a training will take, said before it starts: time, memory, how often the text is read; and what to mind.

From plain numbers and what was measured (:mod:`chargen.training.speed`), without torch: the window asks at every
change of a setting.
"""

import math
from dataclasses import dataclass, replace

from chargen.corpus.streams import StreamShape, fit_streams
from chargen.model.config import ModelConfig
from chargen.training import calibration
from chargen.training.budget import Budget
from chargen.training.config import TrainingConfig
from chargen.training.memory import estimate_bytes
from chargen.training.presets import sensible_parameters
from chargen.training.speed import Speed

_TOO_LARGE = 2.0  # times the most that a preset would take for the text
_HARDLY_ONCE = 0.9  # of the text: less is worth a sentence
_MOST_VALIDATIONS = 10_000
_KNOWING_LITTLE = 2.0  # times the entropy given two characters: about that of the frequencies alone
VALIDATION_STREAMS = 64  # as in chargen.model.scoring, which loads torch
_VALIDATION_UNROLL = 512


@dataclass(frozen=True)
class Prediction:
    """What is expected of a training.

    Attributes:
        parameters: numbers that are learned.
        seconds: until it has finished: from the start of the clock, pauses and the import of torch left out, with
            reading, tuning, every validation and the last save.
        characters_per_second: while it learns.
        epochs: how often the text will be read, in this session.
        memory: bytes beyond the program itself at the highest point.
        loss: of the text kept aside, in nats a character; None where the text's entropy is not known.
        warnings: sentences.
    """

    parameters: int
    seconds: float
    characters_per_second: float
    epochs: float
    memory: int
    warnings: tuple[str, ...] = ()
    loss: float | None = None

    def describe(self) -> str:
        """``About 5 minutes · 1.2 million parameters · 420 MB · reads the text about 12 times · loss about 1.4``."""
        time = f"About {duration(self.seconds)}"
        parts = [time, f"{amount(self.parameters)} parameters", memory_words(self.memory), self.reading()]
        return " · ".join(parts if self.loss is None else [*parts, f"loss about {self.loss:.1f}"])

    def reading(self) -> str:
        """How often the text is read, in words."""
        if self.epochs < _HARDLY_ONCE:
            return f"reads {_percent(self.epochs)} of the text"
        times = f"{float(f'{self.epochs:.2g}'):,.0f}" if self.epochs >= 1.5 else "1"
        return "reads the text about once" if times == "1" else f"reads the text about {times} times"


def predict(
    model: ModelConfig,
    training: TrainingConfig,
    speed: Speed,
    *,
    characters: int,
    validation: float = 0.1,
    elapsed: float | None = None,
    done: int = 0,
    free: int | None = None,
    entropy: float | None = None,
) -> Prediction:
    """What the training of ``characters`` characters will take.

    Args:
        validation: the share of the text kept aside.
        elapsed: seconds already gone when learning begins; None where reading and tuning still lie ahead.
        done: steps of earlier sessions.
        free: bytes of memory that are free now; None leaves its warning out.
        entropy: of the text (:attr:`Corpus.entropy`), in nats; None leaves the loss out.

    Raises:
        CorpusError: the text is too short to learn from.
    """
    learned = int(characters * (1 - validation))
    kept = characters - learned if characters - learned >= 2 else max(2, learned // 10)
    shape = fit_streams(learned, training.streams, training.unroll)
    per_step = shape.streams * shape.unroll
    step, timed = speed.step(model, training, shape.streams, shape.unroll)
    pace = step * calibration.LOOP_FACTOR
    learn_as_validated = kept * step * validation_pace(model, training, shape.streams, shape.unroll)
    scores = kept * model.vocabulary_size * calibration.VALIDATION_SECONDS_PER_SCORE / speed.factor
    validating = calibration.VALIDATION_SHARE * learn_as_validated + scores
    if elapsed is None:
        tuning = 0.0 if timed else calibration.TUNING_STEPS * step
        elapsed = characters * calibration.READING_SECONDS_PER_CHARACTER + tuning
    finishing = calibration.FINISH_SECONDS + calibration.FINISH_SECONDS_PER_PARAMETER * model.parameter_count()
    ending = validating + finishing
    validating += calibration.BEST_SHARE * finishing  # most validations find the best model so far, and save it
    budget = Budget(training, shape.steps, 0.0)
    if training.minutes is not None:
        learning = max(step, 60 * training.minutes - elapsed)
        steps = max(1.0, learning / (pace + _validations(budget, learning, validating) * validating * pace / learning))
    else:
        steps = float(max(0, _total_steps(training, shape) - done))
        learning = steps * pace + _validations_by_step(budget, done, done + round(steps)) * validating
    epochs = steps / shape.steps
    prediction = Prediction(
        parameters=model.parameter_count(),
        seconds=elapsed + learning + ending,
        characters_per_second=shape.streams * shape.unroll / pace,
        epochs=epochs,
        memory=estimate_bytes(model, training, characters, validation),
        loss=None if entropy is None else expected_loss(entropy, (done + steps) * per_step),
    )
    return replace(prediction, warnings=tuple(_warnings(prediction, model, training, characters, done, free)))


def expected_loss(entropy: float, read: float) -> float:
    """The loss after ``read`` characters, each reading of the same text counted, in nats; for networks that suit.

    A multiple of the entropy of a character given the two before it, which falls by a power of what was read.
    """
    floor, gain, power = calibration.LOSS
    return entropy * min(_KNOWING_LITTLE, floor + gain * math.exp(-power * math.log(max(read, 1.0))))


def validation_pace(model: ModelConfig, training: TrainingConfig, streams: int, unroll: int) -> float:
    """Steps of ``streams`` times ``unroll`` that it would take to learn one character in validation's wider streams."""
    figures = Speed()
    wide = figures.estimated_step(model, training, VALIDATION_STREAMS, _VALIDATION_UNROLL)
    return wide / (VALIDATION_STREAMS * _VALIDATION_UNROLL) / figures.estimated_step(model, training, streams, unroll)


def _total_steps(training: TrainingConfig, shape: StreamShape) -> int:
    if training.steps is not None:
        return training.steps
    assert training.epochs is not None
    return max(1, round(training.epochs * shape.steps))


def _validations(budget: Budget, seconds: float, took: float) -> int:
    """How many there are under a budget of minutes, the last one left out."""
    now, count = 0.0, 0
    while count < _MOST_VALIDATIONS:
        due = budget.next_validation(now, 0, took if count else 0.0, first=count == 0)
        if due.seconds >= seconds:
            break
        now, count = due.seconds + took, count + 1
    return count


def _validations_by_step(budget: Budget, first: int, last: int) -> int:
    """How many there are under a budget of steps or epochs between two steps, the last one left out."""
    step, count = first, 0
    while count < _MOST_VALIDATIONS:
        due = budget.next_validation(0.0, step, 0.0, first=count == 0)
        if due.step >= last:
            break
        step, count = int(due.step), count + 1
    return count


def _warnings(
    prediction: Prediction, model: ModelConfig, training: TrainingConfig, characters: int, done: int, free: int | None
) -> list[str]:
    sentences = []
    if prediction.parameters > _TOO_LARGE * sensible_parameters(characters, model.vocabulary_size):
        sentences.append(
            f"This network has {amount(prediction.parameters)} adjustable numbers for a text of {characters:,} "
            "characters; it will soon know the text by heart. A smaller one, or more text, writes more freely."
        )
    if prediction.epochs < _HARDLY_ONCE and not done:
        share = _percent(prediction.epochs)
        if training.minutes is not None:
            once = training.minutes * 60 / max(prediction.epochs, 1e-9)
            sentences.append(
                f"In this time the network reads {share} of the text; to read all of it once takes "
                f"about {duration(once)}."
            )
        else:
            sentences.append(f"With this budget the network reads {share} of the text; one epoch reads all of it.")
    if free is not None and prediction.memory > free:
        sentences.append(
            f"This needs about {memory_words(prediction.memory)} of memory, and {memory_words(free)} are free; "
            "choose fewer hidden units, fewer streams or a shorter unroll."
        )
    return sentences


# -- numbers as people say them ------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """``8 seconds``, ``1 minute``, ``5 minutes``, ``2.5 hours``, ``3 days``; two figures."""
    for size, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= (2 if size == 86_400 else 0.98) * size:
            number = _two_figures(seconds / size)
            return f"{number} {name}" + ("" if number == "1" else "s")
    number = f"{max(1, round(seconds))}"
    return f"{number} second" + ("" if number == "1" else "s")


def _two_figures(number: float) -> str:
    if number >= 10:
        return f"{round(number):,}"
    return f"{round(number, 1):g}"


def amount(number: int) -> str:
    """``940``, ``57,000``, ``1.2 million``."""
    if number >= 999_500:
        return f"{round(number / 1e6, 1):,g} million"
    return f"{round(number, -3):,}" if number >= 10_000 else f"{number:,}"


def memory_words(count: int) -> str:
    """``420 MB``, ``1.3 GB``; in powers of ten, as shops and file managers count."""
    if count >= 995_000_000:
        return f"{_two_figures(count / 1e9)} GB"
    return f"{max(10, round(count / 1e7) * 10)} MB"


def _percent(share: float) -> str:
    if share < 0.01:
        return "less than 1 %"
    return f"about {100 * share:.0f} %" if share >= 0.095 else f"about {100 * share:.1g} %"
