"""Tables score.proposals, decisions, progress, corrections, failures: what is marked again, and what became of it."""

from typing import Final

# $6, $7 who proposes.
PROPOSE: Final = """
INSERT INTO score.proposals (sitting_id, edition, scheme, refs, reason, keep_passes, withdraw_reason, foreseen,
    account_id, person_id, role)
VALUES ($1, $2, $3::json, $4::json, $5, $6, $7, $8::json, $9, $10, $11) RETURNING proposal_id
"""
_PROPOSAL: Final = """
SELECT p.proposal_id, p.sitting_id, p.edition, p.scheme, p.refs, p.reason, p.keep_passes, p.withdraw_reason,
    p.foreseen, p.account_id, p.person_id, p.role, p.at, d.act, d.reason AS decided_why, d.account_id AS decided_by,
    d.role AS decided_as, d.at AS decided_at, g.total, g.looked, g.looked_to, g.done_at
FROM score.proposals p LEFT JOIN score.decisions d USING (proposal_id) LEFT JOIN score.progress g USING (proposal_id)
"""
PROPOSAL: Final = f"{_PROPOSAL} WHERE p.proposal_id = $1"
OF_SITTINGS: Final = f"""{_PROPOSAL} WHERE p.sitting_id = ANY ($1::bigint[])
ORDER BY p.proposal_id DESC LIMIT $2"""
DECIDE: Final = """
INSERT INTO score.decisions (proposal_id, proposed_by, act, reason, account_id, person_id, role)
SELECT proposal_id, person_id, $2, $3, $4, $5, $6 FROM score.proposals WHERE proposal_id = $1
ON CONFLICT (proposal_id) DO NOTHING RETURNING proposal_id
"""
BEGIN: Final = "INSERT INTO score.progress (proposal_id, total) VALUES ($1, $2)"
RUNNING: Final = """
SELECT p.proposal_id FROM score.progress g JOIN score.proposals p USING (proposal_id)
WHERE p.sitting_id = $1 AND g.done_at IS NULL
"""
NEXT: Final = f"{_PROPOSAL} WHERE g.done_at IS NULL AND g.proposal_id IS NOT NULL ORDER BY p.proposal_id LIMIT 1"
# Only forwards: two leaders for a moment do no harm.
ADVANCE: Final = """
UPDATE score.progress SET looked_to = $2, looked = looked + $3 WHERE proposal_id = $1 AND looked_to < $2
"""
# What could not be marked again, each tried anew after a while; two leaders who try at the same moment try once.
FAILED: Final = """
INSERT INTO score.failures (proposal_id, attempt_id) SELECT $1, unnest($2::bigint[])
ON CONFLICT (proposal_id, attempt_id) DO UPDATE SET tries = failures.tries + 1, tried_at = now()
WHERE failures.tried_at < now() - interval '5 minutes'
"""
MENDED: Final = "DELETE FROM score.failures WHERE proposal_id = $1 AND attempt_id = ANY ($2::bigint[])"
AGAIN: Final = f"""{_PROPOSAL} WHERE g.done_at IS NOT NULL AND EXISTS (
    SELECT FROM score.failures f WHERE f.proposal_id = p.proposal_id AND f.tried_at < now() - interval '5 minutes')
ORDER BY p.proposal_id LIMIT 1"""
DUE: Final = """
SELECT attempt_id FROM score.failures WHERE proposal_id = $1 AND tried_at < now() - interval '5 minutes'
ORDER BY attempt_id LIMIT $2
"""
FAILURES: Final = """
SELECT attempt_id, tries, tried_at FROM score.failures WHERE proposal_id = $1 ORDER BY attempt_id LIMIT $2
"""
FAILURE_COUNTS: Final = """
SELECT proposal_id, count(*)::integer AS failed FROM score.failures
WHERE proposal_id = ANY ($1::bigint[]) GROUP BY proposal_id
"""
FINISH: Final = "UPDATE score.progress SET done_at = now() WHERE proposal_id = $1 AND done_at IS NULL"
CORRECTED: Final = """
INSERT INTO score.corrections (proposal_id, attempt_id, revision, points_before, points_after, passed_before,
    passed_after, told, kept)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (proposal_id, attempt_id) DO NOTHING
"""
CORRECTION: Final = """
SELECT revision, points_before, points_after, passed_before, passed_after, told, kept
FROM score.corrections WHERE proposal_id = $1 AND attempt_id = $2
"""
COUNTS: Final = """
SELECT proposal_id, count(*)::integer AS touched,
    count(*) FILTER (WHERE points_before <> points_after)::integer AS changed,
    count(*) FILTER (WHERE passed_after AND NOT passed_before)::integer AS gained,
    count(*) FILTER (WHERE passed_before AND NOT passed_after)::integer AS lost,
    count(*) FILTER (WHERE kept)::integer AS kept
FROM score.corrections WHERE proposal_id = ANY ($1::bigint[]) GROUP BY proposal_id
"""
OPEN_PROPOSALS: Final = """
SELECT p.sitting_id, count(*)::integer AS number FROM score.proposals p
WHERE p.sitting_id = ANY ($1::bigint[]) AND NOT EXISTS (
    SELECT FROM score.decisions d WHERE d.proposal_id = p.proposal_id) GROUP BY p.sitting_id
"""

ORDER_CALIBRATION: Final = """
INSERT INTO score.calibrations (sitting_id, account_id) VALUES ($1, $2)
ON CONFLICT (sitting_id) WHERE state = 'running' DO NOTHING RETURNING calibration_id
"""
END_CALIBRATION: Final = """
UPDATE score.calibrations SET state = $2, persons = $3, rounds = $4, kept = $5::json, skipped = $6::json, at = now()
WHERE calibration_id = $1 AND state = 'running'
"""
CALIBRATION: Final = """
SELECT calibration_id, state, at, persons, rounds, kept, skipped FROM score.calibrations
WHERE sitting_id = $1 ORDER BY calibration_id DESC LIMIT 1
"""
RUNNING_CALIBRATIONS: Final = """
SELECT calibration_id, sitting_id FROM score.calibrations WHERE state = 'running' ORDER BY calibration_id LIMIT 1
"""
