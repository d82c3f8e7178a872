import pyarrow as pa
import pytest

from vitalake.engines.spark.arrow import fold_up, unfold, whole_patients


def batches(patients: str, size: int) -> list[pa.RecordBatch]:
    table = pa.table({"patient_id": list(patients), "n": range(len(patients))})
    return table.to_batches(max_chunksize=size)


@pytest.mark.parametrize("size", [1, 2, 3, 20])
@pytest.mark.parametrize("rows", [1, 3, 6, 100])
@pytest.mark.parametrize("patients", ["", "a", "aaaaaaaa", "abc", "aabbbbbbc", "abbbbccccccd"])
def test_no_patient_is_cut_and_no_row_lost(patients, rows, size):
    tables = list(whole_patients(batches(patients, size), rows))
    seen = [set(table["patient_id"].to_pylist()) for table in tables]
    assert [n for table in tables for n in table["n"].to_pylist()] == list(range(len(patients)))
    assert sum(map(len, seen)) == len(set(patients))


def test_tables_are_bounded_where_patients_are_small():
    tables = list(whole_patients(batches("abcdefghijklmnopqrstuvwxyz", 2), 4))
    assert max(table.num_rows for table in tables) <= 5


def test_rows_of_several_kinds_travel_as_one_batch():
    left = pa.table({"x": [1, 2], "words": [["a"], []]})
    right = pa.table({"y": pa.array([None, "b", "c"])})
    table = pa.Table.from_batches([fold_up({"left": left, "right": right, "none": left.slice(0, 0)})])
    assert table.num_rows == 5
    assert unfold(table, "left", left.schema) == left
    assert unfold(table, "right", right.schema) == right
    assert unfold(table, "none", left.schema).num_rows == 0
