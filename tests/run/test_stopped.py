"""The dictionary's server is stopped, restarted or locked: no mail is late, lost or
twice, and afterwards, without an admin, everything is recorded."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import sqlite3
import smtplib
import time

import dictserver
import faults
import harness
import postfix
from test_waiting import LATE


def tree(pid):
    """The process and those that it made."""
    found = [pid]
    for entry in pathlib.Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(OSError):
            text = entry.read_text('utf-8')
            if int(text[text.rindex(')') + 2:].split()[1]) == pid:
                found.append(int(entry.parent.name))
    return found


class Stopped:
    """What each kind must do."""

    settings = {'bounce_evidence': 'plausible'}
    spare_users = 40

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.make()
        cls.addClassCleanup(cls.backend.close)
        cls.conf23 = cls.backend.conf23()
        cls.conf24 = cls.backend.conf24()
        super().setUpClass()

    @contextlib.contextmanager
    def stopped(self):
        pids = tree(self.backend.process.pid)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def calm(self):
        with contextlib.suppress(FileNotFoundError), \
                open(f'{self.dir}/run/dovecot-bounce.pause', 'r+b') as pause:
            pause.truncate(0)

    def setUp(self):
        super().setUp()
        self.calm()
        # 2.3's dict server crashes now and then when PostgreSQL goes
        self.expect_log('bounce: |dict|[Cc]onnection|redis|pgsql|sqlite|signal 11')

    def deliver(self, users, address):
        began = time.monotonic()
        self.lmtp(users, harness.dsn(address))
        return time.monotonic() - began

    def listed(self, user):
        return sorted(row['address'] for row in
                      self.doveadm_json('bounce', 'list', '-u', user))

    def test_stopped(self):
        user = self.new_user()
        users = [self.new_user() for _ in range(11)]
        self.deliver(user, 'a@example.net')
        client = self.imap(user)
        with self.stopped():
            self.assertLess(self.deliver(user, 'b@example.net'), LATE)
            # nobody waits again
            began = time.monotonic()
            self.lmtp(user, harness.mail())
            client.append('Sent', None, None, harness.mail(
                sender=f'{user}@example.org', to='a@example.net'))
            client.noop()
            self.assertLess(time.monotonic() - began, 1 * harness.SLOW)
            self.calm()
            self.assertLess(self.deliver(users, 'b@example.net'), LATE + 0.5)
        self.calm()
        self.until_recorded(user, ['a@example.net', 'b@example.net'])
        for one in user, *users:
            self.assertEqual(self.messages(one) + self.messages(one, 'Bounces'),
                             4 + self.extra if one == user else 1)

    def until_recorded(self, user, names):
        """By the next reports: dict processes of Dovecot's hold dead connections
        for a while."""
        for number in range(20):
            name = f'next{number}@example.net'
            self.deliver(user, name)
            names.append(name)
            if not [name for name in os.listdir(self.home(user))
                    if 'pending' in name]:
                break
            self.calm()
            time.sleep(0.2)
        self.assertEqual(self.listed(user), sorted(names))
        self.extra = number

    def test_restarted(self):
        user = self.new_user()
        self.deliver(user, 'a@example.net')
        self.backend.stop()
        self.assertLess(self.deliver(user, 'b@example.net'), LATE)
        self.backend.start()
        self.calm()
        self.until_recorded(user, ['a@example.net', 'b@example.net'])


class Redis(Stopped, harness.TestCase):

    dict24 = '  dict proxy {\n    name = bounce\n  }'

    @classmethod
    def make(cls):
        backend = dictserver.Redis()
        cls.dict23 = backend.bounce_dict23()
        return backend

    def test_evicted(self):
        """Half of what it knows is gone, whatever it is."""
        user = self.new_user()
        names = sorted(f'a{n}@example.net' for n in range(12))
        for name in names:
            self.deliver(user, name)
        for pattern in '*index*', '*[0-4]@example.net', '*count*':
            self.assertGreater(self.backend.delete(f'*{user}*{pattern}'), 0)
            self.doveadm('bounce', 'scan', '-u', user)
            self.assertEqual(self.listed(user), names)
            export = self.doveadm('bounce', 'export', '-u', user, 'json').stdout
            self.assertEqual(len(export.splitlines()), len(names))
            stats = self.doveadm_json('bounce', 'stats', '-u', user)
            self.assertEqual([row['count'] for row in stats
                              if row['name'] == 'records'], [len(names)])


class RedisSilent:
    """One that takes connections and never answers. Its driver waits by itself: for as
    long as we say, or as an admin says."""

    dict23 = 'redis:host=127.0.0.1:port=@SILENT@'
    dict24 = '  dict redis {\n    redis_port = @SILENT@\n  }'

    @classmethod
    def prepare(cls, server):
        silent = socket.create_server(('127.0.0.1', 0))
        cls.addClassCleanup(silent.close)
        path = pathlib.Path(server.conf_path)
        path.write_text(path.read_text().replace(
            '@SILENT@', str(silent.getsockname()[1])))

    def late(self):
        self.expect_log('bounce: ')
        self.expect_log('redis')
        user = self.new_user()
        began = time.monotonic()
        self.lda(user, harness.dsn('a@example.net'))
        took = time.monotonic() - began
        self.assertEqual(self.messages(user) + self.messages(user, 'Bounces'), 1)
        return took


class RedisOurs(RedisSilent, harness.TestCase):

    def test_late(self):
        self.assertLess(self.late(), LATE)


class RedisAdmins(RedisSilent, harness.TestCase):

    dict23 = RedisSilent.dict23 + ':timeout_msecs=12000'
    dict24 = RedisSilent.dict24.replace(
        '@\n', '@\n    redis_request_timeout = 12s\n')

    def test_late(self):
        self.assertGreater(self.late(), 11)


class PostgreSQL(Stopped, harness.TestCase):

    dict23 = 'proxy::bounce'
    dict24 = '  dict proxy {\n    name = bounce\n  }'

    @classmethod
    def make(cls):
        return dictserver.PostgreSQL()


class SQLite(Stopped, harness.TestCase):

    dict23 = 'proxy::bounce'
    dict24 = '  dict proxy {\n    name = bounce\n  }'

    @classmethod
    def make(cls):
        return dictserver.SQLite()

    test_restarted = None

    @contextlib.contextmanager
    def stopped(self):
        """Somebody holds the file's lock."""
        with contextlib.closing(sqlite3.connect(self.backend.path)) as other:
            other.execute('BEGIN EXCLUSIVE')
            yield
            other.rollback()


class Queue(harness.TestCase):
    """A real Postfix before LMTP, while the dictionary hangs."""

    dict23 = 'proxy:@DIR@/faulty:bounce'
    dict24 = ('  dict proxy {\n    name = bounce\n'
              '    socket_path = @DIR@/faulty\n  }')
    conf23 = conf24 = ''
    sieve_bounce = False

    @classmethod
    def setUpClass(cls):
        backend = dictserver.SQLite()
        cls.addClassCleanup(backend.close)
        cls.conf23 = backend.conf23() + 'auth_username_format = %Ln\n'
        cls.conf24 = (backend.conf24() +
                      'auth_username_format = %{user | username | lower}\n')
        super().setUpClass()

    @classmethod
    def prepare(cls, server):
        cls.proxy = faults.Proxy(f'{server.dir}/faulty', f'{server.dir}/run/dict')
        cls.addClassCleanup(cls.proxy.close)
        cls.postfix = postfix.Postfix(server.ports['lmtp'], 1)
        cls.addClassCleanup(cls.postfix.close)
        cls.postfix.start()

    def test_each_mail_once(self):
        """Twelve recipients of one transaction, and four mails one after the
        other."""
        self.expect_log('bounce: ')
        self.proxy.fail('hang')
        users = [self.new_user() for _ in range(12)]
        for number in range(4):
            with smtplib.SMTP('127.0.0.1', self.postfix.port) as client:
                client.sendmail('', [f'{user}@example.org' for user in users],
                                harness.dsn(f'gone{number}@example.net'))
        with smtplib.SMTP('127.0.0.1', self.postfix.port) as client:
            client.sendmail('carol@example.net', f'{users[0]}@example.org',
                            harness.mail())
        wanted = [5] + [4] * 11
        dictserver.wait_for(lambda: self.counts(users) == wanted, 60)
        log = self.postfix.log()
        self.assertNotIn('status=deferred', log)
        delays = [float(delay) for delay in re.findall(
            r' relay=127.*? delay=([\d.]+),.* status=sent', log)]
        self.assertEqual(len(delays), sum(wanted))
        self.assertLess(max(delays), 2 * LATE)
        self.assertEqual(self.counts(users), wanted)

    def counts(self, users):
        return [self.messages(user) + self.messages(user, 'Bounces')
                for user in users]
