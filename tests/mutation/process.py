"""A process, and all that it begins."""

import os
import pathlib
import resource
import signal
import subprocess
import tempfile

# a change may allocate without end, or loop
MEMORY = 4 << 30


def limit():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def members(session):
    """The processes of a session, those in a process group of their own, too."""
    for path in pathlib.Path('/proc').glob('[0-9]*/stat'):
        try:
            fields = path.read_text('utf-8', 'replace').rpartition(')')[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            yield int(path.parent.name)


def kill(session):
    for pid in members(session):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def run(command, cwd, seconds):
    """(its exit status or None if it took too long, its output). A file takes the
    output: a child that is left behind would keep a pipe open."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT,
                                   start_new_session=True, preexec_fn=limit)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            kill(process.pid)
            process.wait()
        output.seek(0)
        return status, output.read().decode('utf-8', 'replace')
