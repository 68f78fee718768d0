"""Files that are whole where they have their name: written under another one, synced and renamed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

from banditlab.errors import UserError


class CannotWrite(UserError):
    """A file cannot be written: the disk is full, say, so that it is no use to play on."""


def cannot_write(path: Path, error: OSError) -> CannotWrite:
    """Return the error with its one line."""
    return CannotWrite(f"{path}: cannot be written ({error.strerror or error})")


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write under a temporary name in the same folder, sync, and rename."""
    written = temporary(path)
    try:
        write(written)
        settle(written, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        written.unlink(missing_ok=True)


def temporary(path: Path) -> Path:
    """Return a name beside a file that nothing else has, and that begins with a dot."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")


def settle(written: Path, path: Path) -> None:
    """Sync a file that was written, and give it its name."""
    with written.open("rb+") as file:
        os.fsync(file.fileno())
    written.replace(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """Sync the names in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
