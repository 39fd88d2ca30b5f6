"""The checker against pyx12, which validates against the same guides: the same verdict and the same first segment,
but for the kinds of difference that are written down with who is right."""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.crash.cases import seed
from tests.soak import SOAK

from .checked import check
from .compare import MUTATIONS, PAGE, Compared, compared, kinds_of, known, page
from .mutate import BASES, KINDS, mutation, untouched
from .oracle import validate

SAMPLE = 100
EVERY = range(MUTATIONS)


def _numbers() -> list[int]:
    """The mutations of this session: in a soak all; else a sample, as many of each kind."""
    if SOAK:
        return list(EVERY)
    rng = random.Random(f"{seed()}:pyx12")
    return sorted(
        number for kind in range(len(KINDS)) for number in rng.sample(EVERY[kind :: len(KINDS)], SAMPLE // 25)
    )


def _all(numbers: list[int]) -> list[Compared]:
    """Compared in worker processes, which keep what they change of pyx12 to themselves."""
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1), mp_context=get_context("spawn")) as pool:
        return list(pool.map(compared, numbers, chunksize=25))


def test_every_difference_is_of_a_known_kind() -> None:
    counted: Counter[str] = Counter()
    unknown: defaultdict[str, list[str]] = defaultdict(list)
    examples = {kind.example: kind.kind for kind in known()}
    for one in _all(sorted({*_numbers(), *examples})):
        kinds = [] if one.alike else [kind.kind for kind in kinds_of(one)]
        if one.mutation.number in examples:
            assert kinds == [examples[one.mutation.number]], one
        if not one.alike and len(kinds) != 1:
            unknown[one.mutation.kind].append(f"{one}: {kinds}")
        counted.update(kinds)
    assert not unknown, f"GATEWAY_TEST_SEED={seed()}"
    if SOAK:
        assert {kind.kind: kind.seen for kind in known()} == counted


def test_no_difference_is_known_in_which_the_checker_is_wrong() -> None:
    assert {kind.right for kind in known()} == {"ours", "other level"}
    assert all(kind.seen > 0 and kind.why for kind in known())
    assert len({kind.kind for kind in known()}) == len(known())


def test_the_page_says_what_the_file_of_differences_says() -> None:
    assert PAGE.read_text() == page(), "write it anew: python -m tests.x12.guides.compare"


@pytest.mark.parametrize("file", ["837", "835"])
def test_what_is_not_mutated_is_right_for_both(file: str) -> None:
    for number in range(BASES if SOAK else 6):
        data = untouched(file, number)
        assert check(data).found == []
        assert validate(data) == (True, [])


def test_the_mutations_are_the_same_each_time() -> None:
    assert [mutation(number) for number in range(50)] == [mutation(number) for number in range(50)]
    assert len({mutation(number).data for number in range(200)}) > 190
