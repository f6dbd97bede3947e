"""`exam stats responses` on real files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from exam_engine.commands import stats
from scoring.responses import Responses
from tests.scoring import lsat
from tests.scoring.simulated import LETTERS, sitting

KEY = "item,key\n" + "".join(f"Q{number},A\n" for number in range(1, 41))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(stats.app, ["responses", *map(str, arguments)])


def say(*arguments: object, code: int = 0) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "key.csv").write_text(KEY, encoding="utf-8")
    return tmp_path / "key.csv"


def written(folder: Path, text: str) -> Path:
    (folder / "answers.csv").write_text(text, encoding="utf-8")
    return folder / "answers.csv"


def as_csv(table: Responses, **extras: list[str]) -> str:
    lines = [",".join(("考号", *extras, *(column.name for column in table.columns)))]
    for number, person in enumerate(table.persons):
        codes = table.codes[:, number].tolist()
        chosen = (LETTERS[code - 1] if code else "" for code in codes)
        lines.append(",".join((person, *(values[number] for values in extras.values()), *chosen)))
    return "\n".join(lines) + "\n"


def test_the_published_values_come_out(tmp_path: Path) -> None:
    for table, kr20, sd in ((lsat.LSAT6, 0.295, 1.035), (lsat.LSAT7, 0.453, 1.199)):
        found = say(written(tmp_path, lsat.csv(table)))
        assert (round(found["kr20"], 3), round(found["alpha"], 3), round(found["sd"], 3)) == (kr20, kr20, sd)
        assert all({"p", "rest_correlation", "options", "alarms"} <= item.keys() for item in found["items"])
        assert found["alike"] is None


def test_a_wrong_key_is_named_with_its_evidence(tmp_path: Path, key: Path) -> None:
    key.write_text(KEY.replace("Q7,A", "Q7,E"), encoding="utf-8")
    file = written(tmp_path, as_csv(sitting(300, 40, 2)))
    found = say(file, "--key", key)
    suspected = {item["item"]: item["alarms"] for item in found["items"] if item["alarms"]}
    assert suspected["Q7"][0]["code"] == "wrong_key"
    assert suspected["Q7"][0]["facts"]["option"] == "A"
    assert found["alike"] == {"compared": 300 * 299 // 2, "found": 0, "pairs": []}
    shown = run(file, "--key", key).stdout
    assert "wrong_key: option A" in shown
    assert "44,850 pairs compared, 0 too alike." in shown


def test_copied_papers_are_named(tmp_path: Path, key: Path) -> None:
    table = sitting(300, 40, 4)
    codes = table.codes.copy()
    weak = np.argsort(table.right.sum(axis=0))[60]
    codes[:, 250] = codes[:, weak]
    file = written(tmp_path, as_csv(Responses(table.persons, table.columns, codes)))
    (pair,) = say(file, "--key", key)["alike"]["pairs"]
    assert set(pair["persons"]) == {table.persons[weak], table.persons[250]}
    assert say(file, "--key", key, "--no-alike")["alike"] is None
    assert "Too alike" in run(file, "--key", key).stdout


def test_a_leak_is_found_from_the_columns_that_are_named(tmp_path: Path, key: Path) -> None:
    table = sitting(600, 40, 1)
    hard = int(table.right.mean(axis=1).argmin())
    codes = table.codes.copy()
    codes[hard, 400:] = 1
    table = Responses(table.persons, table.columns, codes)
    room = ["1"] * 400 + ["2"] * 200
    began = [f"2026-05-01T{9 + number // 60:02}:{number % 60:02}" for number in range(600)]
    times = tmp_path / "times.csv"
    spent = ["5" if number >= 400 else str(20 + number % 17) for number in range(600)]
    lines = [f"{person},{seconds},30" for person, seconds in zip(table.persons, spent, strict=True)]
    times.write_text("\n".join([f"id,Q{hard + 1},Q{hard}", *lines]) + "\n", encoding="utf-8")
    file = written(tmp_path, as_csv(table, room=room, began=began))
    found = say(file, "--key", key, "--group", "room", "--began", "began", "--times", times)
    codes_found = {item["item"]: [alarm["code"] for alarm in item["alarms"]] for item in found["items"]}
    assert {"leak_over_time", "leak_in_group", "odd_speed"} <= set(codes_found[f"Q{hard + 1}"])
    assert found["items"][hard]["seconds"]["count"] == 600


def test_refused_rows_are_said_and_make_the_exit_code(tmp_path: Path) -> None:
    file = written(tmp_path, "id,Q1,Q2,sum\n甲,1,0,1\n乙,1\n丙,0,1,1\n丁,,,\n戊,1,1,2\n")
    found = say(file, "--ignore", "sum", code=1)
    assert found["refused"] == [{"row": 3, "reason": "2 cells where the header has 4"}]
    assert found["left_out"] == [{"row": 5, "reason": "not one answer"}]
    assert (found["persons"], found["ignored_columns"]) == (3, ["sum"])
    shown = run(file, "--ignore", "sum")
    assert shown.exit_code == 1
    assert "2 cells where the header has 4" in shown.stdout


def test_missing_answers_are_wrong_or_their_people_left_out(tmp_path: Path) -> None:
    file = written(tmp_path, "id,Q1,Q2\n甲,1,0\n乙,,1\n丙,0,1\n丁,1,1\n")
    assert say(file)["items"][0]["p"] == 0.5
    found = say(file, "--whole-only")
    assert (found["persons"], len(found["left_out"])) == (3, 1)


def test_what_cannot_be_read_is_one_sentence_and_exit_code_2(tmp_path: Path, key: Path) -> None:
    file = written(tmp_path, "id,Q1\n甲,A\n乙,B\n")
    for arguments in (
        (tmp_path / "nothing.csv",),
        (file,),
        (file, "--key", file.with_name("none.csv")),
        (file, "--key", key, "--group", "room"),
    ):
        result = run(*arguments, "--json")
        assert result.exit_code == 2
        assert json.loads(result.stdout)["error"]
        assert "Traceback" not in result.output


def test_a_time_that_is_none_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "id,at,Q1\n甲,noon,1\n乙,2026-05-01T09:00Z,0\n")
    assert "noon" in say(file, "--began", "at", code=2)["error"]


def test_tiny_and_constant_tables_have_nulls_and_no_nan(tmp_path: Path) -> None:
    for text in ("id,Q1\n甲,1\n", "id,Q1,Q2\n甲,1,1\n乙,1,1\n", "id,Q1,Q2\n"):
        found = say(written(tmp_path, text))
        assert (found["kr20"], found["alpha"]) == (None, None)
        assert all(item["rest_correlation"] is None for item in found["items"])
        assert run(written(tmp_path, text)).exit_code == 0
