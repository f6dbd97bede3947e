import pytest

from loadtest.bottleneck import Word, generator, generator_words
from loadtest.outcome import Process, Run, Sample, Second


def run_of(lags: list[float], cpu: float, host: float) -> Run:
    samples = [
        Sample(s, [Process("generator", 1, cpu, 1), Process("serving", 2, 1.0, 1)], host, 1.0) for s in range(20)
    ]
    return Run({}, {"cores": 2}, 0.0, [Second(s, lag_s=lag) for s, lag in enumerate(lags)], samples)


@pytest.mark.parametrize(
    ("lags", "cpu", "host", "word", "says"),
    [
        ([0.01] * 100, 0.4, 1.0, Word.NO, "not the bottleneck"),
        ([0.01] * 99 + [3.0], 0.4, 1.0, Word.YES, "could not keep up"),
        ([0.01] * 199 + [3.0], 0.4, 1.0, Word.NO, "not the bottleneck"),
        ([0.2] * 100, 0.4, 1.0, Word.YES, "could not keep up"),
        ([0.01] * 100, 0.99, 1.0, Word.YES, "filled a core"),
        ([0.01] * 100, 0.4, 2.0, Word.NO, "took from each other"),
        ([], 0.4, 1.0, Word.UNKNOWN, "nobody can tell"),
    ],
)
def test_whether_the_generator_was_what_was_slow(
    lags: list[float], cpu: float, host: float, word: Word, says: str
) -> None:
    found = generator(run_of(lags, cpu, host))
    assert found.word is word
    assert says in generator_words(found).en


def test_a_run_that_was_not_measured_has_words_too() -> None:
    assert generator(Run({}, {}, 0.0, [Second(0)])).word is Word.NO
    assert generator(Run({}, {}, 0.0, [])).word is Word.UNKNOWN
