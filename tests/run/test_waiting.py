"""No dictionary makes a mail late, twice or lost, and afterwards it holds what the
mailbox says: a proxy before the dict server that hangs, is slow, cuts, refuses; a
lock that a stopped process holds."""

import contextlib
import email.utils
import fcntl
import json
import os
import struct
import subprocess
import threading
import time
import zlib

import dictserver
import faults
import harness

# seconds: two are promised, and a machine that runs other tests has its own;
# without the budget it is 60, and 22 for eleven recipients
LATE = 8 * harness.SLOW
# commands of one report; more than there are
COMMANDS = 14


class Proxied(harness.TestCase):
    """The dict server behind a proxy; that is all."""

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

    def pend(self, user, address):
        """A report that is not recorded, and nobody remembers why."""
        self.proxy.fail('error')
        self.deliver(user, address)
        self.calm()

    def marked(self, user):
        """How many reports say that they are pending, wherever they lie."""
        done = self.doveadm('search', '-u', user, 'mailbox', '*', 'keyword',
                            '$BouncePending')
        return len(done.stdout.splitlines())


class Faulty(Proxied):

    relay = True

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
                # what lies in a folder is told, whatever failed after the plan
                self.assertGreaterEqual(
                    len(self.fetch(user, 'INBOX', notices=True)),
                    self.messages(user, 'Bounces'), f'{mode} at {at}')
                self.check_made_up(user, f'{mode}@example.net')

    def test_in_a_script(self):
        """What the dictionary could not tell a Sieve script is told by the notice."""
        self.expect_log('bounce: ')
        told = 0
        for at in range(1, COMMANDS):
            self.calm()
            user = self.new_user()
            self.put_script(user, 'require "vnd.dovecot-bounce";\nif bounce_record '
                            '"state" "x@example.net" "suppressed" { keep; }\n')
            self.proxy.fail('hang', at)
            self.deliver(user, 'gone@example.net')
            filed = self.messages(user, 'Bounces')
            self.assertEqual(self.mails(user), 1)
            self.assertEqual(len(self.fetch(user, 'INBOX', notices=True)), filed, at)
            told += filed
        self.assertGreater(told, 5)

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

    def test_check(self):
        """What it cannot read is unknown: records, index, what was sent."""
        user = self.new_user()
        self.deliver(user, 'a@example.net')
        args = '-f', 'json', 'bounce', 'check', '--only', 'reports', '-u', user
        self.assertIn('nobody refused our side', self.doveadm(*args).stdout)
        for at in range(1, 5):
            self.proxy.fail('error', at)
            done = self.doveadm(*args, check=False)
            self.assertEqual(done.returncode, 75, at)
            self.assertIn('"result":"unknown"', done.stdout)

    def test_pause_is_of_this_dictionary(self):
        """Not of all that have its driver."""
        self.expect_log('bounce: ')
        self.proxy.fail('hang')
        self.deliver(self.new_user(), 'gone@example.net')
        names = ((f'proxy bounce {self.dir}/faulty ',
                  f'proxy {self.dir}/faulty bounce ')
                 if self.version >= (2, 4) else
                 (f'proxy proxy:{self.dir}/faulty:bounce',))
        with open(f'{self.dir}/run/dovecot-bounce.pause', 'rb') as pause:
            slots = struct.unpack('512q', pause.read(512 * 8).ljust(512 * 8, b'\0'))
        paused = [slot for slot, until in enumerate(slots) if until]
        self.assertEqual(len(paused), 1)
        self.assertIn(paused[0], [zlib.crc32(name.encode()) % 512 for name in names])

    def test_lock_holder_stopped(self):
        self.expect_log('bounce: .*not locked')
        user = self.new_user()
        self.lmtp(user, harness.mail())
        path = f'{self.home(user)}/dovecot-bounce.lock'
        with open(path, 'w', encoding='ascii') as lock:
            os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
            fcntl.flock(lock, fcntl.LOCK_EX)
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

    def test_session_makes_up(self):
        """An IMAP session that does nothing, and one of submission: without another
        report and without an admin; records, $Bounced and the failures of the day."""
        self.expect_log('bounce: ')
        self.expect_log('dict|[Cc]onnection|refused')
        for login in self.imap, self.submission:
            user = self.new_user()
            client = self.imap(user)
            original = email.utils.make_msgid(domain='example.org')
            sent = (f'From: {user}@example.org\r\nTo: a@example.net\r\n'
                    f'Subject: Lunch\r\nMessage-ID: {original}\r\n\r\nHi').encode()
            client.create('Sent')
            client.append('Sent', None, None, sent)
            client.logout()
            dictserver.wait_for(lambda user=user: self.doveadm_json(
                'bounce', 'rate', '-u', user)[0]['sent'] == 1)
            self.proxy.fail('error')
            self.lmtp(user, harness.dsn(
                'a@example.net', user=f'{user}@example.org',
                original_id=original))
            self.calm()
            # an ordinary delivery does not
            self.lmtp(user, harness.mail())
            self.assertTrue(self.pending(user))
            login(user)
            dictserver.wait_for(lambda user=user: not self.pending(user))
            self.assertEqual(self.listed(user), ['a@example.net'])
            self.assertEqual(self.doveadm_json('bounce', 'rate', '-u', user)[0]
                             ['failed'], 1)
            self.assertIn('$Bounced', self.fetch(user, 'Sent')[0][0])

    def test_session_is_not_late(self):
        """Forty reports are made up for on a slow dictionary, which then hangs,
        while the client goes on."""
        self.expect_log('bounce: ')
        self.expect_log('dict|[Cc]onnection|refused')
        user = self.new_user()
        self.proxy.fail('error')
        for number in range(40):
            self.deliver(user, f'a{number}@example.net')
        self.calm()
        self.proxy.slow(0.03)
        client = self.imap(user)
        client.select('INBOX')
        end, late = time.monotonic() + 4, 0
        while time.monotonic() < end:
            if time.monotonic() > end - 2:
                self.proxy.fail('hang')
            began = time.monotonic()
            client.noop()
            late = max(late, time.monotonic() - began)
            time.sleep(0.02)
        self.assertLess(late, 0.4 * harness.SLOW)
        self.calm()
        self.assertTrue(self.pending(user) or len(self.listed(user)) == 40)

    def test_doveadm_says_so(self):
        """That it waits, before it gives up a minute later."""
        if harness.ASAN:
            self.skipTest("ASan's own words come first")
        user = self.new_user()
        self.deliver(user, 'a@example.net')
        self.proxy.fail('hang')
        doveadm = subprocess.Popen(
            ['doveadm', '-c', self.server.conf_path, 'bounce', 'list', '-u', user],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            self.assertIn('Dictionary has not answered for 3 seconds',
                          doveadm.stderr.readline())
        finally:
            doveadm.kill()
            doveadm.communicate()

    def test_metadata_does_not_wait_long(self):
        """GETMETADATA, one and all: two seconds, an error, and not again."""
        self.expect_log('bounce: METADATA')
        user = self.new_user()
        self.deliver(user, 'a@example.net')
        client = self.imap(user)
        self.proxy.fail('hang')
        entry = '/private/vendor/vendor.dovecot-bounce/address'
        for number, options in enumerate((f'"" {entry}/a@example.net',
                                          f'(DEPTH infinity) "" {entry}')):
            began = time.monotonic()
            client.xatom('GETMETADATA', *options.split(' '))
            self.assertLess(time.monotonic() - began,
                            (LATE, 1 * harness.SLOW)[number])
        self.wait_log('bounce: METADATA')

    def test_read_only_home(self):
        """It is locked beside the mail, and recorded."""
        self.expect_log('Notice cannot be answered')
        user = self.new_user()
        self.lmtp(user, harness.mail())
        os.chown(self.home(user), 0, 0)
        os.chmod(self.home(user), 0o755)
        self.assertLess(self.deliver(user, 'a@example.net'), LATE)
        self.assertEqual(self.messages(user, 'Bounces'), 1)
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

    def test_one_by_one(self):
        """More recipients than the dictionary answers for in two seconds: none is
        recorded in the delivery, and a session records them part by part."""
        self.expect_log('bounce: ')
        user = self.new_user()
        count = int(os.environ.get('BOUNCE_ONE_BY_ONE', '60'))
        names = sorted(f'n{n}@example.net' for n in range(count))
        self.proxy.slow(0.1 if count > 60 else 0.05)
        self.assertLess(self.deliver(user, names), LATE)
        self.assertTrue(self.pending(user))
        began = time.monotonic()
        self.imap(user)
        dictserver.wait_for(lambda: not self.pending(user), count)
        if count > 60:
            print(f'{count} recipients: {time.monotonic() - began:.0f} s')
        self.proxy.well()
        self.assertEqual(self.listed(user), names)


class Homeless(Proxied):
    """Without a home the report itself says that it is pending, by a keyword."""

    sieve = False
    conf = 'mail_temp_dir = @DIR@/tmp\n'

    @classmethod
    def prepare(cls, server):
        super().prepare(server)
        os.mkdir(f'{server.dir}/tmp')
        os.chmod(f'{server.dir}/tmp', 0o1777)
        for name in 'homeless1', 'homeless2', 'homeless3':
            mail = f'{server.dir}/{name}'
            os.mkdir(mail)
            os.chown(mail, harness.MAIL_UID, harness.MAIL_UID)
            fields = (f'userdb_mail_path={mail}' if cls.version >= (2, 4) else
                      f'userdb_mail=maildir:{mail}')
            with open(f'{server.dir}/passwd', 'a', encoding='utf-8') as out:
                out.write(f'{name}:{{PLAIN}}pass:{harness.MAIL_UID}:'
                          f'{harness.MAIL_UID}::::{fields}\n')

    def setUp(self):
        super().setUp()
        self.expect_log('bounce: |duplicate db')
        self.expect_log('dict|[Cc]onnection|refused')

    def pend_and_look(self, user):
        self.deliver(user, 'first@example.net')
        self.pend(user, 'a@example.net')
        self.assertEqual(self.marked(user), 1)

    def assert_told_once(self, user):
        told = [mail for _, mail in self.fetch(user, 'INBOX', notices=True)
                if b'a@example.net' in mail]
        self.assertEqual(len(told), 1)

    def test_session_makes_up(self):
        self.pend_and_look('homeless1')
        self.imap('homeless1')
        dictserver.wait_for(lambda: not self.marked('homeless1'))
        self.assert_told_once('homeless1')
        self.assertEqual(self.listed('homeless1'),
                         ['a@example.net', 'first@example.net'])
        self.assertNotIn('pending', [row['group'] for row in self.doveadm_json(
            'bounce', 'stats', '-u', 'homeless1')])

    def test_lock_is_seen(self):
        """lmtp and doveadm have the same lock, also where systemd's PrivateTmp gives
        each of them a folder of its own for temporary files."""
        user = 'homeless3'
        self.lmtp(user, harness.mail())
        self.deliver(user, 'a@example.net')
        path, = (f'{folder}/{name}' for folder, _, names in os.walk(self.dir)
                 for name in names if 'dovecot-bounce' in name and 'lock' in name)
        self.assertEqual(os.path.dirname(path), f'{self.dir}/{user}')
        with open(path, 'r+b') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertEqual(self.private_check(user), 'fail')
        self.assertEqual(self.private_check(user), 'ok')
        # nor is it a folder of theirs
        self.assertNotIn('lock', ' '.join(self.mailboxes(user)))

    def private_check(self, user):
        """What doveadm says of the lock, with a mail_temp_dir that nobody else sees."""
        done = subprocess.run(
            ['unshare', '--mount', 'sh', '-c',
             'mount -t tmpfs -o mode=1777 tmpfs "$0" && exec "$@"', f'{self.dir}/tmp',
             'doveadm', '-c', self.server.conf_path, '-f', 'json', 'bounce', 'check', '-u',
             user],
            check=False, text=True, stdout=subprocess.PIPE,
            env={**os.environ, **self.server.environment()})
        return [row['result'] for row in json.loads(done.stdout)
                if row['check'] == 'lock'][0]

    def test_next_report_makes_up(self):
        self.pend_and_look('homeless2')
        self.deliver('homeless2', 'b@example.net')
        self.assertFalse(self.marked('homeless2'))
        self.assert_told_once('homeless2')
        self.assertEqual(self.listed('homeless2'),
                         ['a@example.net', 'b@example.net', 'first@example.net'])
