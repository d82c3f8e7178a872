"""Every error that vitalake raises, on one page.

A bad row is data (it goes to quarantine); a broken run is an error.  A message says what was wrong and where;
``hint`` says what to do next.  ``retry`` tells a scheduler whether the same call may work later.
"""

from __future__ import annotations


class VitalakeError(Exception):
    """The root: carries a hint and whether to retry."""

    retry = False
    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """One line: what, then what to do."""
        return f"{self.message}. {self.hint}" if self.hint else self.message


class UserError(VitalakeError):
    """The user's mistake: a wrong path, option, file or setting."""

    exit_code = 2


class TopicMissing(UserError):
    """There is no such topic: a wrong name, or nobody has sent anything yet."""

    retry = True


class LakeError(VitalakeError):
    """The lake can't be read or written as asked; it stays as it was before."""


class LakeBusy(LakeError):
    """Another process holds the stage."""

    retry = True


class Unavailable(VitalakeError):
    """Something outside does not answer (a broker, a disk that is full); the same call may work later."""

    retry = True


class SourceAway(Unavailable):
    """Who has the messages does not answer."""


class GateFailed(VitalakeError):
    """The quality gate failed hard: Gold stays as it was."""


def installing(*extras: str) -> str:
    """Yield how a user installs what is optional.

    >>> installing("kafka", "java")
    "pip install 'vitalake[kafka,java]' (in a checkout: make venv)"
    """
    return f"pip install 'vitalake[{','.join(extras)}]' (in a checkout: make venv)"
