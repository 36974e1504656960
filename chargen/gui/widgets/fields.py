"""Fields for what a person types: a small text, a random seed, a whole number."""

import secrets

from PySide6.QtCore import QLocale, QMimeData, QRegularExpression, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QRegularExpressionValidator, QResizeEvent
from PySide6.QtWidgets import QAbstractSpinBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QSizePolicy, QSpinBox, QWidget

from chargen.gui import theme
from chargen.gui.widgets.buttons import IconButton, ToggleButton
from chargen.settings import SEED_MAXIMUM

TEXT_LIMIT = 100_000
"""More than this is no prompt any more; a field of one line less still answers at once."""


class TextField(QPlainTextEdit):
    """A small text of plain characters. Grows with it from ``rows`` to ``most`` lines; Tab leaves it.

    A paste beyond :data:`TEXT_LIMIT` characters is not taken; ``refused`` carries its length.
    """

    refused = Signal(int)

    def __init__(self, name: str, placeholder: str = "", rows: int = 2, most: int = 6, parent: QWidget | None = None):
        super().__init__(parent)
        self._rows, self._most = rows, most
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(True)
        self.setFont(theme.ui_font())
        self.document().setDocumentMargin(theme.SPACE_1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self._fit)
        self._fit()

    def text(self) -> str:
        return self.toPlainText()

    def set_text(self, text: str) -> None:
        self.setPlainText(text)

    def insertFromMimeData(self, source: QMimeData) -> None:
        text = source.text()
        if len(text) + self.document().characterCount() > TEXT_LIMIT:
            self.refused.emit(len(text))
            return
        self.insertPlainText(text)

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def _fit(self) -> None:
        line = QFontMetricsF(self.font()).lineSpacing()
        lines = round(self.document().size().height())  # a plain-text layout counts in lines
        shown = min(max(lines, self._rows), self._most)
        chrome = 2 * (self.document().documentMargin() + theme.SPACE_1 + theme.HAIRLINE)
        self.setFixedHeight(round(shown * line + chrome))
        over = lines > self._most
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded if over else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(policy)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()


def fresh_seed() -> int:
    """A random seed short enough to be read aloud."""
    return secrets.randbelow(10**6)


class SeedField(QWidget):
    """A random seed: typed, rolled with the dice, and (``lockable``) kept with the lock.

    ``changed`` carries the number whenever a person changes it.
    """

    changed = Signal(int)

    def __init__(self, name: str, lockable: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = 0
        self.edit = QLineEdit()
        self.edit.setAccessibleName(name)
        self.edit.setValidator(QRegularExpressionValidator(QRegularExpression(r"\d{0,16}"), self.edit))
        self.edit.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.edit.setFont(theme.ui_font(tabular=True))
        self.edit.setFixedHeight(theme.HIT)
        self.edit.setMinimumWidth(64)
        self.edit.editingFinished.connect(self._typed)
        self.dice = IconButton("dice", "Roll another random seed")
        self.dice.clicked.connect(self._roll)
        self.lock = ToggleButton("unlock", "lock", "Lock the random seed", "Unlock the random seed")
        self.setFocusProxy(self.edit)
        self.setAccessibleName(name)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.edit, 1)
        layout.addSpacing(theme.SPACE_1)
        layout.addWidget(self.dice)
        layout.addWidget(self.lock)
        self.lock.setVisible(lockable)
        self.set_value(fresh_seed())

    def value(self) -> int:
        return self._value

    def set_value(self, value: int) -> None:
        """Show another number without telling."""
        self._value = value
        self.edit.setText(str(value))
        self.edit.setCursorPosition(0)

    def is_locked(self) -> bool:
        return self.lock.isChecked()

    def set_locked(self, on: bool) -> None:
        self.lock.setChecked(on)

    def commit(self) -> None:
        """Take what is being typed."""
        self._typed()

    def _typed(self) -> None:
        text = self.edit.text()
        value = min(int(text), SEED_MAXIMUM) if text else self._value
        known = self._value
        self.set_value(value)
        if value != known:
            self.changed.emit(value)

    def _roll(self) -> None:
        self.set_value(fresh_seed())
        self.changed.emit(self._value)


class WholeNumber(QSpinBox):
    """A whole number with its unit inside; ``off`` is what the smallest is called."""

    def __init__(
        self, name: str, minimum: int, maximum: int, value: int, unit: str = "", off: str = "", step: int = 1
    ) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setLocale(QLocale(QLocale.Language.English))  # as every number of the window is written
        self.setGroupSeparatorShown(True)
        self.setRange(minimum, maximum)
        self.setSingleStep(step)
        self.setValue(value)
        if unit:
            self.setSuffix(f" {unit}")
        if off:
            self.setSpecialValueText(off)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setFont(theme.ui_font(tabular=True))
        self.setFixedHeight(theme.HIT)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.UpDownArrows)
        self.setKeyboardTracking(False)
        self.setCorrectionMode(QAbstractSpinBox.CorrectionMode.CorrectToNearestValue)
