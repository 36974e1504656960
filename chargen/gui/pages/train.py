"""The Train page: choose a size, watch it learn, pause, stop, go on; the runs at hand."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from chargen.errors import SettingError
from chargen.gui import theme, words
from chargen.gui.desk import Desk
from chargen.gui.pages.page import Page
from chargen.gui.pages.runs import RunsList
from chargen.gui.pages.train_compare import Comparison, to_run_curve
from chargen.gui.pages.train_form import TrainForm
from chargen.gui.pages.train_save import ask_and_save
from chargen.gui.pickers import Pickers
from chargen.gui.places import Places
from chargen.gui.tasks import measure_speed
from chargen.gui.widgets.buttons import GhostButton, PrimaryButton, SecondaryButton
from chargen.gui.widgets.cards import Card, EmptyState
from chargen.gui.widgets.labelled import FieldLabel, HintLabel, NumberLabel, SectionLabel
from chargen.gui.widgets.loss_plot import LossPlot
from chargen.gui.widgets.number_slider import NumberSlider
from chargen.gui.widgets.progress_bar import ThinProgress
from chargen.gui.widgets.text_view import SampleView
from chargen.jobs import Done, Worker
from chargen.model.library import RunCard, read_curve

if TYPE_CHECKING:
    from chargen.corpus.corpus import Corpus

_TEMPERATURE_WIDTH = 240
_SAMPLE_HEIGHT = 150


class TrainPage(Page):
    """Learning the text on the desk. The foot's first button is Train, Pause, Resume, or Write with it."""

    def __init__(
        self, desk: Desk, files: Pickers, parent: QWidget | None = None, places: Places | None = None
    ) -> None:
        super().__init__("Train", "Training settings", parent)
        self.desk = desk
        self._learned = ""  # the hash of the text whose training is shown
        self._shape = ""  # of the network whose training is shown
        self._proposal: dict[str, Any] = {}
        self._make_empty()
        self._make_work()
        self._make_foot()
        self._make_panel_content()
        self._make_runs(files, places or Places())
        self.banner.action.connect(self._take_proposal)
        self.comparison = Comparison(desk, self.plot, self.banner)
        self.plot.save_wanted.connect(lambda: ask_and_save(desk, files, self, self.banner, self.plot))
        desk.corpus_changed.connect(self._corpus_changed)
        desk.corpus_failed.connect(self._corpus_failed)
        desk.device_changed.connect(self._device_changed)
        desk.training_state_changed.connect(self._state_changed)
        desk.training_event.connect(self._training_event)
        desk.training_failed.connect(self._training_failed)
        if desk.device is not None:
            self.form.set_device(desk.device.kind)
        self._corpus_changed(desk.corpus)

    # --- making

    def _make_empty(self) -> None:
        self.empty = EmptyState("train", "There is no text to learn from yet.", "Train on the bundled play")
        self.empty.activated.connect(self._train_on_the_play)
        self.choose = GhostButton("Choose a text of your own", "corpus")
        self.choose.clicked.connect(self._to_corpus)
        layout = self.empty.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(layout.count() - 1, self.choose, 0, Qt.AlignmentFlag.AlignHCenter)

    def _make_work(self) -> None:
        self.plot = LossPlot()
        self.plot.unit_changed.connect(self._show_loss)
        self.sample = SampleView("Live sample")
        self.sample.set_centred(False)
        self.sample.set_margin(0)
        self.sample.set_placeholder("The first sample comes a moment after the start.")
        self.sample.setMinimumHeight(_SAMPLE_HEIGHT)
        card = Card("Live sample")
        self.sample_step = HintLabel()
        self.sample_step.setWordWrap(False)
        self.temperature = NumberSlider(0, 2, 0.05, 0.8, name="Temperature of the live sample")
        self.temperature.setFixedWidth(_TEMPERATURE_WIDTH)
        self.temperature.changed.connect(self.desk.set_preview_temperature)
        label = HintLabel("Temperature")
        label.setWordWrap(False)
        card.add_header_widget(self.sample_step)
        card.header.addSpacing(theme.SPACE_3)
        card.add_header_widget(label)
        card.add_header_widget(self.temperature)
        card.body.addWidget(self.sample)
        for half in (self.plot, card):  # halves whatever they show, so that nothing jumps
            half.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.work.addWidget(self.plot, 1)
        self.work.addWidget(card, 1)

    def _make_foot(self) -> None:
        self.primary = PrimaryButton("Train", "play")
        self.primary.clicked.connect(self._primary)
        self.stop = SecondaryButton("Stop", "stop")
        self.stop.clicked.connect(self.desk.stop_training)
        self.longer = SecondaryButton("Train longer")
        self.longer.clicked.connect(self._train_longer)
        self.anew = SecondaryButton("Train anew")
        self.anew.clicked.connect(self.start)
        self.write = SecondaryButton("Write with it", "write")
        self.write.clicked.connect(self._write)
        self.sentence = HintLabel()
        for button in (self.primary, self.stop, self.longer, self.anew, self.write):
            self.foot.addWidget(button)
        self.foot.addSpacing(theme.SPACE_2)
        self.foot.addWidget(self.sentence, 1)
        self.warning = HintLabel()
        self.warning.setProperty("kind", "caution")
        self.foot.addWidget(self.warning, 1)
        self.foot.addStretch(0)

    def _make_panel_content(self) -> None:
        self.now = QWidget()
        now = QVBoxLayout(self.now)
        now.setContentsMargins(0, 0, 0, 0)
        now.setSpacing(theme.SPACE_2)
        self.now_label = SectionLabel("Now")
        now.addWidget(self.now_label)
        self.number = NumberLabel()
        self.unit = HintLabel()
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_3)
        row.addWidget(self.number)
        row.addWidget(self.unit, 1)
        now.addLayout(row)
        self.progress = ThinProgress("Training")
        now.addWidget(self.progress)
        self.times = HintLabel()
        self.times.setFont(theme.ui_font(theme.TEXT_SMALL, tabular=True))
        self.speed = HintLabel()
        self.speed.setFont(theme.ui_font(theme.TEXT_SMALL, tabular=True))
        now.addWidget(self.times)
        now.addWidget(self.speed)
        self.rate = NumberSlider(1e-6, 0.1, 1e-4, 4e-3, decimals=6, log=True, name="Learning rate")
        self.rate.changed.connect(self.desk.set_learning_rate)
        self.rate_field = FieldLabel("Learning rate", self.rate, "Takes effect at the next step; it falls by itself.")
        self.what, self.saved = HintLabel(), HintLabel()
        self.what_group = QWidget()
        what = QVBoxLayout(self.what_group)
        what.setContentsMargins(0, 0, 0, 0)
        what.setSpacing(theme.SPACE_2)
        for label in (SectionLabel("What learns"), self.what, self.saved):
            what.addWidget(label)
        for group in (self.rate_field, self.what_group):  # the distance goes with the group when it is hidden
            group.setContentsMargins(0, theme.SPACE_3, 0, 0)
        now.addWidget(self.rate_field)
        now.addWidget(self.what_group)
        self.form = TrainForm()
        self.form.changed.connect(self._show_warning)
        self.panel.addWidget(self.now)
        self.panel.addWidget(self.form)
        self.panel.addStretch(1)

    def _make_runs(self, files: Pickers, places: Places) -> None:
        self.runs = RunsList(self.desk, files, places, self.form.minutes)
        self.runs.continued.connect(self._continue)
        self.runs.left.connect(self._leave_runs)
        self.form.changed.connect(self.runs.tell)
        self.runs_button = GhostButton("Runs", "folder")
        self.runs_button.setCheckable(True)
        self.runs_button.setToolTip("The runs at hand: open, continue, share  (Ctrl+Shift+R)")
        self.runs_button.toggled.connect(self._runs_toggled)
        self.add_tool(self.runs_button)

    # --- what the desk says

    def _corpus_changed(self, corpus: "Corpus | None") -> None:
        if corpus is not None:
            self.form.set_text(corpus.characters, corpus.symbols, corpus.validation_share, corpus.entropy)
        if self.desk.training_state == "idle" and (corpus is None or corpus.sha256 != self._learned):
            self._fresh()
        self._arrange_controls()

    def _fresh(self) -> None:
        """Nothing was trained yet, as far as this page shows."""
        self._learned = self._shape = ""
        self.plot.clear()
        self.sample.clear_text()
        self.sample_step.setText("")
        self.sentence.setText("")
        self.banner.hide()

    def _corpus_failed(self, sentence: str) -> None:
        self.banner.show_message("bad", words.in_window(sentence))

    def _device_changed(self, device: Any) -> None:
        self.form.set_device(device.kind)
        self._learn_speed()

    def _learn_speed(self) -> None:
        """Let the predictions stand on what was measured: at the start, and again after a training timed its shape."""
        device = self.desk.device
        if device is None or self.desk.training_state != "idle" or self.desk.closing:
            return

        def on_event(event: Any) -> None:
            if isinstance(event, Done):  # without an answer, the predictions stay estimates
                self.form.set_speed(event.result)
                self._show_warning()

        self.desk.run_job("speed", measure_speed(device), on_event)

    def _show_warning(self) -> None:
        """What to mind about the choices, quietly, beside the button that would start it."""
        warnings = self.form.warnings()
        self.warning.setText("\n".join(warnings))
        self.warning.setVisible(bool(warnings) and self.desk.training_state == "idle" and self.sentence.isHidden())

    def _state_changed(self, state: str) -> None:
        if state == "starting":
            self._begin()
        elif state == "idle":
            self._learn_speed()
        self._arrange_controls()

    def _begin(self) -> None:
        if self.runs.isVisible():  # the button that began it goes: the keyboard's place is this page's own button
            self.setFocus()
            self._focus_waits = True
        self.runs_button.setChecked(False)
        corpus = self.desk.corpus.sha256 if self.desk.corpus is not None else ""
        text = self._continued_text if self._continued_text is not None else corpus
        if not (self._continuing and text == self._learned):
            self.plot.clear()
            self.sample.clear_text()
            self.sample_step.setText("")
        self._continuing, self._continued_text = False, None
        self._learned = text
        self.plot.describe(self.desk.training_name, text)
        self.banner.hide()
        self._loss: float | None = None
        self._show_loss()
        self.progress.set_fraction(0.0)
        self.times.setText("Preparing: reading, choosing the fastest way to compute.")
        self.speed.setText("")
        self.saved.hide()
        self.what.setText("")

    _continuing = False
    _continued_text: str | None = None  # the hash of the text of the run that is continued
    _loss: float | None = None

    def _training_event(self, event: Any) -> None:
        from chargen.training import events

        match event:
            case events.Progress():
                self._progress(event)
                self.plot.append_place(event.step, event.characters, event.epoch, event.seconds)
            case events.LossPoints():
                self.plot.append_train(event.steps, event.losses, event.gradient_norms)
            case events.Validated():
                self.plot.append_validation(event.step, event.loss)
                self._loss = event.loss
                self._show_loss()
            case events.Sampled():
                self.sample.set_text(event.text)
                self.sample_step.setText(f"step {event.step:,}")
            case events.Started():
                self._shape = f"{event.layers}×{event.hidden} {event.cell.upper()}"
                self.what.setText(
                    f"{self._shape}, {event.parameters:,} parameters. {words.count(event.streams, 'stream')} "
                    f"of {event.unroll} characters at a step."
                )
                self.times.setText("")
                self._arrange_controls()
                self.desk.set_preview_temperature(self.temperature.value())
            case events.Notice(message):
                self.banner.show_message("info", words.in_window(message))
            case events.Saved():
                self.saved.setText(f"Saved at step {event.step:,}.")
                self.saved.show()
            case events.Snapshot():
                self._arrange_controls()
            case events.Finished():
                self._finished(event)

    def _progress(self, event: Any) -> None:
        self.progress.set_fraction(event.fraction)
        left = "" if event.seconds_left is None else f" · {words.clock(event.seconds_left)} left"
        self.times.setText(f"{event.fraction:.0%} · {words.clock(event.seconds)} gone{left}")
        self.speed.setText(f"{event.characters_per_second:,.0f} characters/s · text read {event.epoch:.1f} times")
        if not self.rate.slider.isSliderDown() and not self.rate.box.hasFocus():
            self.rate.set_value(float(f"{event.learning_rate:.2g}"))

    def _show_loss(self, *_ignored: object) -> None:
        """The one number, in the unit of the plot, with the other beside it."""
        if self._loss is None:
            self.number.setText("–")
            self.unit.setText("validation loss, measured soon")
            return
        bits = self._loss / 0.6931471805599453
        first, second = (bits, self._loss) if self.plot.unit() == "bits" else (self._loss, bits)
        names = ("bits", "nats") if self.plot.unit() == "bits" else ("nats", "bits")
        self.number.setText(f"{first:.3f}")
        self.unit.setText(f"{names[0]} · {second:.2f} {names[1]}\nvalidation loss")

    def _finished(self, event: Any) -> None:
        self.plot.settle()
        whole = event.reason in ("budget", "by heart")
        self.progress.set_fraction(1.0 if whole else self.progress.fraction())
        how = {"stopped": "Stopped after", "interrupted": "Interrupted after"}.get(event.reason, "Learned for")
        self._loss = event.loss if event.loss is not None else self._loss
        self._show_loss()
        loss = "" if event.loss is None else f", best validation loss {event.loss:.3f} nats"
        kept = f"The best model, of step {event.best_step:,}, is saved."
        if event.reason == "by heart":
            end = f"It was beginning to learn the text by heart, so it ended early. {kept}"
        else:
            end = kept if event.loss is not None and 0 < event.best_step < event.step else "The model is saved."
        self.sentence.setText(f"{how} {words.clock(event.seconds)}{loss}. {end}")
        self.times.setText(f"{how} {words.clock(event.seconds)} · {event.step:,} steps")

    def _training_failed(self, sentence: str) -> None:
        self._proposal = words.proposal(sentence)
        action = None
        if self._proposal:
            name, value = next(iter(self._proposal.items()))
            action = f"Try {value} {'streams' if name == 'streams' else 'hidden units'}"
        self.banner.show_message("bad", words.in_window(sentence), action)
        self._arrange_controls()

    # --- what can be done now

    def _arrange_controls(self) -> None:
        """Show what fits the moment, and only that."""
        state, corpus = self.desk.training_state, self.desk.corpus
        done = state == "idle" and self.desk.finished is not None and bool(self._learned)
        active = state != "idle"
        nothing = corpus is None and not active and not done
        self.show_empty(self.runs if self.runs_button.isChecked() else self.empty if nothing else None)
        name = self.desk.training_name if active or done else corpus.name if corpus is not None else ""
        self.chip.set_text(" · ".join(part for part in (name, self._shape) if part))
        self.now.setVisible(active or done)
        self.now_label.set_text("Now" if active else "Result")
        self.progress.setVisible(active)
        self.rate_field.setVisible(state in ("running", "paused"))
        self.what_group.setVisible(bool(self.what.text()))
        self.form.setVisible(not active)
        words_of = {
            "idle": ("Train", "play"), "starting": ("Starting…", None), "running": ("Pause", "pause"),
            "paused": ("Resume", "play"), "stopping": ("Stopping…", None),
        }  # fmt: skip
        text, icon = ("Write with it", "write") if done else words_of[state]
        self.primary.setText(text)
        self.primary.set_icon_name(icon)
        self._enable_primary(state in ("idle", "running", "paused"))
        self.stop.setVisible(state in ("starting", "running", "paused"))
        self.write.setVisible(state in ("running", "paused") and self.desk.model is not None)
        learns = state in ("running", "paused")
        self.longer.setVisible(learns or (done and self.desk.run_folder is not None))
        self.longer.setToolTip("As much again as was planned; the learning rate rises with it." if learns else "")
        self.anew.setVisible(done and corpus is not None)
        self.sentence.setVisible(done)
        self.sentence.setEnabled(done)
        self._show_warning()

    def _enable_primary(self, on: bool) -> None:
        """The keyboard's place waits on the page while the button rests; Qt would move it to any other control."""
        if not on and self.window().focusWidget() is self.primary:  # in front or not
            self._focus_waits = True
            self.setFocus()
        self.primary.setEnabled(on)
        if on and self._focus_waits:
            self._focus_waits = False
            if self.window().focusWidget() is self:
                self.primary.setFocus()

    _focus_waits = False

    # --- what a person does

    def act(self) -> None:
        """Train, pause or resume: what Ctrl+R does. Without a text, what the empty page offers."""
        state = self.desk.training_state
        if state == "running":
            self.desk.pause_training()
        elif state == "paused":
            self.desk.resume_training()
        elif state == "idle" and self.desk.corpus is not None:
            self.start()
        elif state == "idle":
            self._train_on_the_play()

    def start(self) -> None:
        """Train the text on the desk with what is chosen here."""
        try:
            overrides = self.form.overrides()
            _, config = self.form.planned()
        except SettingError as error:
            self.banner.show_message("bad", str(error))
            self.form.advanced.set_open(True)
            return
        self.rate.set_default(config.learning_rate)
        self.rate.set_value(config.learning_rate)
        self.open_drawer(False)
        self.desk.start_training(overrides)

    def _primary(self) -> None:
        if self.desk.training_state == "idle" and self.desk.finished is not None and self._learned:
            self._write()
        else:
            self.act()

    def _train_longer(self) -> None:
        if self.desk.training_state != "idle":
            self.desk.extend_training()
        elif self.desk.run_folder is not None:
            self._continuing, self._continued_text = True, self._learned
            self.desk.continue_run(self.desk.run_folder, {"minutes": self.form.minutes()})

    # --- the runs at hand

    def show_runs(self) -> None:
        """What Ctrl+Shift+R does."""
        self.runs_button.setChecked(True)

    def _runs_toggled(self, on: bool) -> None:
        if on:
            self.runs.refresh()
        self._arrange_controls()

    def _leave_runs(self) -> None:
        self.runs_button.setChecked(False)
        self.runs_button.setFocus()

    def _continue(self, card: RunCard) -> None:
        """Show how the run learned so far, and train it on: for the time chosen, unless its own budget has a rest."""
        if self.desk.training_state != "idle":
            return
        folder: Path = card.folder
        budget = {"minutes": self.form.minutes()} if card.timed or card.state == "finished" else {}

        def work(_worker: Worker) -> Any:
            return read_curve(folder)

        def on_event(event: Any) -> None:
            if self.desk.training_state != "idle":
                return
            self._fresh()
            if isinstance(event, Done):
                self.plot.set_history(to_run_curve(event.result, card.name))
            self._learned = self._continued_text = card.text_sha256 or "?"
            self._continuing = True
            self.desk.continue_run(folder, budget, card.name)

        self.desk.run_job("curve", work, on_event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.runs_button.isChecked():
            self._leave_runs()
            return
        super().keyPressEvent(event)

    def _write(self) -> None:
        self.desk.write_with_training()
        self.desk.page_wanted.emit("write")
        self.desk.writing_wanted.emit()

    def _take_proposal(self) -> None:
        for name, value in self._proposal.items():
            self.form.set_override(name, value)
        self.start()

    def _train_on_the_play(self) -> None:
        from chargen.corpus.catalog import default_entry

        self.desk.open_catalog(default_entry().name, then_train=self.form.overrides())

    def _to_corpus(self) -> None:
        self.desk.page_wanted.emit("corpus")
