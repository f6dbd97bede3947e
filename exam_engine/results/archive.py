"""归档备案 of a cycle's results: what is still open, the digest over everything, and the file to keep.

The root is SHA-256 over one line a result, in the order of their numbers: what it is, and the head of its history's
chain. Whoever has the file can compute it again from `results.jsonl`; whoever changes a result afterwards breaks it.
"""

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import msgspec

from exam_engine.registration.application import SHANGHAI
from exam_engine.registration.store import link
from exam_engine.results import exporting
from exam_engine.results.final import RECHECK_FOR, TABLE, Event, State
from exam_engine.results.moving import By
from exam_engine.store import Row, Runner

BATCH: Final = 2_000

# What keeps a cycle of a province from being archived. `legs_changed` stands beside the state.
OPEN: Final = """
SELECT w.what, count(*)::integer AS count, (array_agg(r.name ORDER BY r.result_id))[:5] AS names
FROM result.results r CROSS JOIN LATERAL (
    SELECT CASE WHEN r.state IN ('qualified', 'unqualified') AND r.order_id IS NOT NULL THEN 'publishing'
        WHEN r.state IN ('qualified', 'unqualified') THEN 'decided'
        WHEN r.state IN ('pending', 'proposed', 'recheck', 'suspended', 'reassess') THEN r.state
        WHEN r.legs_now IS NOT NULL THEN 'legs_changed'
        WHEN r.state = 'notified' AND r.notified_at > $3 THEN 'recheck_open' END AS what) w
WHERE r.cycle = $1 AND r.province = $2 AND w.what IS NOT NULL GROUP BY 1 ORDER BY 1
"""
NO_RESULT: Final = """
SELECT count(*)::integer AS count, (array_agg(p.name ORDER BY a.application_id))[:5] AS names
FROM reg.applications a JOIN people.persons p USING (person_id) WHERE a.cycle = $1 AND a.province = $2
  AND NOT EXISTS (SELECT FROM result.results r WHERE r.application_id = a.application_id)
"""
PAPER_WAITING: Final = """
SELECT count(*)::integer AS count, (array_agg(title ORDER BY import_id))[:5] AS names FROM result.paper_imports
WHERE cycle = $1 AND province = $2 AND state = 'waiting'
"""
COUNTS: Final = """
SELECT CASE WHEN state = 'archived' THEN final_state ELSE state END AS state, outcome, count(*)::integer AS count
FROM result.results WHERE cycle = $1 AND province = $2 GROUP BY 1, 2 ORDER BY 1, 2
"""
READY: Final = """
SELECT r.result_id, r.state, r.version, (SELECT m.digest FROM result.moves m WHERE m.result_id = r.result_id
    ORDER BY m.move_id DESC LIMIT 1) AS head
FROM result.results r WHERE r.cycle = $1 AND r.province = $2 AND r.state <> 'archived' AND r.result_id > $3
ORDER BY r.result_id LIMIT $4 FOR UPDATE OF r
"""
CLOSE: Final = """
UPDATE result.results SET final_state = state, state = 'archived', version = version + 1, look_at = NULL, moved_at = $2
WHERE result_id = ANY ($1::bigint[])
"""
ADD_MOVES: Final = """
INSERT INTO result.moves (result_id, event, from_state, to_state, at, account_id, role, organisation_id, facts, address,
    digest)
SELECT n.result_id, 'archive', n.state, 'archived', $5, $6, $7, $8, n.facts::jsonb, $9, n.digest
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[]) AS n (result_id, state, facts, digest)
"""
LINES: Final = """
SELECT r.result_id, r.name, r.id_number, r.department, r.procedure, r.state, r.final_state, r.outcome, r.reasons,
    r.text, r.legs, r.took_part, r.notice_number, r.notified_at, o.name AS institution, coalesce(g.name, '') AS agency,
    (SELECT m.digest FROM result.moves m WHERE m.result_id = r.result_id ORDER BY m.move_id DESC LIMIT 1) AS head
FROM result.results r JOIN people.organisations o ON o.organisation_id = r.institution_id
LEFT JOIN people.organisations g ON g.organisation_id = r.agency_id
WHERE r.cycle = $1 AND r.province = $2 AND r.state = 'archived' ORDER BY r.result_id
"""
ADD: Final = """
INSERT INTO result.archives (cycle, province, account_id, at, results, counts, root)
VALUES ($1, $2, $3, $4, $5, $6::json, $7) ON CONFLICT (cycle, province) DO NOTHING RETURNING archive_id
"""
_ARCHIVE: Final = """
SELECT v.archive_id, v.cycle, v.province, v.at, p.name AS by, v.results, v.counts, v.root
FROM result.archives v JOIN people.accounts a USING (account_id) JOIN people.persons p USING (person_id)
"""
ARCHIVE: Final = f"{_ARCHIVE} WHERE v.archive_id = $1"
ARCHIVES: Final = f"{_ARCHIVE} WHERE v.cycle = $1 AND v.province = $2"
# One at a time: of two who archive at once the second finds it done.
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('result.archive', $1))"


class Open(msgspec.Struct, frozen=True):
    """What is open, how many, and the names of the first."""

    what: str
    count: int
    names: list[str]


async def open_matters(runner: Runner, cycle: int, province: str, now: datetime) -> list[Open]:
    """Everything that keeps this cycle from being archived."""
    found = [Open(*row) for row in await runner.fetch(OPEN, cycle, province, now - RECHECK_FOR)]
    for what, query in (("no_result", NO_RESULT), ("paper_waiting", PAPER_WAITING)):
        row = await runner.fetchrow(query, cycle, province)
        if row is not None and row["count"]:
            found.append(Open(what, row["count"], list(row["names"])))
    return found


async def archive(runner: Runner, cycle: int, province: str, by: By, now: datetime) -> tuple[int, str, int] | None:
    """Archive every result, in the caller's transaction: number, root and how many; None: somebody was first.

    Nothing may be open (`open_matters`, in the same transaction).
    """
    after = 0
    while rows := await runner.fetch(READY, cycle, province, after, BATCH):
        await _close(runner, rows, by, now)
        after = rows[-1]["result_id"]
    lines = [line_of(row) for row in await runner.fetch(LINES, cycle, province)]
    counts = [dict(row) for row in await runner.fetch(COUNTS, cycle, province)]
    root = root_of(lines)
    archive_id = await runner.fetchval(ADD, cycle, province, by.account_id, now, len(lines), json.dumps(counts), root)
    return None if archive_id is None else (archive_id, root, len(lines))


async def _close(runner: Runner, rows: Sequence[Row], by: By, now: datetime) -> None:
    """The move ARCHIVE of many results at once, each with its line of history."""
    account_id, role, organisation_id, address = by.signature()
    facts, digests = [], []
    for row in rows:
        assert (State(row["state"]), Event.ARCHIVE, by.level) in TABLE, "nothing is open"
        said = {"version": row["version"] + 1}
        head = [row["result_id"], "archive", row["state"], "archived", now]
        values = [*head, account_id, role, organisation_id, "", said, address]
        facts.append(json.dumps(said))
        digests.append(link(bytes(row["head"] or bytes(32)), values))
    ids, states = [row["result_id"] for row in rows], [row["state"] for row in rows]
    await runner.execute(ADD_MOVES, ids, states, facts, digests, now, account_id, role, organisation_id, address)
    await runner.execute(CLOSE, ids, now)


def line_of(row: Row) -> dict[str, Any]:
    """One result as it is kept. The number stands there as a digest, so that masked files have the same root."""
    legs = json.loads(row["legs"])
    return {
        "result": row["result_id"],
        "name": row["name"],
        "id_digest": sha256(f"{row['result_id']}|{row['id_number']}".encode()).hexdigest(),
        "institution": row["institution"],
        "agency": row["agency"],
        "procedure": row["procedure"],
        "state": row["final_state"],
        "outcome": row["outcome"],
        "reasons": list(row["reasons"]),
        "text": row["text"],
        "legs": legs,
        "notice": row["notice_number"],
        "notified_at": None if row["notified_at"] is None else row["notified_at"].isoformat(),
        "history": bytes(row["head"]).hex(),
    }


def root_of(lines: Sequence[dict[str, Any]]) -> str:
    """SHA-256 over the lines, each as JSON with sorted names and a newline; in hex."""
    return sha256(jsonl(lines)).hexdigest()


def jsonl(lines: Sequence[dict[str, Any]]) -> bytes:
    """The lines as `results.jsonl` has them."""
    return "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines).encode()


def packed(rows: Sequence[Row], of: Row, *, whole: bool) -> bytes:
    """The ZIP: results.jsonl, results.csv and results.xlsx, and a manifest with the SHA-256 of each."""
    files = {"results.jsonl": jsonl([line_of(row) for row in rows])}
    listed = [dict(row) | {"state": row["final_state"]} for row in rows]
    files |= {f"results.{form}": exporting.sheet(listed, form, whole=whole) for form in exporting.FORMS}
    manifest = {
        "cycle": of["cycle"],
        "province": of["province"],
        "archived_at": of["at"].astimezone(SHANGHAI).isoformat(),
        "results": of["results"],
        "counts": json.loads(of["counts"]),
        "root": of["root"],
        "root_of": "SHA-256 of results.jsonl",
        "numbers": "full" if whole else "masked",
        "files": {name: {"bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in files.items()},
    }
    files["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, data in files.items():
            pack.writestr(name, data)
    return out.getvalue()
