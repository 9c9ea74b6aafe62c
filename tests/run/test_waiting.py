"""No dictionary makes a mail late, twice or lost, and afterwards it holds what the
mailbox says: a proxy before the dict server that hangs, is slow, cuts, refuses; a
lock that a stopped process holds."""

import contextlib
import fcntl
import os
import threading
import time

import dictserver
import faults
import harness

# seconds: two are promised, and a machine that runs other tests has its own;
# without the budget it is 60, and 22 for eleven recipients
LATE = 8 * harness.SLOW
# commands of one report; more than there are
COMMANDS = 14


class Faulty(harness.TestCase):

    dict23 = 'proxy:@DIR@/faulty:bounce'
    dict24 = ('  dict proxy {\n    name = bounce\n'
              '    socket_path = @DIR@/faulty\n  }')
    settings = {'bounce_evidence': 'plausible'}
    spare_users = 120

    @classmethod
    def setUpClass(cls):
        cls.backend = dictserver.SQLite()
        cls.addClassCleanup(cls.backend.close)
        cls.conf23 = cls.backend.conf23()
        cls.conf24 = (cls.backend.conf24() +
                      'lmtp_user_concurrency_limit = unlimited\n')
        super().setUpClass()
        dictserver.wait_for(
            lambda: os.path.exists(f'{cls.server.dir}/run/dict'))

    @classmethod
    def prepare(cls, server):
        cls.proxy = faults.Proxy(f'{server.dir}/faulty', f'{server.dir}/run/dict')
        cls.addClassCleanup(cls.proxy.close)

    def setUp(self):
        super().setUp()
        self.calm()

    def calm(self):
        """Nothing fails, and nobody remembers that it did."""
        self.proxy.well()
        with contextlib.suppress(FileNotFoundError), \
                open(f'{self.dir}/run/dovecot-bounce.pause', 'r+b') as pause:
            pause.truncate(0)

    def deliver(self, user, address):
        began = time.monotonic()
        self.lmtp(user, harness.dsn(address, user=f'{user}@example.org'))
        return time.monotonic() - began

    def listed(self, user):
        return sorted(row['address'] for row in
                      self.doveadm_json('bounce', 'list', '-u', user))

    def check_made_up(self, user, address):
        """The next report brings it in."""
        self.calm()
        before = self.mails(user)
        self.deliver(user, 'next@example.net')
        self.assertEqual(self.listed(user), sorted({address, 'next@example.net'}))
        self.assertFalse(self.pending(user))
        self.assertEqual(self.mails(user), before + 1)

    def mails(self, user):
        """Filed, or left in INBOX as nobody could be told."""
        return self.messages(user) + self.messages(user, 'Bounces')

    def pending(self, user):
        return [name for name in os.listdir(self.home(user))
                if 'pending' in name]

    def test_every_command(self):
        """Hangs, is cut off or refused, at each command of a report."""
        self.expect_log('bounce: ')
        self.expect_log('dict|[Cc]onnection|refused')
        for mode in 'hang', 'cut', 'error':
            for at in range(1, COMMANDS):
                self.calm()
                user = self.new_user()
                self.proxy.fail(mode, at)
                took = self.deliver(user, f'{mode}@example.net')
                self.assertLess(took, LATE, f'{mode} at {at}')
                self.assertEqual(self.mails(user), 1)
                self.check_made_up(user, f'{mode}@example.net')

    def test_eleven_recipients(self):
        """They share the two seconds."""
        self.expect_log('bounce: ')
        self.proxy.fail('hang')
        users = [self.new_user() for _ in range(11)]
        began = time.monotonic()
        self.lmtp(users, harness.dsn('gone@example.net'))
        self.assertLess(time.monotonic() - began, LATE + 0.5)
        for user in users:
            self.assertEqual(self.mails(user), 1)
            self.assertTrue(self.pending(user))

    def test_others_are_not_late(self):
        """After the first nobody waits: neither reports in other connections, nor
        ordinary mail, nor does the server get a request."""
        self.expect_log('bounce: ')
        self.proxy.fail('hang')
        self.deliver(self.new_user(), 'gone@example.net')
        before = self.proxy.commands
        began = time.monotonic()
        for _ in range(10):
            user = self.new_user()
            self.deliver(user, 'gone@example.net')
            self.lmtp(user, harness.mail())
        self.assertLess(time.monotonic() - began, 10 * harness.SLOW)
        self.assertEqual(self.proxy.commands, before)

    def test_lock_holder_stopped(self):
        self.expect_log('bounce: .*not locked')
        user = self.new_user()
        self.lmtp(user, harness.mail())
        path = f'{self.home(user)}/dovecot-bounce.lock'
        with open(path, 'w', encoding='ascii') as lock:
            os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
            fcntl.lockf(lock, fcntl.LOCK_EX)
            self.assertLess(self.deliver(user, 'a@example.net'), LATE)
            self.assertTrue(self.pending(user))
        self.check_made_up(user, 'a@example.net')

    def test_doveadm_makes_up(self):
        """Without another report."""
        self.expect_log('bounce: ')
        self.expect_log('dict|[Cc]onnection|refused')
        user = self.new_user()
        self.proxy.fail('error')
        self.deliver(user, 'a@example.net')
        self.calm()
        self.assertEqual(self.doveadm_json('bounce', 'scan', '-n', '-u', user)
                         [0]['address'], 'a@example.net')
        self.assertTrue(self.pending(user))
        self.assertEqual(self.listed(user), ['a@example.net'])
        self.assertFalse(self.pending(user))

    def test_read_only_home(self):
        """Nothing can be noted: a scan makes up for it."""
        self.expect_log('bounce: .*doveadm bounce scan makes up for it')
        user = self.new_user()
        self.lmtp(user, harness.mail())
        os.chown(self.home(user), 0, 0)
        os.chmod(self.home(user), 0o755)
        self.assertLess(self.deliver(user, 'a@example.net'), LATE)
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        os.chown(self.home(user), harness.MAIL_UID, harness.MAIL_UID)
        self.doveadm('bounce', 'scan', '-u', user)
        self.assertEqual(self.listed(user), ['a@example.net'])

    def test_imap_does_not_wait(self):
        """APPEND to Sent, and the commands after it, while the dictionary hangs."""
        user = self.new_user()
        client = self.imap(user)
        client.create('Sent')
        client.select('INBOX')
        self.proxy.fail('hang')
        self.expect_log('bounce: Sent mail is not counted')
        began = time.monotonic()
        for number in range(3):
            client.append('Sent', None, None, harness.mail(
                sender=f'{user}@example.org', to='bob@example.net'))
            client.noop()
            self.assertLess(time.monotonic() - began,
                            (0.4 + 0.4 * number) * harness.SLOW)
        self.wait_log('Sent mail is not counted')

    def test_sent_is_counted(self):
        """Late, when the answers are slow, and at the end of the session."""
        user = self.new_user()
        client = self.imap(user)
        client.create('Sent')
        self.proxy.slow(0.1)
        began = time.monotonic()
        for number in range(5):
            client.append('Sent', None, None, harness.mail(
                subject=f'Number {number}', sender=f'{user}@example.org',
                to='bob@example.net'))
        self.assertLess(time.monotonic() - began, 1.5 * harness.SLOW)
        client.logout()
        self.proxy.well()
        dictserver.wait_for(lambda: self.doveadm_json(
            'bounce', 'rate', '-u', user)[0]['sent'] == 5)
    def test_twenty_at_once(self):
        """On a dictionary that is slow but works: all are recorded in the end."""
        self.expect_log('bounce: ')
        user = self.new_user()
        self.proxy.slow(0.05)
        names = [f'a{n}@example.net' for n in range(20)]
        threads = [threading.Thread(target=self.deliver, args=(user, name))
                   for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.messages(user, 'Bounces'), 20)
        for more in range(20):
            self.deliver(user, f'more{more}@example.net')
            names.append(f'more{more}@example.net')
            if not self.pending(user):
                break
        self.proxy.well()
        self.assertFalse(self.pending(user), '\n'.join(self.log()))
        self.assertEqual(self.listed(user), sorted(names))

    def test_many_recipients(self):
        """A report of a thousand on a dictionary that takes 50 ms an answer: they are
        looked up at once."""
        user = self.new_user()
        names = [f'n{n}@example.net' for n in range(1000)]
        self.proxy.late(0.05)
        self.assertLess(self.deliver(user, names), LATE)
        self.proxy.well()
        self.assertFalse(self.pending(user), '\n'.join(self.log()))
        self.assertEqual(self.listed(user), sorted(names))
