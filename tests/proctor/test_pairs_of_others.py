"""On labelled pairs of somebody's own (columns file_a, file_b, same): are the models as good as the exam relies on?"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proctor.faces import load
from proctor.photographs import faithful, read

PAIRS = Path(os.environ["EXAM_FACES"])
COUNTS = PAIRS.with_name("counts.csv")  # columns file, faces


@pytest.mark.timeout(600)
def test_the_pairs_are_told_apart_as_well_as_the_thresholds_assume() -> None:
    command = [sys.executable, "-m", "exam_engine", "vision", "evaluate", str(PAIRS), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["accuracy"] >= 0.985
    assert figures["far"] <= 0.01
    assert figures["frr"] <= 0.03


def test_faces_are_counted_right() -> None:
    faces = load("fast")
    with COUNTS.open(encoding="utf-8", newline="") as file:
        wanted = {row["file"]: int(row["faces"]) for row in csv.DictReader(file)}
    assert wanted
    assert {name: len(faces.look(faithful(read(PAIRS.parent / name))).faces) for name in wanted} == wanted
