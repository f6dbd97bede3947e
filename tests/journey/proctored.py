"""What a proctored journey needs beforehand: sittings of its own policy, and reference photos."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from exam_engine.sitting import IdentityCheck, Policy
from proctor.policy import Proctoring
from tests.candidate import Staff
from tests.journey.exam_server import PASSWORD, ExamServer
from tests.journey.face import portrait

SOMEBODY_ELSE = b"\0\0\0\x3f" * 64 + b"\0\0\0\xbf" * 64  # a made-up face, far from every real one


async def database(server: ExamServer) -> "asyncpg.Connection[asyncpg.Record]":
    """The server's own database."""
    url: str = json.loads((server.folder / "run.json").read_text())["database_url"]
    return await asyncpg.connect(url)


async def sitting(server: ExamServer, title: str, proctoring: Proctoring, minutes: int = 30) -> int:
    """A sitting of five items whose entries a face model checks, for everybody of the demonstration."""
    policy = Policy(
        minutes=minutes, identity=IdentityCheck.MODEL, identity_again=IdentityCheck.MODEL, proctoring=proctoring
    )
    connection = await database(server)
    try:
        sitting_id: int = await connection.fetchval(
            """INSERT INTO exam.sittings (cycle, kind, round, title, province, agency_id, opens_at, closes_at, pool,
                   item_count, points_per_item, pass_points, policy, blueprint)
               SELECT cycle, 'humanities', round, $2, province, agency_id, opens_at, closes_at, pool,
                   item_count, points_per_item, pass_points, $3::json, blueprint
               FROM exam.sittings WHERE sitting_id = $1 RETURNING sitting_id""",
            server.sittings["practice"],
            title,
            msgspec.json.encode(policy).decode(),
        )
        await connection.execute(
            """INSERT INTO exam.entitlements (sitting_id, person_id)
               SELECT $1, person_id FROM people.accounts WHERE role = 'physician'""",
            sitting_id,
        )
        await connection.execute(
            """INSERT INTO exam.sitting_staff SELECT $1, account_id FROM people.accounts
               WHERE login IN ('invigilator', 'chief')""",
            sitting_id,
        )
    finally:
        await connection.close()
    return sitting_id


async def person_of(server: ExamServer, login: str) -> asyncpg.Record:
    """person_id, name and id_number of a login."""
    connection = await database(server)
    try:
        found = await connection.fetchrow(
            """SELECT p.person_id, p.name, p.id_number FROM people.persons p JOIN people.accounts a USING (person_id)
               WHERE a.login = $1""",
            login,
        )
    finally:
        await connection.close()
    assert found is not None
    return found


async def enrol(server: ExamServer, login: str, folder: Path) -> dict[str, Any]:
    """Bring in somebody's reference photo as an agency does: a ZIP, named by ID number. What the command said."""
    person = await person_of(server, login)
    archive = folder / f"{login}.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr(f"{person['id_number']}.jpg", portrait())
    command = [
        sys.executable,
        "-m",
        "exam_engine",
        "vision",
        "enrol",
        str(archive),
        "--data",
        str(server.folder),
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


async def approve(server: ExamServer) -> None:
    """The agency approves every photo that waits: of three people with one face, two have to be looked at."""
    async with Staff(server.base_url, "agency", PASSWORD) as agency:
        for photo in (await agency.get("/api/desk/photos/pending"))["photos"]:
            assert photo["doubts"] == ["same_as_other"]
            await agency.post(f"/api/desk/photos/{photo['photo_id']}/decision", {"approve": True})


async def becomes_somebody_else(server: ExamServer, login: str) -> None:
    """From now on the face of this reference photo is one nobody has."""
    person = await person_of(server, login)
    connection = await database(server)
    try:
        changed = await connection.execute(
            "UPDATE proctor.photos SET vector = $2 WHERE person_id = $1 AND status = 'approved'",
            person["person_id"],
            SOMEBODY_ELSE,
        )
    finally:
        await connection.close()
    assert changed == "UPDATE 1"
