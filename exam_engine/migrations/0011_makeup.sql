-- makeup.*: the unified make-up: plans, slots, who sits where.
-- depends: 0010_rescore

SELECT 1;
