"""An import of many reference photos: which file is whose, and a line for each that says what became of it.

Every photo is a decision of its own: whatever ends an import halfway leaves those before it in use, and the same
import again finds them there and goes on.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import structlog

from exam_engine import store
from exam_engine.enrolment import Enrolled, Enroller, enrol
from exam_engine.journal import DATABASE_AWAY
from exam_engine.known_faces import KnownFaces
from exam_engine.photo_files import PHOTO_BYTES_MAX, BadFile, BadImport, PhotoFiles, number_in

AT_ONCE: Final = 4  # while one is looked at, others are read, cleaned and written

log = structlog.get_logger()


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file. `outcome`: kept, pending (`doubts`) or refused (`problem`); see `Enrolled`.

    Problems of an import are besides: bad_name, duplicate_file, no_such_person, unreadable_file, file_encrypted,
    file_compression, file_broken. `person` is the name of whom it is of, where that is known.
    """

    file: str
    outcome: str
    problem: str = ""
    doubts: tuple[str, ...] = ()
    person: str = ""


class Report(msgspec.Struct, kw_only=True):
    """An import as it goes: changed in place, to be looked at whenever somebody asks.

    `problem`: why the whole ended early or could not be read: no_such_folder, not_a_zip, too_many_files, zip_bomb,
    stopped (the process had to end), database_away, bug.
    """

    total: int = 0
    done: int = 0
    kept: int = 0
    pending: int = 0
    refused: int = 0
    finished: bool = False
    problem: str = ""
    files: list[Line] = []

    def add(self, lines: Sequence[Line]) -> None:
        """These files are done."""
        count = Counter(line.outcome for line in lines)
        self.kept += count["kept"]
        self.pending += count["pending"]
        self.refused += count["refused"]
        self.done += len(lines)
        self.files.extend(lines)


class PhotoImport:
    """One import. `province`: whose persons' photos may be brought in; None: everybody's."""

    def __init__(
        self,
        house: Enroller,
        files: PhotoFiles,
        report: Report,
        *,
        province: str | None,
        by: int,
        known: KnownFaces,
        replace: bool,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._house = house
        self._files = files
        self._report = report
        self._province = province
        self._by = by
        self._known = known
        self._replace = replace
        self._stopping = stopping
        self._reading = asyncio.Lock()
        self._numbers = [number_in(name) for name in files.names]
        self._times = Counter(self._numbers)

    async def run(self) -> None:
        """Go through the files in their order; the report says the rest."""
        report, total = self._report, len(self._files.names)
        report.total = total
        for start in range(0, total, AT_ONCE):
            if self._stopping():
                report.problem = "stopped"
            if report.problem:
                return
            some = range(start, min(total, start + AT_ONCE))
            report.add(await asyncio.gather(*(self._line(index) for index in some)))

    async def _line(self, index: int) -> Line:
        person = ""
        try:
            person_id, person = await self._person(index)
            enrolled = await self._enrol(person_id, index)
        except BadFile as error:
            enrolled = Enrolled(outcome="refused", problem=error.problem)
        except BadImport as error:
            self._report.problem = error.problem
            enrolled = Enrolled(outcome="refused", problem=error.problem)
        except DATABASE_AWAY as error:
            log.warning("photo_import_interrupted", reason=type(error).__name__)
            self._report.problem = "database_away"
            enrolled = Enrolled(outcome="refused", problem="database_away")
        return Line(
            file=self._files.names[index],
            outcome=enrolled.outcome,
            problem=enrolled.problem,
            doubts=enrolled.doubts,
            person=person,
        )

    async def _person(self, index: int) -> tuple[int, str]:
        number = self._numbers[index]
        if number is None:
            raise BadFile("bad_name")
        if self._times[number] > 1:  # which of them is the right one is not for us to guess
            raise BadFile("duplicate_file")
        row = await self._house.pool.fetchrow(store.PERSON_BY_NUMBER, number, self._province)
        if row is None:
            raise BadFile("no_such_person")
        return int(row["person_id"]), str(row["name"])

    async def _enrol(self, person_id: int, index: int) -> Enrolled:
        async with self._reading:
            data = await asyncio.to_thread(self._files.read, index)
        return await enrol(
            self._house,
            person_id,
            data,
            source="import",
            by=self._by,
            known=self._known,
            bytes_max=PHOTO_BYTES_MAX,
            replace=self._replace,
        )
