"""The exact search, against trying everything."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.recipe import Kind, Limit, Space
from question_bank.solver import search

TYPE_LIMITS = 2


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    ranges = st.tuples(st.integers(0, 6), st.integers(0, 3)).map(lambda pair: (pair[0], pair[0] + pair[1]))
    limits = [Limit(f"limit {n}", *draw(ranges)) for n in range(4)]
    kinds = {}
    for _ in range(draw(st.integers(0, 4))):
        group, size = draw(st.integers(0, TYPE_LIMITS - 1)), draw(st.integers(1, 3))
        others = {limit: draw(st.integers(1, size)) for limit in range(TYPE_LIMITS, 4) if draw(st.booleans())}
        kinds[(group, size), *others.items()] = draw(st.integers(1, 3))
    return Space(tuple(limits), tuple(Kind(counts, stock) for counts, stock in kinds.items()))


def allowed(space: Space) -> list[tuple[int, ...]]:
    return [recipe for recipe in product(*(range(kind.stock + 1) for kind in space.kinds)) if space.allows(recipe)]


@settings(max_examples=150, deadline=None)
@given(spaces())
def test_it_finds_a_recipe_exactly_when_there_is_one(space: Space) -> None:
    found = search(space, space.stock, [0] * len(space.kinds))
    assert bool(found.misses) == (not allowed(space))
    assert found.misses or found.recipe in allowed(space)


@settings(max_examples=100, deadline=None)
@given(spaces(), st.data())
def test_it_repeats_as_few_items_as_possible(space: Space, data: st.DataObject) -> None:
    stale = [data.draw(st.integers(0, kind.stock)) for kind in space.kinds]
    fresh = [kind.stock - old for kind, old in zip(space.kinds, stale, strict=True)]
    found = search(space, fresh, stale)
    if not found.misses:
        sizes = [kind.size for kind in space.kinds]
        repeats = [
            sum(max(0, taken - new) * size for taken, new, size in zip(recipe, fresh, sizes, strict=True))
            for recipe in allowed(space)
        ]
        assert sum(taken * size for taken, size in zip(found.stale, sizes, strict=True)) == min(repeats)


def test_a_miss_names_the_limit_and_how_near_one_gets() -> None:
    space = Space((Limit("type A1", 3, 3), Limit("topic x", 3, 3)), (Kind(((0, 1), (1, 1)), 2), Kind(((0, 1),), 9)))
    assert [(miss.limit.name, miss.reached) for miss in search(space, space.stock, (0, 0)).misses] == [("topic x", 2)]


def test_nothing_to_choose_from_is_a_miss_and_no_crash() -> None:
    assert search(Space((Limit("type A1", 1, 1),), ()), (), ()).misses[0].reached == 0
