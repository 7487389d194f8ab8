"""Everything that aeviz raises on purpose, drawn as a tree.

    AevizError
    ├── SettingError      a choice that cannot be: what was asked, the value, the rule, the remedy
    │   └── RecipeError   choices that are fine alone and do not go together
    ├── DataError         a data set that cannot be had or read
    │   └── UploadError   a file of the user's own that cannot be used
    └── StoreError        a run that is not there, or that cannot be written or read

Every message is a plain sentence for a person. A page catches `AevizError` alone and shows the message.
"""


class AevizError(Exception):
    """What every error of this package can be caught as."""


class SettingError(AevizError):
    """A choice is out of its range, of the wrong type or unknown.

    `problems` holds one sentence for each thing that is wrong.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class RecipeError(SettingError):
    """Choices that are each fine do not make sense together."""


class DataError(AevizError):
    """A data set cannot be fetched, found or read."""


class UploadError(DataError):
    """A file of the user's own cannot be used as data."""


class StoreError(AevizError):
    """A run does not exist, or the store cannot be read or written."""
