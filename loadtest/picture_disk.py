"""The disk of the picture store, which can be filled up while the product runs.

Where we may mount, the folder is a small file system in memory, and full when its size is made what is used: writing
then fails as on any full disk. Where we may not, the folder is taken away instead and a file put in its place, as when
a disk was unmounted: for the product both are a store that is away.
"""

import os
import subprocess
from pathlib import Path
from typing import Final

from loadtest.minder import Minder

ROOM: Final = "4g"  # of memory, as far as it is used
PAGE: Final = 4096
TRIES: Final = 20  # something may be written between looking and resizing


class PictureDisk:
    """The folder is made by `prepare`."""

    def __init__(self, folder: Path, minder: Minder) -> None:
        self.folder = folder
        self._minder = minder
        self._aside = folder.with_name(f"{folder.name}.away")
        self.mounted = False
        self.full = False

    def prepare(self) -> None:
        """Mount it, if we may."""
        self.folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=0711", "tmpfs", str(self.folder)]
        self.mounted = os.geteuid() == 0 and _done(command)
        if self.mounted:
            self._minder.mind_mount(self.folder)

    def fill(self) -> None:
        """From now on nothing can be written."""
        if self.full:
            return
        self.full = True
        if not self.mounted:
            self.folder.rename(self._aside)
            self.folder.touch()
            return
        for _ in range(TRIES):
            about = os.statvfs(self.folder)
            used = (about.f_blocks - about.f_bfree) * about.f_frsize
            if _done(self._resize(str(max(used, PAGE)))):
                return
        raise OSError(f"{self.folder} can't be made full")

    def empty(self) -> None:
        """There is room again."""
        if not self.full:
            return
        if self.mounted:
            if not _done(self._resize(ROOM)):
                raise OSError(f"{self.folder} can't be made larger again")
        else:
            self.folder.unlink()
            self._aside.rename(self.folder)
        self.full = False

    def close(self) -> None:
        """Unmount it; what is in it is gone."""
        if self.mounted:
            _done(["umount", "--lazy", str(self.folder)])
            self.mounted = False

    def _resize(self, size: str) -> list[str]:
        return ["mount", "-o", f"remount,size={size}", str(self.folder)]


def _done(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603  our own words
