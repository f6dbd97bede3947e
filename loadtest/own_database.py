"""The database of a run's own servers, once more, for who checks the run another day."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from loadtest.data_servers import Postgres, socket_folder, system_user
from loadtest.minder import Minder
from loadtest.programs import CannotRun

CONNECTIONS: Final = 10
SYSTEM: Final = "system"  # the folder of a run's own servers, in that of the run


@asynccontextmanager
async def own_database(run_dir: Path) -> AsyncIterator[str]:
    """Its address, as long as the context lasts. Raises CannotRun if the run left none, or is still at work."""
    folder = (run_dir / SYSTEM).absolute()
    if not (folder / "postgres" / "PG_VERSION").exists():
        raise CannotRun(
            f"{run_dir} has no database of its own: say --database-url, or --data of an `exam up` that is running"
        )
    if (folder / "postgres" / "postmaster.pid").exists():
        raise CannotRun(f"the servers of {run_dir} are still at work, or were killed: say --database-url")
    async with AsyncExitStack() as stack:
        minder = Minder()
        stack.callback(minder.close)
        user = system_user()
        postgres = Postgres(folder / "postgres", socket_folder(folder, user, minder), minder, user, CONNECTIONS)
        stack.push_async_callback(postgres.stop)
        await postgres.start()
        yield postgres.url
