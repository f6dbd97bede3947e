-- What follows from attempts that moved is written once a statement: a bell moves ten thousand at once.
-- depends: 0015_captures

DROP TRIGGER attempts_unsettle ON exam.attempts;
DROP TRIGGER attempts_unsettle_corrected ON exam.attempts;
DROP TRIGGER attempts_result_due ON exam.attempts;
DROP FUNCTION exam.unsettle();
DROP FUNCTION result.score_changed();

-- In the order of persons: no two statements wait for each other in a circle. EXECUTE, because a plan kept from a
-- statement that moved one attempt would compare each of two thousand with each.
CREATE FUNCTION exam.attempts_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows WHERE phase IN ('submitted', 'marked', 'released', 'annulled')) THEN
        RETURN NULL;
    END IF;
    -- Handed in, released, annulled, or corrected after the release: what the person may sit has to be looked at again.
    EXECUTE $q$
        INSERT INTO exam.unsettled (person_id, cycle)
        SELECT DISTINCT n.person_id, s.cycle
        FROM new_rows n JOIN old_rows o USING (attempt_id) JOIN exam.sittings s ON s.sitting_id = n.sitting_id
        WHERE s.kind <> 'practice' AND (
            (o.phase <> n.phase AND n.phase IN ('submitted', 'released', 'annulled'))
            OR (o.phase = 'released' AND n.phase = 'released'
                AND (o.points, o.passed) IS DISTINCT FROM (n.points, n.passed)))
        ORDER BY 1, 2
        ON CONFLICT DO NOTHING $q$;
    -- A leg of the result may stand otherwise.
    EXECUTE $q$
        INSERT INTO result.due (person_id, cycle)
        SELECT a.person_id, a.cycle
        FROM new_rows n JOIN old_rows o USING (attempt_id) JOIN exam.sittings s ON s.sitting_id = n.sitting_id
            JOIN reg.applications a ON a.cycle = s.cycle AND a.person_id = n.person_id
        WHERE s.kind <> 'practice' AND n.phase IN ('submitted', 'marked', 'released', 'annulled')
            AND (o.points, o.passed, o.held, o.barred) IS DISTINCT FROM (n.points, n.passed, n.held, n.barred)
        ORDER BY a.person_id, a.cycle $q$;
    RETURN NULL;
END $$;
CREATE TRIGGER attempts_moved AFTER UPDATE ON exam.attempts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION exam.attempts_moved();
