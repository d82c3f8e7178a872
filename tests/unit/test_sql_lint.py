"""The SQL that both engines run stays within what means the same on both."""

import re

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.tokens import TokenType

from vitalake.analytics.catalogue import questions
from vitalake.analytics.ward import RANKED_WARD
from vitalake.domain.rules import Rules
from vitalake.gold.bounds import BOUNDS, HOURS
from vitalake.gold.changed import CHANGED
from vitalake.gold.definitions import CURRENT, current_view, gold_tables, shared_results
from vitalake.gold.touched import TOUCHED, TOUCHED_PATIENT, recent_days
from vitalake.quality.expectations import packaged, read_expectations

# Functions whose value was found the same, bit for bit, on DuckDB and Spark. Sums and averages only of whole numbers.
PORTABLE = frozenset(
    (
        "abs", "array_contains", "array_sort", "avg", "bool_and", "bool_or", "cardinality", "cast",
        "coalesce", "count", "date_trunc", "dense_rank", "explode", "floor", "greatest", "lag", "lead",
        "least", "like", "max", "max_by", "min", "min_by", "nullif", "ntile", "percentile_disc", "rank",
        "round", "row_number", "split_part", "sqrt", "sum", "time_bucket", "timestamp_micros", "try_cast",
        "unix_micros",
    )
)  # fmt: skip
# Words before a bracket that call nothing.
SYNTAX = frozenset(
    (
        "all", "and", "any", "anti", "as", "between", "by", "case", "distinct", "else", "except", "exists",
        "filter", "for", "from", "group", "having", "in", "join", "not", "on", "or", "order", "over",
        "partition", "select", "semi", "then", "union", "unpivot", "using", "values", "when", "where",
        "with", "within", "qualify",
    )
)  # fmt: skip
NOT_PORTABLE = {
    "/ /": "whole division",
    "<=>": "null-safe comparison",
    "::": "a cast of DuckDB's",
    "->": "lambda or JSON",
    "[": "an index counts from 0 on one engine, from 1 on the other",
    "div": "whole division",
    "lateral": "Spark's lateral view",
    "unnest": "explode is what both know",
    "median": "percentile_disc is exact",
    "by name": "union by name",
}


def every_select():
    yield from ((gold.name, gold.select) for gold in gold_tables())
    yield from ((shared.name, shared.sql) for shared in shared_results())
    yield from ((name, current_view(name, 1_700_000_000_000_000)) for name in CURRENT)
    yield from (
        (name, select.replace("{last}", "0"))
        for name, select in (
            *CHANGED,
            *TOUCHED,
            ("touched_patient", TOUCHED_PATIENT),
            ("recent_days", recent_days(Rules())),
        )
    )
    yield from (("bounds", BOUNDS.format(recent_us=1)), ("hours", HOURS))
    tables = [gold.table for gold in gold_tables()]
    yield from ((each.name, each.sql) for each in read_expectations(packaged(), tables))
    yield from (
        (f"question {each.number} {part.name}", part.select) for each in questions() for part in each.parts
    )
    yield ("ranked ward", RANKED_WARD)


CASES = dict(every_select())


def words(sql):
    """Yield the text of the tokens, comments and literals left out."""
    tokens = sqlglot.Dialect.get_or_raise("spark").tokenize(sql)
    return ["''" if token.token_type is TokenType.STRING else token.text.lower() for token in tokens]


def breaches(sql):
    """Yield what is not portable in a SELECT."""
    tokens = words(sql)
    # Names after `with` or an alias (`as hours(i)`) and CTE names are no calls.
    named = {tokens[i + 1] for i in range(len(tokens) - 1) if tokens[i] == "as"}
    for before, after in zip(tokens, [*tokens[1:], ""], strict=True):
        called = after == "(" and re.fullmatch(r"[a-z_]\w*", before)
        if called and before not in PORTABLE | SYNTAX | named:
            yield f"function {before}"
        if before in NOT_PORTABLE:
            yield f"{before}: {NOT_PORTABLE[before]}"
        if f"{before} {after}" in NOT_PORTABLE:
            yield NOT_PORTABLE[f"{before} {after}"]
        if before in ("timestamp", "date") and after == "''":
            yield "a literal of time; cast a text, or timestamp_micros(n)"


@pytest.mark.parametrize("name", CASES)
def test_sql_means_the_same_on_both_engines(name):
    assert list(breaches(CASES[name])) == []


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
@pytest.mark.parametrize("name", CASES)
def test_sql_is_one_select_of_each_dialect(name, dialect):
    statements = sqlglot.parse(CASES[name], dialect=dialect)
    assert [type(statement) for statement in statements] in ([exp.Select], [exp.Union])


@pytest.mark.parametrize(
    ("sql", "breach"),
    [
        ("select stddev(x) from t", "function stddev"),
        ("select date_diff('day', a, b) from t", "function date_diff"),
        ("select a // b from t", "whole division"),
        ("select list[1] from t", "[: an index counts from 0 on one engine, from 1 on the other"),
        ("select timestamp '2026-01-01' from t", "a literal of time; cast a text, or timestamp_micros(n)"),
        ("select * from a union all by name select * from b", "union by name"),
        ("select median(x) from t", "function median"),
    ],
)
def test_lint_finds_what_is_not_portable(sql, breach):
    assert breach in list(breaches(sql))
