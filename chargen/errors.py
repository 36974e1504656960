"""What a user can be told: one base class, one clear sentence each.

An error of this family is never a traceback: the command line prints its sentence on stderr and
leaves with code 2, the window shows it where it happened.
"""


class ChargenError(Exception):
    """Base of everything a user can be told. ``str(error)`` is one sentence: what is wrong, what to do."""


class CorpusError(ChargenError):
    """A text cannot be read, or cannot be learned from."""


class UnknownCharacterError(CorpusError):
    """A text holds characters that a model's vocabulary lacks.

    Attributes:
        characters: the distinct unknown characters, in order of appearance.
    """

    def __init__(self, sentence: str, characters: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.characters = characters


class SettingError(ChargenError):
    """A setting is out of its range, not a number, or contradicts another."""


class ModelFileError(ChargenError):
    """A model file is damaged, foreign, newer than this program, or not what it claims to be."""


class StateError(ChargenError):
    """A hidden state does not fit the model, or its file is not one."""


class RunError(ChargenError):
    """A run folder is in use, exists already, or cannot be continued."""


class DeviceError(ChargenError):
    """The chosen device is not there, or not big enough."""


class RankError(ChargenError):
    """The processes of a training disagree, cannot reach each other, or one of them has ended."""


class FileError(ChargenError):
    """A file cannot be read or written."""


class ExportError(ChargenError):
    """A sample cannot be exported, or an export cannot be replayed."""
