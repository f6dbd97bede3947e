"""`exam vision`: real models on the one photograph that comes with scikit-image, and every way to ask wrongly."""

import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from exam_engine.commands.vision import app
from exam_engine.settings import CannotStart, ExitCode
from proctor.picture_lists import read_portraits

CONDITION = {
    "condition",
    "pairs",
    "same",
    "different",
    "missed",
    "accuracy",
    "best_threshold",
    "accuracy_10fold",
    "auc",
}
CONDITION |= {"far", "frr", "running", "at_far", "roc", "cosine"}


def run(*words: str | Path) -> Result:
    program = typer.Typer()
    program.add_typer(app, name="vision")
    return CliRunner().invoke(program, ["vision", *map(str, words)])


def asked(*words: str | Path) -> Any:
    result = run(*words, "--json", "--processes", "1")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*words: str | Path) -> str:
    problem = run(*words).exception
    assert isinstance(problem, CannotStart), problem
    assert problem.exit_code == ExitCode.SETTINGS
    assert "\n" not in str(problem)
    return str(problem)


def listed(folder: Path, rows: Sequence[tuple[str, ...]], head: str = "file_a,file_b,same") -> Path:
    file = folder / "pairs.csv"
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([head.split(","), *rows])
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The astronaut three times, turned file formats included, and a picture of nobody."""
    made = tmp_path_factory.mktemp("pictures")
    (portrait,) = read_portraits(None)
    photo = Image.open(portrait.file).convert("RGB")
    photo.save(made / "whole.jpg")
    photo.crop((100, 0, 400, 300)).save(made / "near.png")
    photo.crop((60, 0, 460, 400)).resize((2400, 2400)).point([min(255, n * 5 // 4) for n in range(256)] * 3).save(
        made / "large.jpg"
    )
    rows = np.mgrid[:240, :320][0]
    Image.fromarray(np.repeat((rows % 200)[:, :, None], 3, 2).astype(np.uint8)).save(made / "nobody.png")
    return made


def test_pairs_of_one_face_are_near_and_a_picture_of_nobody_is_a_missed_face(folder: Path, tmp_path: Path) -> None:
    rows = [
        ("whole.jpg", "near.png", "1", "x"),
        ("whole.jpg", "large.jpg", "yes", ""),
        ("near.png", "nobody.png", "0", ""),
    ]
    file, page = listed(tmp_path, rows, "file_a,file_b,same,why"), tmp_path / "page.html"
    found = asked("evaluate", file, "--root", folder, "--degrade", "jpeg, small", "--html", page)
    assert list(found["conditions"]) == ["clean", "jpeg", "small"]
    assert found["conditions"]["clean"] == {key: found[key] for key in CONDITION}
    assert (found["pairs"], found["same"], found["different"]) == (3, 2, 1)
    assert found["missed"] == {"pairs": 1, "same": 0, "different": 1, "files": [str(folder / "nobody.png")]}
    assert (found["accuracy"], found["auc"], found["far"], found["frr"], found["accuracy_10fold"]) == (1, 1, 0, 0, None)
    assert 0.0 < found["roc"][1]["threshold"] < 0.3  # crops and light of one photo; different people are beyond .6
    assert [at["name"] for at in found["cosine"]["running"]] == ["single_max", "accept_max", "doubt_max"]
    html = page.read_text()
    assert "nobody.png" in html
    assert "Plotly.newPlot" in html
    assert 'src="http' not in html
    assert len(html) > 1_000_000  # with the code that draws


def test_a_missed_face_of_one_person_is_a_rejection(folder: Path, tmp_path: Path) -> None:
    rows = [("whole.jpg", "near.png", "1"), ("whole.jpg", "nobody.png", "1"), ("nobody.png", "nobody.png", "0")]
    found = asked("evaluate", listed(tmp_path, rows), "--root", folder)
    assert (found["frr"], found["far"], found["missed"]["same"]) == (0.5, 0.0, 1)


def test_tables_say_the_same_as_json_and_two_processes_see_what_one_does(folder: Path, tmp_path: Path) -> None:
    rows = [("whole.jpg", "near.png", "1"), ("large.jpg", "nobody.png", "0")]
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes((folder / "near.png").read_bytes())
        rows.append((str(folder / "whole.jpg"), str(tmp_path / f"{number}.png"), "1"))
    file = listed(tmp_path, rows)
    one = asked("evaluate", file, "--root", folder)
    two = json.loads(run("evaluate", file, "--root", folder, "--json", "--processes", "2").stdout)
    assert one == two
    told = run("evaluate", file, "--root", folder, "--processes", "1").stdout
    assert "1.0000" in told
    assert "nobody.png" in told


def test_no_attack_made_of_the_astronaut_is_accepted_and_the_seed_decides(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    drill = asked("spoof-drill", "--count", "1", "--html", page)
    assert [one["kind"] for one in drill["attacks"]] == ["held_still", "flat_turn", "frozen_feed", "film_loop"]
    for one in drill["attacks"]:
        assert (one["tried"], one["begun"], one["accepted"]) == (1, 1, 0)
        assert one["moved_max"] < drill["turn_min"]
    assert drill["real"]["note"] == "not measurable with these pictures"
    assert drill["real"]["pass_share"] is None
    assert "not measurable with these pictures" in page.read_text()
    assert asked("spoof-drill", "--count", "1") == drill
    assert asked("spoof-drill", "--count", "1", "--seed", "2") != drill


def test_a_drill_needs_a_face(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "nobody.png").write_bytes((folder / "nobody.png").read_bytes())
    assert "no picture shows one good face" in refused("spoof-drill", tmp_path, "--processes", "1")


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        ([("whole.jpg", "near.png", "1")], "a,b,same", "no column file_a, file_b"),
        ([], "file_a,file_b,same", "no rows"),
        ([("whole.jpg", "near.png", "1")], "file_a,file_b,same", "no pair of two people"),
        ([("whole.jpg", "near.png", "0")], "file_a,file_b,same", "no pair of one person"),
        ([("whole.jpg", "near.png", "maybe")], "file_a,file_b,same", "line 2: same is 'maybe'"),
        ([("whole.jpg", "", "1")], "file_a,file_b,same", "line 2: file_a, file_b, same must all be filled"),
        ([("whole.jpg", "near.png")], "file_a,file_b,same", "line 2: file_a, file_b, same must all be filled"),
        ([("whole.jpg", "gone.jpg", "1"), ("near.png", "whole.jpg", "0")], "file_a,file_b,same", "no such picture"),
        ([("whole.jpg", "pairs.csv", "1"), ("near.png", "whole.jpg", "0")], "file_a,file_b,same", "not a picture"),
    ],
)
def test_what_is_wrong_with_a_list_is_one_line(
    folder: Path, tmp_path: Path, rows: list[tuple[str, ...]], head: str, said: str
) -> None:
    for name in ("whole.jpg", "near.png"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    assert said in refused("evaluate", listed(tmp_path, rows, head), "--processes", "1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("evaluate", "gone.csv"), "gone.csv can't be read: No such file"),
        (("evaluate", "."), "can't be read: Is a directory"),
        (("evaluate", "gone.csv", "--degrade", "blur,fog"), "not fog"),
        (("spoof-drill", "--backend", "magic"), "fast or reference, not magic"),
        (("evaluate", "gone.csv", "--html", "/no/such/folder/page.html"), "can't be written"),
        (("spoof-drill", "gone.csv"), "gone.csv can't be read"),
        (("spoof-drill", "empty"), "no picture in"),
    ],
)
def test_what_is_wrong_with_the_words_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert said in refused(*words)


def test_bytes_that_are_no_text_are_no_list(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_bytes(b"file_a,file_b,same\n\xff\xfe,b,1\n")
    assert "no CSV in UTF-8" in refused("evaluate", tmp_path / "pairs.csv")


def test_the_program_says_it_on_one_line_without_a_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "exam_engine", "vision", "evaluate", str(tmp_path / "gone.csv")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("exam: ")
