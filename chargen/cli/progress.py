"""How training looks: JSON lines, quiet lines for a pipe, or one live panel in a terminal."""

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from chargen.cli.output import console, is_terminal, note, print_event, visible, write
from chargen.cli.shell import command_line, short_path

if TYPE_CHECKING:
    from rich.console import RenderableType

    from chargen.training.events import Finished, Progress, Sampled, Started, Validated
    from chargen.training.prediction import Prediction

UPDATES_PER_SECOND = 4
_SAMPLE_LINES = 8

KEYS: dict[str, tuple[str, ...]] = {
    "started": (
        "run",
        "device",
        "reason",
        "precision",
        "threads",
        "cell",
        "layers",
        "hidden",
        "parameters",
        "characters",
        "vocabulary",
    ),
    "predicted": ("seconds", "parameters", "memory", "characters_per_second", "epochs", "loss", "warnings"),
    "progress": (
        "step",
        "characters",
        "epoch",
        "seconds",
        "train_loss",
        "learning_rate",
        "gradient_norm",
        "layer_gradient_norms",
        "characters_per_second",
        "seconds_left",
    ),
    "validated": ("step", "seconds", "loss", "bits_per_character", "best"),
    "sampled": ("step", "text"),
    "saved": ("step", "path"),
    "finished": ("reason", "step", "seconds", "loss", "bits_per_character", "model"),
    "notice": ("message",),
}
"""The events that scripts may rely on, with their keys in order. Others are for the window."""


class View(Protocol):
    """Somewhere to show the events of a training."""

    def show(self, event: Any) -> None:
        """Show one event; events it has no use for are passed over."""
        ...

    def predicted(self, prediction: "Prediction") -> None:
        """What the training will take; comes once, after Started."""
        ...

    def stopping(self) -> None:
        """A signal came: the run is being saved."""
        ...

    def close(self) -> None:
        """No more events come, or an error is about to be reported. Safe to call twice."""
        ...


class _Every:
    """True at most ``per_second`` times a second."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = 0.0

    def __call__(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._interval
        return True


class JsonView:
    """One object per line, for programs."""

    def __init__(self) -> None:
        self._due = _Every(UPDATES_PER_SECOND)

    def show(self, event: Any) -> None:
        name = type(event).__name__.lower()
        keys = KEYS.get(name)
        if keys is None or (name == "progress" and not self._due()):
            return
        print_event(name, {key: getattr(event, key) for key in keys})

    def predicted(self, prediction: "Prediction") -> None:
        print_event("predicted", {key: getattr(prediction, key) for key in KEYS["predicted"]})

    def stopping(self) -> None:
        pass  # the finished event says it

    def close(self) -> None:
        pass


def clock_words(seconds: float) -> str:
    """A duration for people: ``8 s``, ``2:05 min``, ``3:07 h``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"


def network_words(event: "Started") -> str:
    """What is trained, in one line."""
    continued = f" · from step {event.step:,}" if event.step else ""
    return (
        f"{event.layers}×{event.hidden} {event.cell.upper()} · {event.parameters:,} parameters · "
        f"{event.characters:,} characters of {event.vocabulary:,} kinds{continued}"
    )


def device_words(event: "Started") -> str:
    """Where, and why there."""
    return f"on {event.device}: {event.reason}"


def validated_words(event: "Validated") -> str:
    """A validation in a few words."""
    return f"validation {event.loss:.3f} nats, {event.bits_per_character:.3f} bits"


def summary(event: "Finished", run: str) -> str:
    """The last words: how it went and the exact commands that go on from here."""
    ends = {"stopped": "Stopped", "interrupted": "Interrupted and saved", "by heart": "Stopped early"}
    how = ends.get(event.reason, "Finished")
    loss = (
        ""
        if event.loss is None
        else f" Validation loss {event.loss:.3f} nats ({event.bits_per_character:.3f} bits per character)."
    )
    run = short_path(run)
    lines = [f"{how} after {event.step:,} steps in {clock_words(event.seconds)}.{loss}", *by_heart_words(event)]
    if event.reason in ("stopped", "interrupted"):
        lines.append(f"Go on:         {command_line('chargen', 'train', '--run', run, '--resume')}")
    lines.append(f"Write with it: {command_line('chargen', 'sample', run)}")
    return "\n".join(lines)


def by_heart_words(event: "Finished") -> list[str]:
    """Where a training went on for longer than was good for it: what happened, and which model is kept."""
    if event.reason == "by heart":
        return [
            "The text kept aside was predicted worse and worse: the network had begun to learn its text by heart. "
            f"The model kept is the best one, of step {event.best_step:,}."
        ]
    if event.loss is not None and 0 < event.best_step < event.step:
        return [f"The model kept is the best one, of step {event.best_step:,}."]
    return []


class QuietView:
    """A line per validation, the last sample and a summary: for a pipe, a log, a dumb terminal."""

    def __init__(self, say: Callable[[str], None] = lambda line: write(line + "\n")) -> None:
        self._say = say
        self._run = ""
        self._text: str | None = None
        self._progress: Progress | None = None

    def show(self, event: Any) -> None:
        match type(event).__name__:
            case "Started":
                self._run = event.run
                self._say(network_words(event))
                self._say(device_words(event))
            case "Notice":
                note(event.message)
            case "Progress":
                self._progress = event
            case "Validated":
                self._say(self._validation_line(event))
            case "Sampled":
                self._text = event.text
            case "Finished":
                if self._text is not None:
                    self._say(f"\n{self._text}\n")
                self._say(summary(event, self._run))

    def predicted(self, prediction: "Prediction") -> None:
        self._say(f"{prediction.describe()} · {prediction.characters_per_second:,.0f} characters/s")
        for warning in prediction.warnings:
            note(warning)

    def _validation_line(self, event: "Validated") -> str:
        parts = [f"step {event.step:,}", clock_words(event.seconds)]
        if self._progress is not None:
            parts.append(f"train {self._progress.train_loss:.3f}")
        parts.append(validated_words(event))
        if self._progress is not None:
            parts.append(f"{self._progress.characters_per_second:,.0f} characters/s")
        return " · ".join(parts) + (" · best" if event.best else "")

    def stopping(self) -> None:
        note("Saving; a second Ctrl-C leaves at once.")

    def close(self) -> None:
        pass


class LiveView:
    """One panel that changes in place; above it what should stay."""

    def __init__(self) -> None:
        from rich.live import Live

        self._console = console()
        # No refresh thread: it would fight training for the interpreter. We draw when something is new.
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._due = _Every(UPDATES_PER_SECOND)
        self._run = ""
        self._started: Started | None = None
        self._prediction: Prediction | None = None
        self._progress: Progress | None = None
        self._validated: Validated | None = None
        self._sampled: Sampled | None = None
        self._stopping = False
        self._live.start()
        self._draw()

    def show(self, event: Any) -> None:
        from rich.text import Text

        match type(event).__name__:
            case "Started":
                self._run, self._started = event.run, event
            case "Notice":
                self._console.print(Text(visible(event.message), style="yellow"))
            case "Progress":
                self._progress = event
            case "Validated":
                self._validated = event
            case "Sampled":
                self._sampled = event
            case "Finished":
                self.close()
                self._finish(event)
                return
            case _:
                return
        if self._due():
            self._draw()

    def predicted(self, prediction: "Prediction") -> None:
        from rich.text import Text

        self._prediction = prediction
        for warning in prediction.warnings:
            self._console.print(Text(visible(warning), style="yellow"))
        self._draw()

    def stopping(self) -> None:
        self._stopping = True
        self._draw()

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._live.stop()

    def _finish(self, event: "Finished") -> None:
        from rich.text import Text

        if self._sampled is not None:
            self._console.print()
            self._console.print(Text(visible(self._sampled.text)))
            self._console.print()
        # Straight to the stream: a command to copy must not be broken at the window's edge.
        write(summary(event, self._run) + "\n")

    def _draw(self) -> None:
        self._live.update(self._panel(), refresh=True)

    def _panel(self) -> "RenderableType":
        from rich.console import Group
        from rich.panel import Panel
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        width = min(self._console.width, 100)
        lines: list[RenderableType] = []
        if self._started is None:
            lines.append(Text("Reading the text and getting ready …", style="dim"))
        else:
            heading = [network_words(self._started), device_words(self._started)]
            if self._prediction is not None:
                heading.append(self._prediction.describe())
            for words in heading:
                lines.append(Text(visible(words), style="dim", overflow="ellipsis", no_wrap=True))
        progress = self._progress
        if progress is not None:
            left = "" if progress.seconds_left is None else f"{clock_words(progress.seconds_left)} left"
            if self._stopping:
                left = "saving …"
            bar = Table.grid(expand=True, padding=(0, 1))
            bar.add_column(ratio=1)
            bar.add_column(justify="right", no_wrap=True)
            bar.add_row(
                ProgressBar(total=1.0, completed=progress.fraction, complete_style="cyan"),
                f"{progress.fraction:4.0%}  {left}",
            )
            lines += [bar, self._figures(progress)]
        elif self._started is not None:
            lines.append(Text("Measuring which way is fastest here …", style="dim"))
        if self._sampled is not None:
            room = max(1, min(_SAMPLE_LINES, self._console.height - 12))
            text = Text(visible(self._sampled.text.strip("\n")), style="dim")
            shown = text.wrap(self._console, width - 4)[:room]
            lines += [Text(""), *shown]
        return Panel(Group(*lines), title="chargen train", title_align="left", width=width, border_style="dim")

    def _figures(self, progress: "Progress") -> "RenderableType":
        from rich.text import Text

        figures = Text(overflow="ellipsis", no_wrap=True)
        figures.append(f"train {progress.train_loss:.3f} nats")
        if self._validated is not None:
            figures.append(f"   {validated_words(self._validated)}", style="bold")
        figures.append(f"\nstep {progress.step:,}   {progress.characters_per_second:,.0f} characters/s", style="dim")
        return figures


class NoView:
    """Nobody looks any more."""

    def show(self, event: Any) -> None:
        pass

    def predicted(self, prediction: "Prediction") -> None:
        pass

    def stopping(self) -> None:
        pass

    def close(self) -> None:
        pass


def choose_view(*, json: bool) -> View:
    """The view that suits what stdout is."""
    if json:
        return JsonView()
    if is_terminal() and not console().is_dumb_terminal:
        return LiveView()
    return QuietView()
