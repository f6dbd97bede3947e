-- score.*: schemes, rulings by two persons and what they changed.
-- depends: 0009_plans

-- How the papers of a sitting are marked (scoring/marking.py `Scheme`); null: the default for its points per item.
ALTER TABLE exam.sittings ADD COLUMN scheme json;
