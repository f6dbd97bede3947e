-- result.*: the final result of a cycle, its notice, rechecks, paper exams, the archive.
-- depends: 0011_makeup

SELECT 1;
