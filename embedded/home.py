"""Where embedded servers keep their files, and which user they run as.

PostgreSQL refuses to run as root. When root starts them, both servers run as an unprivileged user, and programs or data
which that user cannot reach (under a private home directory) are copied or kept in a fixed place in /var/tmp.
"""

import os
import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TypedDict

NOBODY = 65534
SHARED = Path("/var/tmp")


class Identity(TypedDict, total=False):
    """The arguments of `Popen` that choose the user; empty unless we are root."""

    user: int
    group: int
    extra_groups: list[int]


class UnreachableProgram(RuntimeError):
    """The servers' user cannot run a program."""


class UnsafeDirectory(RuntimeError):
    """A directory that root would trust is writable by another user."""


def identity() -> Identity:
    """Returns the user that the servers run as."""
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def home_for(directory: Path) -> Path:
    """Returns the directory for the servers' data: the given one, or a substitute if their user cannot reach it."""
    directory.mkdir(parents=True, exist_ok=True)
    directory = directory.resolve()
    if _as_server_user(["test", "-x", str(directory)]):
        return directory
    return _substitute(str(directory))


def make_private(directory: Path) -> Path:
    """Creates the directory if needed, lets only the servers' user enter it, and returns it."""
    directory.mkdir(mode=0o700, exist_ok=True)
    directory.chmod(0o700)
    give_to_servers(directory)
    return directory


def give_to_servers(path: Path) -> None:
    """Makes the servers' user the owner of a file or directory."""
    if owner := identity():
        os.chown(path, owner["user"], owner["group"], follow_symlinks=False)


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner, the servers' user, can read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w") as file:
        os.fchmod(handle, 0o600)
        file.write(text)
    give_to_servers(path)


def reachable_program(program: Path) -> Path:
    """Returns the program, or a copy of it and its libraries if the servers' user cannot run the original."""
    if _as_server_user([str(program), "--version"]):
        return program
    root, *libraries = _belongs_together(program)
    # The directory's time is part of the name, so that an upgraded wheel is copied again.
    substitute = _substitute(f"{root}@{program.parent.stat().st_mtime_ns}")
    for source in (root, *libraries):
        if not (substitute / source.name).exists():
            _copy_readable(source, substitute / source.name)
    copy = substitute / program.relative_to(root.parent)
    if not _as_server_user([str(copy), "--version"]):
        raise UnreachableProgram(f"{program} cannot be run by an unprivileged user, nor can its copy {copy}")
    return copy


def _belongs_together(program: Path) -> list[Path]:
    packages = [directory for directory in program.parents if (directory / "__init__.py").exists()]
    if not packages:
        return [program]
    # Wheels for Linux keep the libraries of a package's programs beside the package.
    libraries = packages[-1].with_name(f"{packages[-1].name}.libs")
    return [packages[-1], *([libraries] if libraries.exists() else [])]


def _copy_readable(source: Path, target: Path) -> None:
    # Copied under another name and renamed, so that an interrupted copy is never taken for a complete one.
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        partial = Path(scratch) / source.name
        if source.is_dir():
            shutil.copytree(source, partial, symlinks=True)
        else:
            shutil.copy2(source, partial)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
        partial.rename(target)


def _substitute(name: str) -> Path:
    directory = SHARED / f"campaign-dispatch-{sha256(name.encode()).hexdigest()[:16]}"
    directory.mkdir(mode=0o711, exist_ok=True)
    # Anyone can create names in /var/tmp, so an existing directory must belong to us and be writable by us alone.
    found = directory.lstat()
    if directory.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise UnsafeDirectory(f"{directory} belongs to another user or is writable by others; remove it first")
    directory.chmod(0o711)
    return directory


def _as_server_user(command: list[str]) -> bool:
    if not identity():
        return True
    try:
        return subprocess.run(command, cwd="/", capture_output=True, check=False, **identity()).returncode == 0
    except PermissionError:
        return False
