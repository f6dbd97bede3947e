"""Pictures of other people are not part of this project: tests on them are there for whoever has some.

EXAM_FACES=…/pairs.csv make tests ARGS=tests/proctor/test_pairs_of_others.py
"""

import os

collect_ignore = [] if "EXAM_FACES" in os.environ else ["test_pairs_of_others.py"]
