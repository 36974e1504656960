"""Saved settings in the panel of the Write page: read and written in jobs, shown by name where they are in force."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from chargen.errors import ChargenError
from chargen.gui import words
from chargen.gui.desk import Desk
from chargen.gui.pages.write_panel import HOTTEST, WritePanel
from chargen.jobs import Done, Failed, Worker
from chargen.sampling.presets import Preset, delete_preset, presets, rename_preset, save_preset
from chargen.sampling.settings import RULES, SamplingSettings


class Presets(QObject):
    """Drives the row of a panel. Nothing is read before :meth:`wake`."""

    def __init__(self, desk: Desk, panel: WritePanel, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._panel, self._row = desk, panel, panel.presets
        self._known: list[Preset] = []
        self._last = ""  # the name that was chosen or given last: of two with the same rules, it is meant
        self._awake = False
        self._row.chosen.connect(self._choose)
        self._row.save_wanted.connect(self._save)
        self._row.delete_wanted.connect(self._delete)
        self._row.rename_wanted.connect(self._rename)
        panel.changed.connect(self._recognise)

    def wake(self) -> None:
        """The page is shown: read which there are, once."""
        if not self._awake:
            self._awake = True
            self._run(lambda: None)

    def _choose(self, name: str) -> None:
        found = next((each for each in self._known if each.name == name), None)
        if found is not None:
            self._row.say("")
            self._last = name
            self._panel.set_rules(dict(found.rules))
            self._recognise()

    def _save(self, name: str) -> None:
        self._panel.commit()
        try:
            settings = self._panel.settings()
        except ChargenError as error:
            self._row.say(words.in_window(str(error)), "bad")
            return
        self._last = name.strip()
        self._run(lambda: save_preset(name, settings), f"Saved as “{name.strip()}”.")

    def _delete(self, name: str) -> None:
        self._run(lambda: delete_preset(name), f"“{name}” is deleted.")

    def _rename(self, name: str, new: str) -> None:
        self._last = new.strip()
        self._run(lambda: rename_preset(name, new), f"“{name}” is now called “{new.strip()}”.")

    def _run(self, act: Callable[[], Any], told: str = "") -> None:
        def work(_worker: Worker) -> list[Preset]:
            act()
            return presets()

        def on_event(event: Any) -> None:
            if isinstance(event, Done):
                self._known = event.result
                names = [[each.name for each in self._known if each.built_in is kind] for kind in (True, False)]
                self._row.set_names(*names)
                self._recognise()
                if told:
                    self._row.saved()
                self._row.say(told, "good" if told else "secondary")
            elif isinstance(event, Failed):
                self._row.say(words.in_window(event.sentence), "bad")

        self._desk.run_job("presets", work, on_event)

    def _recognise(self) -> None:
        """Show the name of the settings that are in force."""
        now = self._panel.rules()
        default = SamplingSettings()
        for each in sorted(self._known, key=lambda each: each.name != self._last):
            rules = {rule: each.rules.get(rule, getattr(default, rule)) for rule in RULES}
            rules["temperature"] = min(rules["temperature"], HOTTEST)
            if all(_alike(rules[rule], now[rule]) for rule in RULES):
                self._row.show_name(each.name)
                return
        self._row.show_name("")


def _alike(one: Any, other: Any) -> bool:
    """Equal, as far as a slider can show it."""
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) < 1e-6
    return bool(one == other)
