"""What could not be recorded at its delivery is told when it is taken in: once, within
the caps of the hour, by whoever takes it in but scan and import."""

import fcntl
import os
import pathlib
import time

import dictserver
import harness
from test_waiting import COMMANDS
import test_waiting


class Told(test_waiting.Proxied):

    relay = True
    # two lmtp for each user that reports come to at once
    spare_users = 60

    def setUp(self):
        super().setUp()
        self.expect_log('bounce: ')
        self.expect_log('dict|[Cc]onnection|refused')

    def notices(self, user, address):
        """By no session, which would take in what is pending."""
        done = self.doveadm('fetch', '-u', user, 'text', 'mailbox', 'INBOX', 'keyword',
                            '$BounceNotice')
        return [mail for mail in done.stdout.split('\f') if address in mail]

    def untold(self, user):
        done = self.doveadm('search', '-u', user, 'mailbox', '*', 'keyword',
                            '$BounceUntold')
        return len(done.stdout.splitlines())

    def pended(self):
        user = self.new_user()
        self.pend(user, 'a@example.net')
        self.assertTrue(self.pending(user))
        self.assertEqual(self.notices(user, 'a@example.net'), [])
        self.assertEqual(self.untold(user), 1)
        return user

    def check_told(self, user):
        self.assertFalse(self.pending(user))
        self.assertEqual(self.listed(user), ['a@example.net'])
        notice, = self.notices(user, 'a@example.net')
        self.assertIn('No such user here', notice)
        self.assertEqual(self.untold(user), 0)

    def test_sessions(self):
        """Nobody need do anything."""
        for login in self.imap, self.submission:
            user = self.pended()
            login(user)
            dictserver.wait_for(lambda user=user: not self.pending(user))
            self.check_told(user)
            # and what failed afterwards is told together with it
            self.deliver(user, 'b@example.net')
            self.assertEqual(len(self.notices(user, 'a@example.net')), 1)

    def test_session_ends(self):
        """While it records, and while it tells: others take in what is left."""
        for command in b'', b'/meta/notices':
            user = self.pended()
            self.proxy.fail('hang', of=command)
            client = self.imap(user)
            dictserver.wait_for(lambda: self.proxy.failed > 0)
            client.logout()
            self.calm()
            self.doveadm('bounce', 'list', '-u', user)
            self.check_told(user)

    def test_session_cannot_tell(self):
        """It gives up, and leaves it to others."""
        user = self.pended()
        self.proxy.fail('cut', of=b'/meta/notices')
        self.imap(user)
        dictserver.wait_for(lambda: self.proxy.failed > 0)
        self.calm()
        dictserver.wait_for(lambda: self.listed(user) and not self.pending(user))
        self.check_told(user)

    def test_doveadm(self):
        user = self.pended()
        self.doveadm('bounce', 'stats', '-u', user)
        self.check_told(user)
        self.doveadm('bounce', 'list', '-u', user)
        self.check_told(user)

    def test_copies(self):
        """Each says it, and it is told once."""
        user = self.new_user()
        self.put_script(user, 'require ["fileinto", "mailbox", "copy"];\n'
                        'fileinto :create :copy "Bounces";\n')
        self.pend(user, 'a@example.net')
        self.assertEqual(self.untold(user), 2)
        self.doveadm('bounce', 'stats', '-u', user)
        self.check_told(user)

    def test_stats(self):
        """It is said until then: another process is at it."""
        user = self.pended()
        old = f'{self.home(user)}/dovecot-bounce.pending.old'
        os.rename(f'{self.home(user)}/dovecot-bounce.pending', old)
        with open(old, 'r+b') as mark:
            fcntl.flock(mark, fcntl.LOCK_EX)
            self.assertEqual(self.said_pending(user), 1)
        self.assertEqual(self.said_pending(user), 0)
        self.check_told(user)

    def said_pending(self, user):
        return len([row for row in self.doveadm_json('bounce', 'stats', '-u', user)
                    if row['group'] == 'pending'])

    def test_next_report(self):
        user = self.pended()
        self.deliver(user, 'b@example.net')
        self.assertEqual(len(self.notices(user, 'a@example.net')), 1)
        self.assertEqual(len(self.notices(user, 'b@example.net')), 1)
        self.assertEqual(self.untold(user), 0)

    def test_scan_and_import(self):
        """They tell nothing, and take nothing from those who do."""
        user = self.pended()
        self.doveadm('bounce', 'import', '-u', user, '/dev/null')
        self.doveadm('bounce', 'scan', '-u', user)
        self.assertEqual(self.listed_by_file(user), ['a@example.net'])
        self.assertEqual(self.notices(user, 'a@example.net'), [])
        self.assertTrue(self.pending(user))
        self.imap(user)
        dictserver.wait_for(lambda: not self.pending(user))
        self.check_told(user)

    def listed_by_file(self, user):
        """Without a command that takes in what is pending."""
        return sorted(self.metadata(user))

    def test_each_command_fails(self):
        """Whether the notice was written at the delivery or not: there is one."""
        for mode in 'error', 'cut':
            for at in range(1, COMMANDS):
                self.calm()
                user = self.new_user()
                self.proxy.fail(mode, at)
                self.deliver(user, 'a@example.net')
                self.calm()
                self.deliver(user, 'b@example.net')
                self.assertFalse(self.pending(user))
                self.assertEqual(len(self.notices(user, 'a@example.net')), 1,
                                 f'{mode} at {at}')
                self.assertEqual(self.untold(user), 0)

    def test_caps(self):
        """Twenty an hour, and one that says so; the rest is recorded."""
        user = self.new_user()
        self.proxy.fail('error')
        for number in range(25):
            self.lmtp(user, harness.dsn(f'a{number}@example.net',
                                        user=f'{user}@example.org').replace(
                b'Subject: Lunch', b'Subject: Lunch %d' % number))
        self.calm()
        self.imap(user)
        dictserver.wait_for(lambda: not self.pending(user))
        self.assertEqual(len(self.listed(user)), 25)
        self.assertEqual(len(self.fetch(user, 'INBOX', notices=True)), 21)
        self.assertEqual(self.untold(user), 0)

    def test_old(self):
        """What came a day ago is no news."""
        user = self.pended()
        self.age(user, 25 * 60 * 60)
        self.doveadm('bounce', 'list', '-u', user)
        self.assertFalse(self.pending(user))
        self.assertEqual(self.notices(user, 'a@example.net'), [])
        self.assertEqual(self.untold(user), 0)

    def age(self, user, seconds):
        """All that is there came so long ago."""
        when = time.time() - seconds
        for path, _, names in os.walk(self.home(user)):
            for name in names:
                if 'pending' in name or path.endswith(('/cur', '/new')):
                    os.utime(f'{path}/{name}', (when, when))
        for path, _, names in os.walk(f'{self.home(user)}/Maildir'):
            for name in names:
                if name.startswith('dovecot.index.cache'):
                    os.unlink(f'{path}/{name}')

    def test_no_wish(self):
        """Whoever wants no notices gets none, and no keyword. They moved it."""
        user = self.new_user(bounce_notice='no')
        self.pend(user, 'a@example.net')
        self.assertEqual(self.untold(user), 0)
        self.doveadm('mailbox', 'create', '-u', user, 'Bounces', check=False)
        self.doveadm('move', '-u', user, 'Bounces', 'mailbox', 'INBOX', 'all')
        self.imap(user)
        dictserver.wait_for(lambda: not self.pending(user))
        self.assertEqual(self.listed(user), ['a@example.net'])
        self.assertEqual(self.notices(user, 'a@example.net'), [])

    def test_ignored(self):
        """A report that a script ignores is not pending, and stays untold beside one
        that is."""
        user = self.new_user()
        self.put_script(user, 'require "vnd.dovecot-bounce"; '
                        'if bounce "recipient" "i@example.net" { bounce_ignore; }')
        self.deliver(user, 'i@example.net')
        self.pend(user, 'a@example.net')
        self.imap(user)
        dictserver.wait_for(lambda: not self.pending(user))
        self.assertEqual(len(self.notices(user, 'a@example.net')), 1)
        self.assertEqual(self.notices(user, 'i@example.net'), [])

    def test_older_above(self):
        """A hundred old mails that were moved in afterwards hide nothing."""
        user = self.pended()
        when = time.time() - 40 * 86400
        for number in range(150):
            self.put_old(user, number, when)
        self.doveadm('bounce', 'stats', '-u', user)
        self.check_told(user)
        user = self.pended()
        for number in range(300):
            self.put_old(user, number, when)
        self.deliver(user, 'b@example.net')
        self.assertEqual(self.listed(user), ['a@example.net', 'b@example.net'])
        self.assertFalse(self.pending(user))
        self.assertEqual(self.untold(user), 0)
        user = self.pended()
        for number in range(300):
            self.put_old(user, number, when)
        self.imap(user)
        dictserver.wait_for(lambda: not self.pending(user))
        self.check_told(user)

    def put_old(self, user, number, when):
        path = f'{self.home(user)}/Maildir/cur/{1000000 + number}.M{number}.old:2,S'
        with open(path, 'w', encoding='utf-8') as out:
            out.write('From: x@example.com\nSubject: old\n\nText.\n')
        os.utime(path, (when, when))
        os.chown(path, self.mail_uid, self.mail_uid)

    def test_unreadable(self):
        """What cannot be read just now is no mail that is gone; others do not wait."""
        user = self.pended()
        path = self.only_mail(user)
        self.pend(user, 'b@example.net')
        os.chmod(path, 0)
        for _ in range(2):
            self.doveadm('bounce', 'stats', '-u', user)
            self.assertEqual(self.listed(user), ['b@example.net'])
            self.assertTrue(self.pending(user))
            self.assertEqual(len(self.notices(user, 'b@example.net')), 1)
            self.assertEqual(self.untold(user), 1)
        os.chmod(path, 0o600)
        # too soon for a delivery
        self.deliver(user, 'c@example.net')
        self.assertEqual(self.untold(user), 1)
        self.doveadm('bounce', 'stats', '-u', user)
        self.assertFalse(self.pending(user))
        self.assertEqual(self.listed(user), [f'{name}@example.net' for name in 'abc'])
        self.assertEqual(self.untold(user), 0)
        rows = self.doveadm_json('bounce', 'list', '-u', user)
        self.assertEqual([str(row['count']) for row in rows], ['1'] * 3)

    def test_unreadable_for_ever(self):
        """After a week it is given up, and the log says so."""
        user = self.pended()
        path = self.only_mail(user)
        self.age(user, 8 * 24 * 60 * 60)
        os.chmod(path, 0)
        done = self.doveadm('bounce', 'stats', '-u', user)
        self.assertFalse(self.pending(user))
        self.assertIn('not looked at for a report any more', done.stderr)

    def only_mail(self, user):
        path, = pathlib.Path(self.home(user), 'Maildir').glob('[nc][eu][wr]/*')
        return path

    def test_folders(self):
        """A script files reports where nobody looks by itself. One that is gone is
        done with."""
        user = self.new_user()
        self.file_to(user, 'Reports')
        self.pend(user, 'a@example.net')
        self.assertEqual(self.untold(user), 1)
        self.file_to(user, 'Gone')
        self.pend(user, 'b@example.net')
        self.doveadm('mailbox', 'delete', '-u', user, 'Gone')
        self.doveadm('bounce', 'stats', '-u', user)
        self.check_told(user)
        self.assertEqual(self.messages(user, 'Reports'), 1)
        # and by sessions
        self.file_to(user, 'Other')
        self.pend(user, 'b@example.net')
        self.imap(user)
        dictserver.wait_for(lambda: not self.pending(user))
        self.assertEqual(self.listed(user), ['a@example.net', 'b@example.net'])
        self.assertEqual(self.untold(user), 0)

    def test_folders_damaged(self):
        """The user can write anything there."""
        user = self.pended()
        path = pathlib.Path(self.home(user), 'dovecot-bounce.folders')
        names = ['', '/', '../../etc', 'shared/x/y', '~root', 'inbox', 'x\x01y',
                 'INBOX/', '\xff', 'a' * 5000]
        for name in names:
            path.write_bytes(name.encode('latin-1') + b'\nBounces\n')
            os.chown(path, self.mail_uid, self.mail_uid)
            self.doveadm('bounce', 'stats', '-u', user)
            self.check_told(user)
            user = self.pended()
            path = pathlib.Path(self.home(user), 'dovecot-bounce.folders')

    def test_too_many_folders(self):
        """The log says who makes up for it."""
        user = self.new_user()
        for number in range(9):
            self.file_to(user, f'R{number}')
            self.pend(user, f'a{number}@example.net')
        self.wait_log("doveadm bounce scan 'R8' makes up for it")
        self.doveadm('bounce', 'stats', '-u', user)
        self.assertFalse(self.pending(user))
        self.assertEqual(len(self.listed(user)), 8)
        self.doveadm('bounce', 'scan', '-u', user, 'R8')
        self.assertEqual(len(self.listed(user)), 9)

    def file_to(self, user, folder):
        self.put_script(user, 'require ["fileinto", "mailbox"];\n'
                        f'if header :contains "From" "MAILER-DAEMON" '
                        f'{{ fileinto :create "{folder}"; }}\n')
