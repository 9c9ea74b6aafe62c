"""The class of which every test is."""

import re
import time
import unittest

from .clients import Clients
from .machine import ASAN, MAIL_UID, PLUGIN, SIEVE_PLUGIN, SLOW, VALGRIND, VERSION
from .servers import Server


class TestCase(Clients, unittest.TestCase):
    """harness/__init__.py says what it takes and gives."""

    users = {'alice': {}, 'bob': {}}
    bounce = True
    plugins = ()
    sieve = True
    sieve_bounce = None
    settings = {}
    dict23 = ''
    dict24 = ''
    conf = conf23 = conf24 = ''
    relay = False
    under_valgrind = False
    environment = {}
    services = ()
    spare_users = 40
    mail_uid = MAIL_UID
    version = VERSION
    server = None
    longMessage = True
    maxDiff = None

    @classmethod
    def loads_sieve_bounce(cls):
        if cls.sieve_bounce is None:
            return SIEVE_PLUGIN.exists()
        if cls.sieve_bounce and not SIEVE_PLUGIN.exists():
            raise AssertionError(f'{SIEVE_PLUGIN} is not installed')
        return cls.sieve_bounce

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.bounce and not PLUGIN.exists():
            raise AssertionError(f'{PLUGIN} is not installed: run under '
                                 'tests/run/in-namespace or tests/run/in-root')
        cls._user_count = 0
        cls.server = Server(cls)
        cls.addClassCleanup(cls.server.close)
        cls.prepare(cls.server)
        cls.server.start()

    @classmethod
    def prepare(cls, server):
        """For a class that needs more before the server starts."""

    def setUp(self):
        super().setUp()
        self._expected = []
        self._log_start = len(self.server.log_lines())
        self._reports = len(self.server.reports())
        self.dir = self.server.dir
        self.ports = self.server.ports

    # -- the log

    def log(self, pattern=None):
        lines = self.server.log_lines()[self._log_start:]
        return [line.rstrip('\n') for line in lines
                if pattern is None or re.search(pattern, line)]

    def expect_log(self, pattern):
        self._expected.append(pattern)

    def wait_log(self, pattern, seconds=10):
        """The lines that match, as soon as there is one."""
        deadline = time.monotonic() + seconds * SLOW
        while time.monotonic() < deadline:
            if self.log(pattern):
                return self.log(pattern)
            time.sleep(0.02)
        raise AssertionError(f'{pattern!r} was not logged:\n'
                             + '\n'.join(self.log()))

    def count_log(self, pattern, wanted, seconds=10):
        """So many lines match, once they have come."""
        deadline = time.monotonic() + seconds * SLOW
        while len(self.log(pattern)) < wanted and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(len(self.log(pattern)), wanted, self.log())

    def tearDown(self):
        # the log's own process writes it, some time after the answer
        for pattern in self._expected:
            self.wait_log(pattern)
        bad = [line for line in self.log(r'\b(Error|Panic|Fatal|Warning): ')
               if not any(re.search(p, line) for p in self._expected)]
        if bad:
            self.fail('unexpected in the log:\n' + '\n'.join(bad))
        if VALGRIND or ASAN:
            self.check_reports()
        super().tearDown()

    def check_reports(self):
        """Processes that serve us must end for their leaks to be seen."""
        reports = self.server.reports()
        if len(reports) > self._reports:
            self.fail('\n'.join(text for _, text in reports[self._reports:]))

    @classmethod
    def tearDownClass(cls):
        if cls.server and (VALGRIND or ASAN):
            known = len(cls.server.reports())
            cls.server.stop()
            reports = cls.server.reports()
            if len(reports) > known:
                raise AssertionError('\n'.join(text for _, text in reports))
        super().tearDownClass()

    # -- doing things

    def new_user(self, **fields):
        """A user nobody has used, with these userdb fields."""
        type(self)._user_count += 1
        name = f'user{self._user_count}'
        if fields:
            name += 'x'
        if fields or self._user_count > self.spare_users:
            self.server.add_user(name, **fields)
        return name

    def home(self, user):
        return f'{self.dir}/home/{user}'

    def restart(self):
        self.server.stop()
        self.server.start()

    def reload(self):
        self.server.reload()
