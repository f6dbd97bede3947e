-- exam.*: signed receipts of what was handed in.
-- depends: 0012_results

SELECT 1;
