"""What a province decides about watching: limits, patience, thresholds. Frozen into an attempt when it is entered.

Numbers without another source are the defaults of domain.md §7.2 and vision.md §6. Lengths in seconds.
"""

import msgspec


class Proctoring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules one attempt is watched by.

    Entry: `turn` asks for a head turn; `frames` good pictures over `span_s`; up to `accept_max` (cosine distance of
    fused vectors) the person is accepted, up to `doubt_max` and after `tries_max` tries a person judges; `wait_s` is
    how long an entry waits for the model before a person is asked.
    During: if `captures`, pictures at random every `every_min_s` to `every_max_s`; `other_max` is the distance of a
    window of three above which somebody else is suspected, and `lock_after` such windows in a row lock the identity
    (0: never).
    Leaving: a page hidden longer than `leave_s` is a leave; the first is noted, from `leaves_warn` on a warning, above
    `leaves_max` a case, and the exam is handed in if `leaves_force`.
    Camera away, in sum: `camera_warn_s` is a warning, `camera_case_s` a case.
    """

    turn: bool = True
    frames: int = 5
    span_s: float = 3.0
    accept_max: float = 0.064
    doubt_max: float = 0.081
    tries_max: int = 5
    wait_s: float = 8.0
    captures: bool = True
    every_min_s: int = 60
    every_max_s: int = 180
    other_max: float = 0.056
    lock_after: int = 3
    leave_s: float = 5.0
    leaves_warn: int = 3
    leaves_max: int = 5
    leaves_force: bool = True
    camera_warn_s: int = 60
    camera_case_s: int = 120
    gap_s: int = 30
    idle_s: int = 600
    reply_h: int = 72
    appeal_days: int = 15
    keep_days: int = 90
    keep_case_days: int = 1096

    def __post_init__(self) -> None:
        if not 1 <= self.frames <= 20:
            raise ValueError("frames must be 1 to 20")
        if not 0 <= self.span_s <= 30:
            raise ValueError("span_s must be 0 to 30")
        if not 0 < self.accept_max <= self.doubt_max < 2:
            raise ValueError("accept_max must be above 0, doubt_max between it and 2")
        if not 2 <= self.every_min_s <= self.every_max_s <= 3600:
            raise ValueError("every_min_s must be 2 to every_max_s, every_max_s at most 3600")
        if not 1 <= self.leaves_warn <= self.leaves_max <= 1000:
            raise ValueError("leaves_warn must be 1 to leaves_max, leaves_max at most 1000")
        if not 1 <= self.camera_warn_s <= self.camera_case_s <= 86_400:
            raise ValueError("camera_warn_s must be 1 to camera_case_s, camera_case_s at most 86400")
        if min(self.tries_max, self.gap_s, self.idle_s, self.leave_s, self.wait_s, self.other_max) <= 0:
            raise ValueError("tries_max, gap_s, idle_s, leave_s, wait_s and other_max must be above 0")
        if min(self.lock_after, self.reply_h, self.appeal_days, self.keep_days, self.keep_case_days) < 0:
            raise ValueError("lock_after, reply_h, appeal_days, keep_days and keep_case_days can't be below 0")
