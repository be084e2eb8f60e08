"""Close pairs of many hashes: what the compiled search and the parts find, against a plain count."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from imgsim.duplicates import hamming, multi_index
from imgsim.duplicates.hamming import Words

Found = list[tuple[int, int, int]]


def clustered(n: int, bits: int, seed: int = 0, flips: float = 0.35) -> np.ndarray:
    """(N, bits) zeros and ones around a few centres: pairs at every distance, equal ones among them."""
    random = np.random.default_rng(seed)
    centres = random.integers(0, 2, (9, bits))
    flipped = random.random((n, bits)) < random.choice([0, 0.01, 0.05, 0.15, flips], (n, 1))
    return centres[random.integers(0, len(centres), n)] ^ flipped


def counted(left: Words, right: Words, radius: int) -> Found:
    """The pairs by a plain count."""
    differ = np.bitwise_count(left[:, None] ^ right[None]).sum(axis=2)
    a, b = np.nonzero(np.triu(differ <= radius, 1))
    return list(zip(a.tolist(), b.tolist(), differ[a, b].tolist(), strict=True))


def told(found: hamming.Close) -> Found:
    return list(zip(*(part.tolist() for part in found), strict=True))


def steps_taken(steps: Iterator[tuple[float, multi_index.Find]]) -> tuple[Found, list[float]]:
    """What the steps find, in ascending order, and the shares that they say."""
    pairs, shares = [], []
    for share, find in steps:
        out = np.empty((3, 200_000), np.int32)
        pairs += [tuple(pair) for pair in out[:, : find(out)].T.tolist()]
        shares.append(share)
    return sorted(pairs), shares


@pytest.fixture
def by_parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """All is searched by parts, whatever it costs; how many parts there were each time."""
    numbers: list[int] = []

    def pays(parts: list[multi_index.Part], *_: Words) -> bool:
        numbers.append(len(parts))
        return bool(parts)

    monkeypatch.setattr(hamming, "COMPILE_FROM", 0)
    monkeypatch.setattr(hamming, "PARTS_FROM", 0)
    monkeypatch.setattr(multi_index, "pays", pays)
    return numbers


@pytest.mark.parametrize(
    ("bits", "radius"),
    [(64, 0), (64, 3), (64, 10), (50, 8), (256, 0), (256, 5), (256, 31), (256, 56), (230, 40), (256, 120), (320, 60)],
)
@pytest.mark.parametrize("turned", [False, True])
def test_parts_find_what_a_plain_count_does(by_parts, bits, radius, turned):
    right = hamming.packed(clustered(701, bits))
    left = hamming.packed(np.roll(clustered(701, bits, flips=0.2), 1, axis=0)) if turned else right.copy()
    expected = counted(left, right, radius)
    assert len(expected) > 100
    assert told(hamming.close_pairs(left, right, radius)) == expected
    assert by_parts[0] > 0


@pytest.mark.parametrize("m", range(1, 20))
def test_any_number_of_parts_misses_nothing_and_finds_nothing_twice(m):
    bits, radius, words = np.random.default_rng(m).permutation(64), 18, hamming.packed(clustered(300, 64))
    cut = multi_index._cut(64, m, radius, len(words))
    parts = [multi_index.Part(bits[lo:hi], most, 1.0) for lo, hi, most in cut]
    assert radius - m < sum(part.most for part in parts) <= radius  # else one bit more in each would do
    found, shares = steps_taken(multi_index.by_parts(words, words, parts, radius, 10**6))
    assert found == counted(words, words, radius)
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] < 1


@pytest.mark.parametrize("n", [1, 2, 7, 8, 255, 257, 700])
@pytest.mark.parametrize("turned", [False, True])
def test_all_pairs_are_compared_at_any_number_of_rows(n, turned):
    right = hamming.packed(clustered(n, 256))
    left = hamming.packed(clustered(n, 256, flips=0.2)) if turned else right
    found, shares = steps_taken(multi_index.every_pair(left, right, 31, 10**6))
    assert found == counted(left, right, 31)
    assert len(shares) == -(-n // multi_index.ROWS)


def test_groups_beyond_a_block_are_searched_in_several_steps(monkeypatch, by_parts):
    monkeypatch.setattr(multi_index, "STEP", 1e5)
    words = hamming.packed(clustered(3000, 64, flips=0.5))
    parts = multi_index.parts_of(words, words, 6)
    assert max(len(part.bits) for part in parts) > 9
    steps = list(multi_index.by_parts(words, words, parts, 6, hamming.MOST_PAIRS))
    assert len(steps) > 3 * len(parts)
    assert told(hamming.close_pairs(words, words, 6)) == counted(words, words, 6)


def many(n: int = 60_000, bits: int = 256, ones: float = 0.5) -> Words:
    return hamming.packed(np.random.default_rng(5).random((n, bits)) < ones)


def test_many_hashes_are_searched_by_parts_and_near_copies_found():
    words = many()
    flipped = np.zeros((5, 256))
    for at, bits in enumerate((0, 10, 30, 31, 32)):
        flipped[at, :bits] = 1
    words[100:105] = words[50_000:50_005] ^ hamming.packed(flipped)
    parts = multi_index.parts_of(words, words, 31)
    assert multi_index.pays(parts, words, words)
    expected = [(100, 50_000, 0), (101, 50_001, 10), (102, 50_002, 30), (103, 50_003, 31)]
    assert told(hamming.close_pairs(words, words, 31)) == expected


def test_all_pairs_are_compared_where_hashes_are_alike_or_the_radius_is_wide():
    for words, radius in ((many(), 110), (many(ones=0.02), 31), (np.zeros((60_000, 4), np.uint64), 31)):
        assert not multi_index.pays(multi_index.parts_of(words, words, radius), words, words)


def test_parts_cost_more_where_hashes_are_much_alike():
    random, alike = many(), many(ones=0.2)
    costs = [sum(part.cost for part in multi_index.parts_of(words, words, 31)) for words in (random, alike)]
    assert costs[1] > 2 * costs[0]


def test_turned_hashes_cost_about_twice_as_much():
    words = many()
    same, turned = (multi_index.parts_of(words, other, 31) for other in (words, words.copy()))
    assert sum(part.cost for part in turned) == pytest.approx(2 * sum(part.cost for part in same), rel=0.1)


def test_bits_that_are_always_the_same_are_in_no_part():
    words = many(bits=70)
    used = np.concatenate([part.bits for part in multi_index.parts_of(words, words, 8)]).tolist()
    sometimes = np.bitwise_or.reduce(words, axis=0).tolist()
    assert len(set(used)) == len(used) > 60
    assert all(sometimes[bit // 64] >> (bit % 64) & 1 for bit in used)


def test_a_crowd_is_refused_by_all_ways(monkeypatch, by_parts):
    monkeypatch.setattr(hamming, "MOST_PAIRS", 5000)
    words = hamming.packed(clustered(500, 256))
    for parts_from in (0, 1000):
        monkeypatch.setattr(hamming, "PARTS_FROM", parts_from)
        with pytest.raises(ValueError, match="must be at most 5,000, got more"):
            hamming.close_pairs(words, words, 31)
    assert len(by_parts) == 1


def test_a_step_looks_no_further_than_the_most_pairs():
    words = np.zeros((20_000, 4), np.uint64)
    _, find = next(iter(multi_index.every_pair(words, words, 0, 1000)))
    assert 1000 < find(np.empty((3, 10), np.int32)) < 1000 + multi_index.ROWS * 8


@pytest.mark.parametrize("parts_from", [0, 1000])
def test_progress_rises_to_the_end_and_may_stop_the_search(monkeypatch, by_parts, parts_from):
    monkeypatch.setattr(hamming, "PARTS_FROM", parts_from)
    words, told_of = hamming.packed(clustered(600, 256)), []
    hamming.close_pairs(words, words, 31, lambda stage, done, total: told_of.append((done, total)))
    assert len(told_of) > 3
    assert told_of == sorted(told_of)
    assert told_of[-1] == (600, 600)

    def stop(stage: str, done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hamming.close_pairs(words, words, 31, stop)
