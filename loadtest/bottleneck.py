"""Whether the load generator itself was what was slow: the first question to every figure of a load test."""

from enum import StrEnum
from typing import Final

import msgspec

from loadtest import shown
from loadtest.outcome import Run
from loadtest.report_words import Both

LAG_S_MAX: Final = 0.1  # in 99 of 100 seconds; a tenth of the shortest target of a second
BUSY: Final = 0.95  # of a core: Python uses no more than one
BUSY_SHARE_MAX: Final = 0.1  # of the looks, in which a process may be as busy
HOST_BUSY: Final = 0.97


class Word(StrEnum):
    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class Generator(msgspec.Struct, frozen=True):
    """`lag_s` that 99 % of the seconds did not exceed; shares of looks in which it, or the whole host, was busy."""

    lag_s: float | None
    busy_share: float | None
    cores: float
    host_share: float | None

    @property
    def word(self) -> Word:
        """Whether it was the bottleneck."""
        if self.lag_s is None:
            return Word.UNKNOWN
        return Word.YES if self.lag_s > LAG_S_MAX or (self.busy_share or 0) > BUSY_SHARE_MAX else Word.NO


def generator(run: Run) -> Generator:
    """What is known of it."""
    lags = sorted(second.lag_s for second in run.seconds)
    looks = [[process.cpu for process in sample.processes if process.part == "generator"] for sample in run.samples]
    cores = run.machine.get("cores")
    hosts = [sample.host_cpu >= HOST_BUSY * float(cores) for sample in run.samples] if cores else []
    return Generator(
        lags[min(len(lags) - 1, int(len(lags) * 0.99))] if lags else None,
        sum(max(look, default=0) >= BUSY for look in looks) / len(looks) if looks else None,
        max((sum(look) for look in looks), default=0.0),
        sum(hosts) / len(hosts) if hosts else None,
    )


def generator_words(found: Generator) -> Both:
    """In a sentence or two."""
    if found.word is Word.UNKNOWN:
        return Both(
            "没有测到压测程序的迟滞，无法判断它是否是瓶颈。", "The generator's lag was not measured: nobody can tell."
        )
    lag, cores, busy = shown.seconds(found.lag_s), shown.number(round(found.cores, 1)), shown.share(found.busy_share)
    told = (
        Both(
            f"压测程序不是瓶颈：99% 的秒内它醒来迟滞不超过 {lag}，合计最多用 {cores} 核。",
            f"The generator was not the bottleneck: in 99 % of the seconds it woke at most {lag} late; it used at most "
            f"{cores} cores in all.",
        )
        if found.word is Word.NO
        else Both(
            f"压测程序自己跟不上：99% 的秒内迟滞不超过 {lag}，{busy} 的时刻有压测进程占满一核。"
            "本报告的延迟是上限，服务可能更快；请增加压测进程或换用另一台机器。",
            f"The generator itself could not keep up: its lag was up to {lag} in 99 % of the seconds, and in "
            f"{busy} of the looks one of its processes filled a core. Latencies here are upper bounds, the "
            "server may be quicker: give it more processes or another machine.",
        )
    )
    if found.host_share is None or found.host_share <= BUSY_SHARE_MAX:
        return told
    full = shown.share(found.host_share)
    return Both(
        f"{told.zh}整机处理器在 {full} 的时刻已用满，压测程序与服务在争用。",
        f"{told.en} The whole host was busy in {full} of the looks: generator and server took from each other.",
    )
