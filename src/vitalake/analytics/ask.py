"""Answers to the nine questions: their SQL run on any engine, with a sentence that says what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from vitalake.analytics.catalogue import Part, Question
from vitalake.analytics.sentences import SENTENCES

Ask = Callable[[str], pa.Table]
"""An engine's answer to a SELECT, the tables that it reads being registered."""

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Answer:
    """A question's answer: one table a part, in the question's order."""

    question: Question
    tables: Mapping[str, pa.Table]

    @cached_property
    def rows(self) -> Mapping[str, Rows]:
        """The rows of each part, as sentences and pictures take them."""
        return {name: table.to_pylist() for name, table in self.tables.items()}

    @property
    def shown(self) -> list[tuple[Part, pa.Table]]:
        """The parts that people read, without the columns that only order them."""
        parts = [part for part in self.question.parts if part.shown]
        return [(part, self.tables[part.name].select(part.shown_names)) for part in parts]

    @property
    def sentence(self) -> str:
        """What came out, in a sentence or two."""
        return SENTENCES[self.question.number](self.rows)


def answer(ask: Ask, question: Question) -> Answer:
    """Yield the answer to a question."""
    return Answer(question, {part.name: ask(part.select) for part in question.parts})
