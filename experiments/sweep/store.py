"""Where the trials of a sweep are kept: a journal in its folder, or PostgreSQL by URL; and one lock for all who work on it."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from ..errors import UserError
from .journal import Journal, locked

_CONNECT_S = 10
_KEEPALIVE = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


class Store(Protocol):
    """The storage of a sweep.

    Attributes:
        storage: Optuna's storage.
        problems: What is raised when the disk or the server fails.
    """

    storage: Any
    problems: tuple[type[Exception], ...]

    def exclusive(self) -> contextlib.AbstractContextManager[None]:
        """Hold the sweep's lock while the block runs: nobody else claims, finishes or takes over a trial. It dies with its holder."""

    def close(self) -> None:
        """Close connections."""


def open_store(folder: Path, name: str, url: str | None) -> Store:
    """The store of a sweep.

    Args:
        folder: The sweep's folder.
        name: The sweep's name.
        url: None for the journal in the folder; else `postgresql://user:password@host/database`.

    Raises:
        UserError: The URL names something else, or the server does not answer.
    """
    if url is None:
        return JournalStore(folder)
    scheme = url.partition(":")[0]
    if scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise UserError(
            f'sweep: expected sweep.storage to be postgresql://USER@HOST/DATABASE, got one that begins with "{scheme}"; '
            f"leave it out for a journal in the sweep's folder"
        )
    return PostgresStore(name, f"postgresql+psycopg:{url.partition(':')[2]}")


def why(error: Exception) -> str:
    """What went wrong with a storage, in a line."""
    found = getattr(error, "orig", None) or error.__cause__ or error
    return str(getattr(found, "orig", None) or found).strip().partition("\n")[0]


class JournalStore:
    """A journal file, and the kernel's lock of a file beside it.

    Args:
        folder: The sweep's folder.
    """

    def __init__(self, folder: Path) -> None:
        from optuna.storages.journal import JournalStorage

        self._lock = folder / "sweep.lock"
        self.problems: tuple[type[Exception], ...] = (OSError,)
        self.storage = JournalStorage(Journal(folder / "journal.log"))

    def exclusive(self) -> contextlib.AbstractContextManager[None]:
        """As in `Store`."""
        return locked(self._lock)

    def close(self) -> None:
        """Nothing is kept open."""


class PostgresStore:
    """Tables in a PostgreSQL database, and an advisory lock of the server, which ends with the connection.

    Args:
        name: The sweep's name.
        url: The database, for SQLAlchemy.
    """

    def __init__(self, name: str, url: str) -> None:
        try:
            import psycopg  # noqa: F401
            import sqlalchemy
        except ModuleNotFoundError as error:
            raise UserError(f'sweep: the module {error.name} is not installed; pip install "psycopg[binary]" for PostgreSQL') from error
        from optuna.exceptions import StorageInternalError
        from optuna.storages import RDBStorage, get_storage

        self._key = int.from_bytes(hashlib.sha256(f"workbench {name}".encode()).digest()[:8], "big", signed=True)
        self.problems: tuple[type[Exception], ...] = (sqlalchemy.exc.SQLAlchemyError, StorageInternalError)
        options: dict[str, Any] = {"pool_pre_ping": True, "connect_args": {"connect_timeout": _CONNECT_S, **_KEEPALIVE}}
        try:
            self._engine = sqlalchemy.create_engine(url, **options)
            with self._held(0):  # two that make the tables at once disturb each other
                self._tables = RDBStorage(url, engine_kwargs=options)
            self.storage: Any = get_storage(self._tables)
        except self.problems as error:
            raise UserError(f"sweep: cannot use the database of sweep.storage: {why(error)}") from error

    def exclusive(self) -> contextlib.AbstractContextManager[None]:
        """As in `Store`."""
        return self._held(self._key)

    def close(self) -> None:
        """As in `Store`."""
        self._tables.scoped_session.remove()
        self._tables.engine.dispose()
        self._engine.dispose()

    @contextlib.contextmanager
    def _held(self, key: int) -> Iterator[None]:
        from sqlalchemy import text

        with self._engine.begin() as connection:
            connection.execute(text("SET LOCAL tcp_keepalives_idle = 10"))
            connection.execute(text("SET LOCAL tcp_keepalives_interval = 5"))
            connection.execute(text("SET LOCAL tcp_keepalives_count = 3"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
            yield
