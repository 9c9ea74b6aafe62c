"""Many reports at once through the real lmtp: no lost update, no double count.

BOUNCE_LOAD is the number of reports (default 200, 48 on 2.4, whose lmtp starts a
process for each connection; issue-sized: 1000).
"""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import signal
import smtplib
import subprocess
import threading
import time
import unittest

import dictserver
import harness

REPORTS = int(os.environ.get('BOUNCE_LOAD') or
              (200 if harness.VERSION < (2, 4) else 48))
ADDRESSES = 8
CLIENTS = 8


def report(user, number):
    return harness.dsn(f'u{number % ADDRESSES}@example.net',
                       user=f'{user}@example.org',
                       message_id=f'<report-{number}@mx.example.org>',
                       original_id=f'<original-{number}@example.org>')



# ASan would see the code of test_delivery once more, slowly.
no_asan = unittest.skipIf(harness.ASAN, 'test_delivery is enough')


class Load:
    users = {'alice': {}}
    spare_users = 4
    sieve = sieve_bounce = False
    conf = 'service lmtp {\n  process_limit = 20\n}\n'
    # Maildir's dovecot-uidlist.lock of a killed lmtp holds up the others for two
    # minutes: Dovecot's own.
    conf23 = 'mail_location = sdbox:~/sdbox\n'
    conf24 = 'mail_driver = sdbox\nmail_path = ~/sdbox\n'

    def send(self, user, number, case=None):
        """As an MTA: until it is taken. A connection that dies, or waits for a
        lock that a killed process left, is tried again."""
        deadline = time.monotonic() + 240 * harness.SLOW
        while True:
            try:
                return (case or self).lmtp(user, report(user, number))
            except (OSError, smtplib.SMTPException):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def feed(self, user, numbers, cases=None, clients=CLIENTS):
        cases = cases or [self]
        # The folder is made by one: with sdbox Dovecot 2.3 panics ("Resource
        # deadlock avoided") where several make one at once.
        numbers = list(numbers)
        for case in cases:
            self.send(user, numbers[0], case)
        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            # each address by each of them
            for _ in pool.map(lambda n: self.send(
                    user, n, cases[n // ADDRESSES % len(cases)]), numbers[1:]):
                pass

    def records(self, user):
        out = self.doveadm('bounce', 'export', '-u', user).stdout
        return {r['address']: r for r in map(json.loads, out.splitlines())}

    def check_counts(self, user, total=REPORTS):
        records = self.records(user)
        self.assertEqual(len(records), ADDRESSES)
        self.assertEqual({a: r['count'] for a, r in records.items()},
                         {f'u{n}@example.net': total // ADDRESSES
                          for n in range(ADDRESSES)})

    def late(self, case=None):
        """Whether one waited for too long, as the machine is slow today. It is
        delivered without the dictionary, and said."""
        case = case or self
        late = 'bounce: .*(did not answer in time|holds it for too long)'
        if not case.log(late):
            return False
        case.expect_log(late)
        return True

    def check_rebuilt(self, user):
        """A scan brings it to what the mailbox says, a second one changes
        nothing."""
        self.doveadm('bounce', 'scan', '-u', user)
        self.check_counts(user)
        row, = self.doveadm_json('bounce', 'scan', '-u', user)
        self.assertEqual(row['changed'], 0)

    def setUp(self):
        super().setUp()
        # what the test before waited for in vain
        with contextlib.suppress(FileNotFoundError), \
                open(f'{self.dir}/run/dovecot-bounce.pause', 'r+b') as pause:
            pause.truncate(0)

    def test_parallel(self):
        user = self.new_user()
        began = time.monotonic()
        self.feed(user, range(REPORTS))
        print(f'{type(self).__name__}: {REPORTS} reports by {CLIENTS} in '
              f'{time.monotonic() - began:.1f} s', flush=True)
        if self.late():
            # whom nobody could be told of stays in INBOX
            self.assertEqual(self.messages(user, 'Bounces') + self.messages(user),
                             REPORTS)
            self.check_rebuilt(user)
        else:
            self.assertEqual(self.messages(user, 'Bounces'), REPORTS)
            self.check_counts(user)

    def killing(self, names, done):
        """kill -9 of such processes, some times (Dovecot slows down a service
        that dies too often), in the middle."""
        for _ in range(4):
            pids = []
            while not pids:
                if done.wait(0.01):
                    return
                pids = [pid for name in names
                        for pid in dictserver.children(self.server, name)]
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.2)

    def with_kills(self, user, names):
        done = threading.Event()
        killer = threading.Thread(target=self.killing, args=(names, done))
        # a dotlock of Dovecot's that stays behind is another's after a minute
        self.expect_log('killed with signal 9|(was locked for|took) \\d+ seconds|'
                        '[Cc]onnection|Broken pipe|'
                        'command startup failed|Service command|respawn|not recorded|'
                        'bounce: |'
                        'Broken file|[Cc]orrupt|fscking|throttling|[Rr]ebuilding index|'
                        '(lookup|commit|transaction) took')
        killer.start()
        try:
            self.feed(user, range(REPORTS))
        finally:
            done.set()
            killer.join()

    def test_killed(self):
        """What was saved, but not answered, comes twice: it counts once."""
        user = self.new_user()
        self.with_kills(user, ['lmtp'])
        self.assertGreaterEqual(self.messages(user, 'Bounces'), REPORTS)
        self.check_rebuilt(user)


@no_asan
class File(Load, harness.TestCase):
    pass


@no_asan
class Full(Load, harness.TestCase):
    """The dictionary is on a disk of its own, which is full."""
    dict23 = 'file:@DIR@/small/%u.dict'
    dict24 = 'dict file {\n path = @DIR@/small/%{user}.dict\n}'
    test_parallel = test_killed = None

    def test_disk_full(self):
        disk = f'{self.dir}/small'
        os.mkdir(disk)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk],
                       check=True)
        os.chown(disk, harness.MAIL_UID, harness.MAIL_UID)
        try:
            self.expect_log('No space left|not recorded|not written')
            pathlib.Path(disk, 'ballast').write_bytes(b'x' * 60 * 1024)
            self.feed('alice', range(REPORTS))
            self.assertEqual(self.messages('alice', 'Bounces'), REPORTS)
            os.unlink(f'{disk}/ballast')
            subprocess.run(['mount', '-o', 'remount,size=4m', disk], check=True)
            self.check_rebuilt('alice')
        finally:
            subprocess.run(['umount', '-l', disk], check=True)


class Proxied(Load):
    dict23 = 'proxy::bounce'
    dict24 = 'dict proxy {\n name = bounce\n}'

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.make()
        cls.conf23 = Load.conf23 + cls.backend.conf23()
        cls.conf24 = Load.conf24 + cls.backend.conf24()
        super().setUpClass()
        cls.addClassCleanup(cls.backend.close)
        dictserver.wait_for(
            lambda: os.path.exists(f'{cls.server.dir}/run/dict'))

    def test_dict_server_killed(self):
        user = self.new_user()
        self.with_kills(user, ['dict'])
        # while it is left alone nobody can be told: then a report stays in INBOX
        self.assertEqual(self.messages(user, 'Bounces') + self.messages(user),
                         REPORTS)
        self.check_rebuilt(user)


class Two:
    """Two Dovecots, each with its own homes and mail, and one dictionary: the user
    is on one of them at a time."""

    def test_two_dovecots(self):
        other = type(f'Other{type(self).__name__}', (harness.TestCase,), {
            name: getattr(type(self), name) for name in
            ('users', 'spare_users', 'sieve', 'sieve_bounce', 'settings', 'conf',
             'conf23', 'conf24', 'dict23', 'dict24')})
        other.setUpClass()
        try:
            second = other()
            second.setUp()
            total = REPORTS // 2 // ADDRESSES * ADDRESSES
            began = time.monotonic()
            self.feed('alice', range(total // 2), [self], clients=4)
            self.feed('alice', range(total // 2, total), [second], clients=4)
            print(f'{type(self).__name__}: {total} reports by 4 to two Dovecots '
                  f'in {time.monotonic() - began:.1f} s', flush=True)
            filed = [self.messages('alice', box) + second.messages('alice', box)
                     for box in ('Bounces', 'INBOX')]
            if any([self.late(), self.late(second)]):
                # what the other's mailbox would make up for is not ours
                self.assertEqual(sum(filed), total)
                self.assertLessEqual(max(
                    r['count'] for r in self.records('alice').values()),
                    total // ADDRESSES)
            else:
                self.assertEqual(filed, [total, 0])
                self.check_counts('alice', total)
            second.doCleanups()
        finally:
            other.doClassCleanups()
            other.tearDownClass()


@no_asan
class SQLite(Proxied, harness.TestCase):

    @classmethod
    def make(cls):
        return dictserver.SQLite()


@no_asan
class PostgreSQL(Two, Proxied, harness.TestCase):

    @classmethod
    def make(cls):
        return dictserver.PostgreSQL()


@no_asan
class Redis(Two, Proxied, harness.TestCase):

    @classmethod
    def setUpClass(cls):
        backend = dictserver.Redis()
        cls.dict23 = backend.bounce_dict23()
        cls.make = classmethod(lambda cls: backend)
        super().setUpClass()

    def setUp(self):
        super().setUp()
        if self.version >= (2, 4):
            # the dict server was asked whether its backend iterates
            self.expect_log('Unsupported operation')

    @unittest.skipIf(harness.VERSION < (2, 4), 'there is none')
    def test_dict_server_killed(self):
        super().test_dict_server_killed()


if __name__ == '__main__':
    unittest.main()
