"""Facts become incidents: by the set of facts alone, with patience, and never from a single capture."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.policy import Proctoring
from proctor.signals import KEYS_APART, ORDINAL_MAX, RULES, Incident, Signal, SignalKind, incidents
from proctor.watching import Kind, Seen

T0 = datetime(2026, 3, 1, 9, tzinfo=UTC)
POLICY = Proctoring()
Key = tuple[str, int]


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def happened(*seconds: float, kind: SignalKind, for_s: float = 0, device: str = "device-a") -> list[Signal]:
    return [Signal(device, n, kind, at(second), round(for_s * 1000)) for n, second in enumerate(seconds, start=1)]


def left(count: int, for_s: float = 6) -> list[Signal]:
    return happened(*range(0, count * 60, 60), kind=SignalKind.PAGE_HIDDEN, for_s=for_s)


def keys(found: Sequence[Incident]) -> set[Key]:
    return {(incident.rule, incident.ordinal) for incident in found}


def levels(found: Sequence[Incident], rule: str) -> list[int]:
    return [incident.level for incident in found if incident.rule == rule]


# --- leaving the page ------------------------------------------------------------------------------------------


def test_a_first_leave_is_noted_the_third_warns_and_the_sixth_ends_the_exam_and_opens_a_case() -> None:
    found = incidents(POLICY, left(6))

    assert [(i.ordinal, i.level, i.notice, i.case, i.hand_in) for i in found] == [
        (1, 1, False, False, False),
        (2, 1, False, False, False),
        (3, 2, True, False, False),
        (4, 2, True, False, False),
        (5, 2, True, False, False),
        (6, 3, True, True, True),
    ]
    assert found[5].at == at(300)
    assert found[5].for_ms == 6000
    assert found[5].signals == (("device-a", 6),)


def test_a_policy_without_force_opens_the_case_but_ends_nothing() -> None:
    last = incidents(Proctoring(leaves_force=False, leaves_warn=1, leaves_max=1), left(2))[-1]

    assert (last.level, last.case, last.hand_in) == (3, True, False)


@pytest.mark.parametrize(("for_s", "counts"), [(4.9, 0), (5.0, 0), (5.001, 3), (300, 3)])
def test_a_leave_counts_only_when_it_was_longer_than_the_policy_is_patient(for_s: float, counts: int) -> None:
    assert len(incidents(POLICY, left(3, for_s))) == counts


def test_what_goes_on_is_one_leave_as_long_as_its_longest_word() -> None:
    began = Signal("device-a", 7, SignalKind.PAGE_HIDDEN, at(0))
    goes_on = [Signal("device-a", 7 + i, SignalKind.PAGE_HIDDEN, at(0), i * 10_000, 7) for i in range(1, 4)]

    (incident,) = incidents(POLICY, [began, *goes_on])

    assert incident.for_ms == 30_000
    assert incident.signals == (("device-a", 7), ("device-a", 8), ("device-a", 9), ("device-a", 10))


def test_the_same_numbers_of_two_devices_are_two_things() -> None:
    both = [*left(1), *happened(0, kind=SignalKind.PAGE_HIDDEN, for_s=6, device="device-b")]

    assert keys(incidents(POLICY, both)) == {("left_page", 1), ("left_page", 2)}


def test_what_happened_at_the_same_moment_is_counted_in_the_order_of_devices_and_numbers() -> None:
    tied = [signal for n in range(30) for signal in happened(0, kind=SignalKind.COPY, device=f"device-{n:02}")]
    left = [signal for n in range(30) for signal in happened(0, kind=SignalKind.PAGE_HIDDEN, for_s=30 - n % 7)]
    leaves = [Signal(f"device-{n:02}", 1, signal.kind, signal.at, signal.for_ms) for n, signal in enumerate(left)]

    found = incidents(POLICY, leaves + tied)

    assert found == incidents(POLICY, reversed(leaves + tied))
    assert [i.signals[0][0] for i in found if i.rule == "left_page"] == [f"device-{n:02}" for n in range(30)]
    assert [i.signals[0][0] for i in found if i.rule == "copy"] == ["device-00"]


# --- rules that never grow severe --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "rule", "too_short_s", "long_s"),
    [
        (SignalKind.FOCUS_LOST, "focus_lost", 5, 5.1),
        (SignalKind.NETWORK_GAP, "network_gap", 30, 31),
        (SignalKind.IDLE, "idle", 600, 601),
    ],
)
def test_lost_focus_gaps_and_thinking_are_told_to_the_desk_and_no_more(
    kind: SignalKind, rule: str, too_short_s: float, long_s: float
) -> None:
    assert incidents(POLICY, happened(*range(30), kind=kind, for_s=too_short_s)) == []

    found = incidents(POLICY, happened(*range(30), kind=kind, for_s=long_s))
    assert levels(found, rule) == [1] * 30
    assert not any(i.notice or i.case or i.lock or i.hand_in for i in found)


def test_leaving_full_screen_says_less_and_less() -> None:
    found = incidents(POLICY, happened(*range(0, 1200, 60), kind=SignalKind.FULLSCREEN_LEFT))

    assert [(i.ordinal, i.level, i.at) for i in found] == [
        (1, 1, at(0)),
        (2, 1, at(120)),
        (3, 1, at(300)),
        (4, 1, at(540)),
        (5, 1, at(840)),
    ]


def test_another_device_is_allowed_and_written_down_and_a_reloaded_page_is_nothing() -> None:
    changed = happened(0, 900, kind=SignalKind.DEVICE_CHANGED)
    reloaded = happened(*range(50), kind=SignalKind.PAGE_RELOADED, device="device-b")

    assert [(i.rule, i.level) for i in incidents(POLICY, changed + reloaded)] == [("second_device", 1)] * 2


# --- keys --------------------------------------------------------------------------------------------------------

KEYS = [SignalKind.COPY, SignalKind.PASTE, SignalKind.CUT, SignalKind.PRINT, SignalKind.SCREENSHOT_KEY]


@pytest.mark.parametrize("kind", KEYS)
def test_the_third_time_a_key_is_pressed_warns_and_no_more_ever_follows(kind: SignalKind) -> None:
    found = incidents(POLICY, happened(*range(0, 600, 60), kind=kind))

    assert levels(found, kind) == [1, 1, *[2] * 8]
    assert not any(i.case for i in found)


def test_a_key_held_down_is_one_time() -> None:
    held = happened(*(i / 30 for i in range(120)), kind=SignalKind.COPY)

    assert keys(incidents(POLICY, held)) == {("copy", 1)}


def test_a_device_gone_mad_fills_no_desk() -> None:
    mad = happened(*range(0, 50_000, 20), kind=SignalKind.PASTE)

    assert len(incidents(POLICY, mad)) == ORDINAL_MAX


# --- the camera --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([(0, 59)], []),
        ([(0, 60)], [(1, 2, 60, False)]),
        ([(0, 30), (100, 30)], [(1, 2, 130, False)]),
        ([(0, 40), (20, 40)], [(1, 2, 60, False)]),
        ([(0, 50), (10, 20), (40, 19)], []),
        ([(0, 119)], [(1, 2, 60, False)]),
        ([(0, 120)], [(1, 2, 60, False), (2, 3, 120, True)]),
        ([(0, 50), (60, 50), (200, 50)], [(1, 2, 70, False), (2, 3, 220, True)]),
    ],
)
def test_time_without_a_camera_adds_up_and_what_overlaps_counts_once(
    stretches: list[tuple[float, float]], expected: list[tuple[int, int, float, bool]]
) -> None:
    kinds = [SignalKind.CAMERA_MUTED, SignalKind.CAMERA_ENDED, SignalKind.CAMERA_COVERED]
    signals = [
        Signal("device-a", n, kinds[n % 3], at(begin), round(for_s * 1000))
        for n, (begin, for_s) in enumerate(stretches, start=1)
    ]

    found = incidents(POLICY, signals)

    assert [(i.ordinal, i.level, (i.at - T0).total_seconds(), i.case) for i in found] == expected
    assert all(i.rule == "camera_away" and i.notice for i in found)


def test_covered_captures_add_to_what_the_device_says_and_are_shown() -> None:
    seen = [(f"picture-{n}", Seen(at(n * 100), Kind.COVERED)) for n in range(2)]
    muted = happened(500, kind=SignalKind.CAMERA_MUTED, for_s=60)

    warned, opened = incidents(POLICY, muted, seen)

    assert (warned.at, warned.pictures, warned.signals) == (at(60), ("picture-0", "picture-1"), ())
    assert (opened.at, opened.pictures, opened.signals) == (
        at(560),
        ("picture-0", "picture-1"),
        (("device-a", 1),),
    )
    assert warned.for_ms == opened.for_ms == 120_000


# --- whatever comes in whatever order ------------------------------------------------------------------------------


@st.composite
def a_thing(draw: st.DrawFn) -> list[Signal]:
    """One thing on one device, told once or again and again while it lasts."""
    device = draw(st.sampled_from(["device-a", "device-b"]))
    n = draw(st.integers(1, 60)) * 10
    kind = draw(st.sampled_from(SignalKind))
    begin = at(draw(st.integers(0, 3600)))
    lasts = sorted(draw(st.lists(st.integers(0, 700_000), min_size=1, max_size=4)))
    return [Signal(device, n + i, kind, begin, for_ms, n if i else 0) for i, for_ms in enumerate(lasts)]


facts = st.lists(a_thing(), max_size=30).map(lambda things: [signal for thing in things for signal in thing])
captures = st.lists(
    st.tuples(st.integers(0, 3600), st.sampled_from(Kind), st.sampled_from([None, 0.01, 0.07])), max_size=40
).map(lambda rows: [(f"picture-{second}", Seen(at(second), kind, apart)) for second, kind, apart in rows])


@given(facts, captures, st.data())
def test_order_batches_and_deliveries_change_nothing(
    signals: list[Signal], seen: list[tuple[str, Seen]], data: st.DataObject
) -> None:
    expected = incidents(POLICY, signals, seen)
    again = data.draw(st.lists(st.sampled_from(signals), max_size=20)) if signals else []
    seen_again = data.draw(st.lists(st.sampled_from(seen), max_size=20)) if seen else []

    shuffled = data.draw(st.permutations(signals + again))
    seen_shuffled = data.draw(st.permutations(seen + seen_again))
    cut = data.draw(st.integers(0, len(shuffled)))

    assert incidents(POLICY, shuffled, seen_shuffled) == expected
    assert incidents(POLICY, iter([*shuffled[cut:], *shuffled[:cut]]), seen) == expected


@given(facts, facts, captures)
def test_more_signals_never_remove_an_incident(
    signals: list[Signal], more: list[Signal], seen: list[tuple[str, Seen]]
) -> None:
    before, after = incidents(POLICY, signals, seen), incidents(POLICY, [*signals, *more], seen)

    assert keys(before) <= keys(after)
    severe = {(i.rule, i.ordinal): i.level for i in after}
    assert all(severe[i.rule, i.ordinal] == i.level for i in before)


@given(facts, captures, captures)
def test_captures_taken_later_never_change_an_incident_of_captures(
    signals: list[Signal], seen: list[tuple[str, Seen]], later: list[tuple[str, Seen]]
) -> None:
    then = [(f"later-{name}", Seen(look.at + timedelta(hours=2), look.kind)) for name, look in later]
    before, after = incidents(POLICY, signals, seen), incidents(POLICY, signals, [*seen, *then])

    assert keys(before) <= keys(after)
    assert [i for i in before if i.rule != "camera_away"] == [
        i for i in after if i.rule != "camera_away" and (i.rule, i.ordinal) in keys(before)
    ]


@given(st.sampled_from(Kind), st.sampled_from([None, 0.0, 0.06, 1.9]), st.integers(1, 3), st.integers(0, 5))
def test_one_capture_alone_is_never_an_incident(kind: Kind, apart: float | None, copies: int, lock_after: int) -> None:
    policy = Proctoring(lock_after=lock_after, camera_warn_s=1, camera_case_s=1)

    assert incidents(policy, [], [("picture", Seen(T0, kind, apart))] * copies) == []


@given(facts, captures)
def test_keys_are_counted_without_a_gap_and_levels_say_what_follows(
    signals: list[Signal], seen: list[tuple[str, Seen]]
) -> None:
    found = incidents(POLICY, signals, seen)

    assert [i.at for i in found] == sorted(i.at for i in found)
    assert len(keys(found)) == len(found)
    for rule in RULES:
        ordinals = sorted(i.ordinal for i in found if i.rule == rule)
        assert ordinals == list(range(1, len(ordinals) + 1))
    for i in found:
        assert 1 <= i.level <= 3
        assert i.notice == (i.level >= 2)
        assert i.case == (i.level == 3)
        assert i.case or not (i.lock or i.hand_in)
        assert i.pictures or i.signals
        assert i.rule in RULES


@given(st.lists(st.integers(0, 200), max_size=30), st.integers(0, 200))
def test_one_more_press_in_between_never_makes_them_fewer(seconds: list[int], more: int) -> None:
    before = incidents(POLICY, happened(*seconds, kind=SignalKind.CUT))
    after = incidents(POLICY, happened(*seconds, more, kind=SignalKind.CUT))

    assert len(before) <= len(after) <= len(before) + 1
    assert all(b.at - a.at >= KEYS_APART for a, b in pairwise(after))
