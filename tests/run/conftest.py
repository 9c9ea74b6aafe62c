"""What run-tests adds to pytest.

- A process has a network of its own, if it may.
- Under BOUNCE_VALGRIND, unless tests are named, only what under_valgrind in a class
  says runs; under BOUNCE_SHARE=1/2 one half of the classes, under 2/2 the other.
- subTest() goes on after a failure, and the test's text has each.
- The output ends with a line for each skipped test, and "N passed, N failed, N
  skipped": tests, of which some may have failed more than once.
- With BOUNCE_AGAIN=1, up to three tests that failed are run once more at the end, by
  a run-tests of their own, as here the classes keep what their first run made of them.
  If all pass then, they are named "unsteady" and are no failures. Never what a
  sanitizer, valgrind or an assertion of Dovecot's said: that is not luck.
"""

import contextlib
import ctypes
import fcntl
import os
import pathlib
import re
import socket
import struct
import subprocess
import traceback
import unittest
import zlib

import pytest

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
NO_LUCK = re.compile(r'Sanitizer|runtime error:|==\d+==|Panic:|killed with signal (?:6|11)\b')


def is_worker(config):
    """One of xdist's processes, which run the tests if there are any."""
    return hasattr(config, 'workerinput')


def pytest_configure(config):
    if is_worker(config) or not config.getoption('numprocesses', None):
        isolate()


def isolate():
    """A network of our own, with loopback alone: no server of a test reaches the world,
    or a test that runs at the same time. Where that may not be (a container), it is
    the machine's."""
    os.environ.pop('BOUNCE_OWN_NETWORK', None)
    if ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0:
        os.environ['BOUNCE_OWN_NETWORK'] = '1'
        with socket.socket() as sock:
            fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack('16sH14x', b'lo', IFF_UP))


# -- which, and how ----------------------------------------------------------

def pytest_collection_modifyitems(config, items):
    if any(arg.partition('::')[0].endswith('.py') for arg in config.args):
        return
    if os.environ.get('BOUNCE_VALGRIND'):
        items[:] = [item for item in items if is_under_valgrind(item)]
    if os.environ.get('BOUNCE_SHARE'):
        number, count = map(int, os.environ['BOUNCE_SHARE'].split('/'))
        items[:] = [item for item in items if zlib.crc32(
            item.cls.__name__.encode()) % count == number - 1]


def is_under_valgrind(item):
    """The class says it of all its tests, or names them."""
    which = getattr(item.cls, 'under_valgrind', True)
    return which if isinstance(which, bool) else item.name in which


@contextlib.contextmanager
def sub_test(self, *message, **params):
    """unittest's own asks its result for more than every pytest has."""
    try:
        yield
    except unittest.SkipTest:
        raise
    except Exception:
        failed = self.__dict__.setdefault('failed_sub_tests', [])
        if not failed:
            self.addCleanup(lambda: pytest.fail('\n'.join(failed), pytrace=False))
        which = [*map(str, message), *(f'{name}={value!r}' for name, value in
                                       params.items())]
        failed.append(f'subTest {", ".join(which)}\n{traceback.format_exc()}')


def do_class_cleanups(cls, clean=unittest.TestCase.doClassCleanups.__func__):
    """A cleanup that failed is a failure, which pytest 7 does not look at."""
    clean(cls)
    for _, error, _ in cls.tearDown_exceptions:
        raise error


unittest.TestCase.subTest = sub_test
unittest.TestCase.doClassCleanups = classmethod(do_class_cleanups)


# -- the end -----------------------------------------------------------------

@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    yield
    terminal = session.config.pluginmanager.get_plugin('terminalreporter')
    if is_worker(session.config) or not terminal:
        return
    reports = [report for kind in ('failed', 'error') for report in
               terminal.stats.get(kind, ())]
    failed = {dotted(report) for report in reports}
    passed = {dotted(report) for report in terminal.stats.get('passed', ())} - failed
    skipped = {dotted(report): report.longrepr[2].removeprefix('Skipped: ')
               for report in terminal.stats.get('skipped', ())}
    if os.environ.get('BOUNCE_AGAIN') and run_again(terminal, failed, reports):
        passed, failed = passed | failed, set()
        if session.exitstatus == pytest.ExitCode.TESTS_FAILED:
            session.exitstatus = pytest.ExitCode.OK
    for name, why in skipped.items():
        terminal.write_line(f'  skipped: {name}: {why}')
    terminal.write_line(f'{len(passed)} passed, {len(failed)} failed, {len(skipped)} '
                        'skipped')
    if not passed and session.exitstatus == pytest.ExitCode.OK:
        terminal.write_line('no test ran')
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED


def dotted(report):
    """As run-tests takes it: test_x.Class.test."""
    return report.nodeid.replace('.py', '').replace('::', '.')


def run_again(terminal, failed, reports):
    """Whether all of them pass."""
    if not 0 < len(failed) <= 3 or \
            any(report.when not in ('setup', 'call') or
                NO_LUCK.search(report.longreprtext) for report in reports) or \
            not all(re.fullmatch(r'\w+\.\w+\.\w+', name) for name in failed):
        return False
    terminal.write_line('again: ' + ' '.join(sorted(failed)))
    done = subprocess.run(
        [pathlib.Path(__file__).with_name('run-tests'), *sorted(failed)], check=False,
        env={name: value for name, value in os.environ.items()
             if name != 'BOUNCE_AGAIN'},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    terminal.write_line(done.stdout)
    if done.returncode == 0:
        for name in sorted(failed):
            terminal.write_line(
                f'  unsteady: {name}: failed at first, passed when run again')
    return done.returncode == 0
