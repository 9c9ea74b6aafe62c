"""A clock that jumps ten years ahead and back, under a real server (libfaketime): what
it leaves a scan mends."""

import contextlib
import email.utils
import glob
import json
import pathlib
import time
import unittest

import dictserver
import harness
import test_waiting

LIBRARY = glob.glob('/usr/lib/*/faketime/libfaketime.so.1')
DECADE = 3653 * 24 * 60 * 60
# of a clock, in seconds
CLOSE = 24 * 60 * 60


@unittest.skipIf(harness.ASAN or harness.VALGRIND, 'they preload libraries, too')
class Clock(test_waiting.Proxied):

    # the date of a mail stands in the mail: what the kernel says is not faked
    conf = 'mail_temp_dir = @DIR@\n'
    environment = {
        'LD_PRELOAD': ''.join(LIBRARY), 'FAKETIME_TIMESTAMP_FILE': '@DIR@/clock',
        'FAKETIME_NO_CACHE': '1', 'FAKETIME_DONT_FAKE_MONOTONIC': '1',
        'FAKETIME_DONT_RESET': '1', 'NO_FAKE_STAT': '1',
    }
    spare_users = 10

    @classmethod
    def setUpClass(cls):
        if not LIBRARY:
            raise unittest.SkipTest('libfaketime is not installed')
        super().setUpClass()

    @classmethod
    def prepare(cls, server):
        super().prepare(server)
        cls.clock(server, 0)

    @staticmethod
    def clock(server, seconds):
        pathlib.Path(server.dir, 'clock').write_text(f'+{seconds}\n', 'ascii')

    def setUp(self):
        super().setUp()
        # Dovecot's own; the last by who was just started when it was stopped
        self.expect_log('Created dotlock|Killed with signal|stats-writer|bounce: |'
                        'Failed to read configuration|Error reading configuration')

    def jump(self, seconds):
        """All at once: Dovecot's own processes end when it goes back."""
        self.server.stop()
        self.clock(self.server, seconds)
        self.server.start()
        self.assertLess(abs(float(self.now()) - time.time() - seconds), CLOSE)

    def now(self):
        return self.run_program(['date', '+%s']).stdout

    def send(self, user, address, subject='Lunch'):
        original = email.utils.make_msgid(domain='example.org')
        client = self.imap(user)
        client.append('Sent', None, None, (
            f'From: {user}@example.org\r\nTo: {address}\r\nSubject: {subject}\r\n'
            f'Date: {email.utils.formatdate()}\r\n'
            f'Message-ID: {original}\r\n\r\nHi').encode())
        client.logout()
        return original

    def fail_at(self, user, address, original=None, **more):
        self.lmtp(user, harness.dsn(address, user=f'{user}@example.org',
                                    original_id=original, **more))

    def listed(self, user):
        """A dict server whose clock jumped ends the connections that it has."""
        for _ in range(4):
            with contextlib.suppress(AssertionError):
                return super().listed(user)
            time.sleep(0.5)
        return super().listed(user)

    def records(self, user):
        out = self.doveadm('bounce', 'export', '-u', user).stdout
        return {r['address']: r for r in map(json.loads, out.splitlines())}

    def scan(self, user):
        """What is dated ahead came now: of two scans within a second the other
        changes nothing."""
        for _ in range(10):
            self.doveadm('bounce', 'scan', '-u', user)
            row, = self.doveadm_json('bounce', 'scan', '-u', user)
            if row['changed'] == 0:
                break
        self.assertEqual(row['changed'], 0)

    def notices(self, user, address):
        return sum(address.encode() in mail for _, mail in
                   self.fetch(user, 'INBOX', notices=True))

    def test_records(self):
        """List, export, what a person removed, and what has lapsed."""
        user = self.new_user()
        self.fail_at(user, 'before@example.net')
        self.fail_at(user, 'removed@example.net')
        self.jump(DECADE)
        self.fail_at(user, 'then@example.net')
        self.fail_at(user, 'both@example.net')
        self.doveadm('bounce', 'remove', '-u', user, 'removed@example.net')
        self.doveadm('bounce', 'expire', '-u', user)
        self.jump(0)
        self.fail_at(user, 'both@example.net')
        self.fail_at(user, 'after@example.net')
        self.scan(user)
        records = self.records(user)
        self.assertEqual(sorted(records), [f'{name}@example.net' for name in
                                           ('after', 'before', 'both', 'then')])
        self.assertEqual(self.listed(user), sorted(records))
        for address, record in records.items():
            for member in 'first', 'last':
                self.assertLess(abs(record[member] - time.time()), CLOSE,
                                f'{address} {member}')
            self.assertEqual(record['state'], 'suppressed', address)
            self.assertLess(record['until'], time.time() + 366 * 24 * 60 * 60)
        self.assertEqual(records['both@example.net']['count'], 2)
        # what fails after the scan counts, and is found in the mailbox
        time.sleep(1.1)
        self.fail_at(user, 'removed@example.net')
        self.assertIn('removed@example.net', self.listed(user))
        self.erase_dictionary(user, 'removed@example.net')
        self.scan(user)
        self.assertIn('removed@example.net', self.listed(user))

    def erase_dictionary(self, user, address):
        """A record is lost."""
        self.backend.sql(f"DELETE FROM bounce WHERE username = '{user}' AND "
                         f"kind = 'address' AND item = '{address}';")
        self.assertNotIn(address, self.records(user))

    def test_rate(self):
        user = self.new_user()
        self.fail_at(user, 'a@example.net', self.send(user, 'a@example.net'))
        self.jump(DECADE)
        original = self.send(user, 'b@example.net')
        self.fail_at(user, 'b@example.net', original)
        self.jump(0)
        self.fail_at(user, 'c@example.net', self.send(user, 'c@example.net'))
        self.scan(user)
        row = self.doveadm_json('bounce', 'rate', '-u', user)[0]
        # what was sent then is counted on a day of that year
        self.assertEqual((row['sent'], row['failed']), (2, 3), row)
        self.assertEqual(row['percent'], 'unknown')

    def test_notices(self):
        """The caps of an hour that is to come are not today's, nor is what was told
        then told again."""
        user = self.new_user()
        self.jump(DECADE)
        for number in range(25):
            self.lmtp(user, harness.dsn(
                f'a{number}@example.net', user=f'{user}@example.org').replace(
                    b'Subject: Lunch', b'Subject: Lunch %d' % number))
        self.jump(0)
        before = len(self.fetch(user, 'INBOX', notices=True))
        self.assertEqual(before, 21)
        self.scan(user)
        self.fail_at(user, 'after@example.net')
        self.assertEqual(self.notices(user, 'after@example.net'), 1)
        self.assertEqual(len(self.fetch(user, 'INBOX', notices=True)), before + 1)

    def test_flood(self):
        """It ended with the hour."""
        user = self.new_user()
        self.jump(DECADE)
        for number in range(25):
            self.fail_strange(user)
        self.assertGreater(self.messages(user, 'Bounces'), 0)
        self.jump(0)
        self.scan(user)
        before = self.messages(user)
        self.fail_strange(user)
        self.assertEqual(self.messages(user), before + 1)

    def fail_strange(self, user):
        self.lmtp(user, harness.dsn('victim@example.net', trace=False),
                  stranger=True)

    def test_pauses(self):
        """A dictionary that hung ten years from now is asked today."""
        user = self.new_user()
        self.jump(DECADE)
        self.proxy.fail('hang')
        self.fail_at(user, 'then@example.net')
        self.assertTrue(self.pending(user))
        self.jump(0)
        self.proxy.well()
        self.fail_at(user, 'now@example.net')
        self.assertFalse(self.pending(user))
        self.assertEqual(self.listed(user), ['now@example.net', 'then@example.net'])
        self.scan(user)

    def test_pending(self):
        """What became pending today is taken in ten years ahead, and the other way
        round."""
        for first, second in (0, DECADE), (DECADE, 0):
            user = self.new_user()
            self.jump(first)
            self.pend(user, 'a@example.net')
            self.jump(second)
            self.doveadm('bounce', 'stats', '-u', user)
            self.assertFalse(self.pending(user))
            self.jump(0)
            self.scan(user)
            self.assertEqual(sorted(self.records(user)), ['a@example.net'],
                             (first, second))

    def test_pending_twice(self):
        """The mark that stands is of ten years from now; what is pending since is
        older."""
        user = self.new_user()
        self.jump(DECADE)
        self.pend(user, 'then@example.net')
        self.jump(0)
        self.pend(user, 'now@example.net')
        self.doveadm('bounce', 'stats', '-u', user)
        self.assertFalse(self.pending(user))
        self.assertEqual(self.listed(user), ['now@example.net', 'then@example.net'])

    def tearDown(self):
        self.jump(0)
        # a clock that jumps ends Dovecot's own connections now and then
        if self.log('Dict server connection failed'):
            self.expect_log('Dict server connection failed')
        super().tearDown()
