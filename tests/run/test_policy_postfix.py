"""bounce-policy behind a real Postfix, with the lines of doc/example-config: what is
refused, what passes, and that mail is taken whatever happens to the service."""

import email
import email.policy
import json
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import threading
import time

import dictserver
import harness
import postfix
from test_sent import letter, people
from test_verified import Case, bounce_of

EXAMPLES = harness.SOURCE / 'doc' / 'example-config'


def own(text):
    """Without comments."""
    return re.sub(r'(?m)^#.*\n', '', text)


class PostfixCase(Case):
    """Users log in to a Postfix that asks Dovecot for passwords and for policy."""

    sieve_bounce = False
    # or a Postfix without a line of ours
    asks = True
    settings = {**Case.settings, 'bounce_suppress': 'enforce'}
    # Postfix knows our users with their domain
    conf23 = Case.conf23 + 'auth_username_format = %Ln\n'
    conf24 = Case.conf24 + 'auth_username_format = %{user | username | lower}\n'

    @classmethod
    def prepare(cls, server):
        main, master = (own((EXAMPLES / 'postfix' / name).read_text())
                        for name in ('main.cf', 'master.cf'))
        if not cls.asks:
            main = ''
            master = re.sub(r'\n.*data_restrictions=.*', '', master).replace(
                '$bounce_policy,', '')
        master = master.replace('submission inet n       -       y',
                                '127.0.0.1:@PORT2@ inet n - n')
        cls.postfix = postfix.Postfix(
            server.ports['lmtp'], server.relay.port, main, master)
        cls.addClassCleanup(cls.postfix.close)
        cls.postfix.start()
        cls.remote = server.relay
        cls.private = f'{cls.postfix.dir}/queue/private'
        series = '.'.join(map(str, harness.VERSION))
        service = own((EXAMPLES / series / 'policy.conf').read_text())
        service = service if cls.asks else ''
        cls.conf = cls.conf + service.replace(
            '/var/spool/postfix/private', cls.private) + f'''
service auth {{
  unix_listener {cls.private}/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
'''
        server.write_conf()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the last of a server that has just been started
        for name in ('auth', 'bounce-policy') if cls.asks else ('auth',):
            dictserver.wait_for(lambda: os.path.exists(f'{cls.private}/{name}'))

    def smtp(self, user):
        client = smtplib.SMTP('127.0.0.1', self.postfix.port2, timeout=30)
        self.addCleanup(client.close)
        client.login(user, 'pass')
        return client

    def send(self, user, to, subject='Hello', client=None, **args):
        """{refused recipient: answer}, or smtplib's exception."""
        mail = letter(subject, to=to, sender=f'{user}@example.org', **args)
        (client or self.smtp(user)).sendmail(f'{user}@example.org', to, mail)
        return mail

    def refused(self, user, to, **args):
        with self.assertRaises(smtplib.SMTPDataError) as caught:
            self.send(user, to, **args)
        return caught.exception.smtp_code, caught.exception.smtp_error.decode()

    def suppress(self, user, *addresses):
        for address in addresses:
            self.doveadm('bounce', 'add', '-u', user, address)

    def wait_for(self, what, wanted, seconds=20):
        deadline = time.monotonic() + seconds * harness.SLOW
        while (found := what()) != wanted:
            if time.monotonic() > deadline:
                self.fail(f'{found} != {wanted}\n{self.postfix.log()[-6000:]}')
            time.sleep(0.1)

    def outside(self):
        """What the world outside took of this test's users: mail of the test before
        may still come."""
        return [(rcpts, mail) for sender, rcpts, mail in self.remote.delivered
                if sender not in self.before]

    def delivered(self):
        return sorted(rcpt for rcpts, _ in self.outside() for rcpt in rcpts)

    def setUp(self):
        super().setUp()
        self.remote.refuse.clear()
        self.before = {f'user{number}{end}@example.org' for end in ('', 'x')
                       for number in range(self._user_count + 1)}


class Suppressed(PostfixCase):

    def test_mixed_mail_passes(self):
        user = self.new_user()
        self.suppress(user, 'gone@example.net')
        self.send(user, ['bob@example.net', 'gone@example.net'])
        self.wait_for(self.delivered, ['bob@example.net', 'gone@example.net'])
        # which a notice says
        self.wait_for(lambda: len(self.fetch(user, 'INBOX', notices=True)), 1)
        (_, notice), = self.fetch(user, 'INBOX', notices=True)
        notice = email.message_from_bytes(notice, policy=email.policy.default)
        self.assertIn('kind=held', notice['X-Bounce-Notice'])
        self.assertEqual(notice['Subject'],
                         'Your mail also went to an address that failed before')
        text = notice.get_body(('plain',)).get_content()
        self.assertIn('gone@example.net', text)
        self.assertIn('sent to one other recipient', text)
        self.assertNotIn('bob@example.net', text)
        self.assertNotIn('work after all', text)

    def test_mixed_mail_of_who_wants_no_notice(self):
        user = self.new_user(bounce_notice='failure')
        self.suppress(user, 'gone@example.net')
        self.send(user, ['bob@example.net', 'gone@example.net'])
        self.wait_sent(user, 2)
        # whatever is still on its way
        time.sleep(0.3)
        self.assertEqual(self.fetch(user, 'INBOX', notices=True), [])

    def test_nobody_left(self):
        user = self.new_user()
        dead = people(3)
        self.suppress(user, *dead)
        code, text = self.refused(user, dead)
        self.assertEqual(code, 550)
        self.assertIn('Data command rejected: Not sent', text)
        # whom the user does not know to be dead, and the next mail
        client = self.smtp(user)
        with self.assertRaises(smtplib.SMTPDataError):
            self.send(user, dead[:1], client=client)
        client.rset()
        self.send(user, ['bob@example.net'], client=client)
        self.wait_for(self.delivered, ['bob@example.net'])

    def test_others_dictionary(self):
        user, other = self.new_user(), self.new_user()
        self.suppress(user, 'gone@example.net')
        self.send(other, ['gone@example.net'])
        self.refused(user, ['gone@example.net'])

    def test_each_recipient(self):
        user = self.new_user(bounce_suppress_reply='rcpt')
        self.suppress(user, 'gone@example.net')
        client = self.smtp(user)
        client.mail(f'{user}@example.org')
        code, text = client.rcpt('gone@example.net')
        self.assertEqual(code, 550)
        self.assertIn(b'Not sent', text)
        self.assertEqual(client.rcpt('bob@example.net')[0], 250)


class Report(PostfixCase):
    """The default: an event, nothing else."""

    settings = Case.settings
    conf = Case.conf + 'mail_debug = yes\n'
    conf24 = PostfixCase.conf24 + 'log_debug = category=bounce\n'

    def test_goes(self):
        user, quiet = self.new_user(), self.new_user(bounce_suppress='no')
        for name in (quiet, user):
            self.suppress(name, 'gone@example.net')
            self.send(name, ['gone@example.net'])
        self.count_log('gone@example.net is known: report .*', 1)


class Faults(PostfixCase):
    """The service is missing, hangs or dies: mail is taken within 3 s."""

    def taken(self, user, client=None):
        """In so many seconds."""
        began = time.monotonic()
        self.send(user, ['gone@example.net'], client=client)
        took = time.monotonic() - began
        self.assertLess(took, 3 * harness.SLOW)
        return took

    def setUp(self):
        super().setUp()
        self.user = self.new_user()
        self.suppress(self.user, 'gone@example.net')
        self.refused(self.user, ['gone@example.net'])
        self.socket = f'{self.private}/bounce-policy'

    def away(self):
        """Nobody finds it, and those who had found it have lost it."""
        os.rename(self.socket, self.socket + '.away')
        self.addCleanup(lambda: os.replace(self.socket + '.away', self.socket))
        self.kill(self.pids())

    def kill(self, pids):
        """Once this returns, the master has said so of each."""
        self.expect_log('killed with signal 9')
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.count_log('killed with signal 9', len(pids))

    def pids(self):
        """Of the service, once those that have just been started say so: the master
        takes the death of others for a fault of the program."""
        time.sleep(0.5 * harness.SLOW)
        out = subprocess.run(
            ['pgrep', '-P', str(self.server.process.pid), '-f', 'bounce-policy'],
            stdout=subprocess.PIPE, text=True, check=False).stdout
        return [int(pid) for pid in out.split()]

    def test_missing(self):
        client = self.smtp(self.user)
        self.away()
        self.taken(self.user, client)
        self.taken(self.user)

    def test_hangs(self):
        """It takes the connection and never answers."""
        client = self.smtp(self.user)
        self.away()
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(self.socket)
        shutil.chown(self.socket, 'postfix', 'postfix')
        listener.listen(5)
        self.taken(self.user, client)

    def test_stopped(self):
        """In the middle of a session."""
        client = self.smtp(self.user)
        client.mail(f'{self.user}@example.org')
        self.assertEqual(client.rcpt('gone@example.net')[0], 250)
        client.rset()
        pids = self.pids()
        self.assertTrue(pids)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
            self.addCleanup(os.kill, pid, signal.SIGCONT)
        self.taken(self.user, client)

    def test_killed(self):
        client = self.smtp(self.user)
        client.mail(f'{self.user}@example.org')
        self.assertEqual(client.rcpt('gone@example.net')[0], 250)
        pids = self.pids()
        self.assertTrue(pids)
        self.kill(pids)
        began = time.monotonic()
        code, _ = client.data(letter(to=['gone@example.net']))
        self.assertEqual(code, 250)
        self.assertLess(time.monotonic() - began, 3 * harness.SLOW)
        # and it comes back by itself
        self.refused(self.user, ['gone@example.net'])


class Held(PostfixCase):
    """What the dictionary remembers of it."""

    def known(self, user, address, **members):
        """A record as a bounce makes it."""
        now = int(time.time())
        line = json.dumps({
            'v': 1, 'address': address, 'state': 'suppressed', 'class': 'hard',
            'side': 'recipient', 'reason': 'mailbox-unknown', 'status': '5.1.1',
            'score': 3, 'count': 1, 'first': now - 9, 'last': now - 9,
            'evidence': 'verified', 'by': 'bounce', **members})
        self.doveadm('bounce', 'import', '-u', user, '-', stdin=line.encode() + b'\n')

    def held(self, user, address):
        record = json.loads(self.doveadm('bounce', 'export', '-u', user).stdout)
        self.assertEqual(record['address'], address)
        return record.get('holds', 0)

    def test_held(self):
        user, gone = self.new_user(), 'gone@example.net'
        self.known(user, gone)
        _, text = self.refused(user, [gone])
        self.assertIn('does not work: no such mailbox', text)
        self.wait_for(lambda: self.held(user, gone), 1)
        # a machine that tries again at once, and says it twice: it is named once
        _, text = self.refused(user, [gone, gone])
        self.assertIn(f'Not sent. {gone} does not work: no such mailbox', text)
        self.wait_for(lambda: self.held(user, gone), 2)

    def test_again(self):
        """A person, a minute after it was held."""
        user, gone = self.new_user(), 'gone@example.net'
        self.known(user, gone, held=int(time.time()) - 60, holds=1)
        self.send(user, [gone])
        self.wait_for(self.delivered, [gone])
        # this once
        self.wait_for(lambda: 'retried' in self.doveadm(
            'bounce', 'export', '-u', user).stdout, True)
        self.refused(user, [gone])

    def test_again_each(self):
        user = self.new_user(bounce_suppress_reply='rcpt')
        gone = 'gone@example.net'
        self.known(user, gone)
        client = self.smtp(user)
        client.mail(f'{user}@example.org')
        self.assertEqual(client.rcpt(gone)[0], 550)
        self.wait_for(lambda: self.held(user, gone), 1)

    def test_mixed_is_not_held(self):
        user, gone = self.new_user(), 'gone@example.net'
        self.known(user, gone)
        self.send(user, [gone, 'bob@example.net'])
        self.wait_sent(user, 2)
        self.assertEqual(self.held(user, gone), 0)


class Counted(PostfixCase):
    """What passes is counted by its envelope, and that is evidence."""

    settings = Case.settings

    def submit(self, user, mail, to):
        self.smtp(user).sendmail(f'{user}@example.org', to, mail)

    def letter(self, user, to, subject='Hello', **args):
        return letter(subject, to=to, sender=f'{user}@example.org', **args)

    def test_hidden_recipient(self):
        """Without any copy in Sent."""
        user, hidden = self.new_user(), 'hidden@example.net'
        self.remote.refuse[hidden] = '550 5.1.1 No such user here'
        self.submit(user, self.letter(user, ['bob@example.net']),
                    ['bob@example.net', hidden])
        self.wait_for(lambda: self.recorded(user), [hidden])
        self.assertEqual(self.state(user, hidden)['evidence'], 'verified')
        day = self.day(user)
        self.assertEqual((day['sent'], day['failed']), (2, 1))

    def test_copy(self):
        """In both orders; Bcc is not in it."""
        for first in ('copy', 'envelope'):
            user = self.new_user()
            mail = self.letter(user, ['bob@example.net'])
            to = ['bob@example.net', 'hidden@example.net']
            if first == 'copy':
                self.append(user, mail)
                self.wait_sent(user, 1)
            self.submit(user, mail, to)
            self.wait_sent(user, 2)
            if first == 'envelope':
                self.append(user, mail)
            # whatever is still on its way
            time.sleep(0.3)
            self.assertEqual(self.day(user)['sent'], 2, first)
            # another mail is another
            self.submit(user, self.letter(user, to[:1]), to[:1])
            self.wait_sent(user, 3)

    def test_broadcast(self):
        """Whether its copy is saved at once or when all bounces are there."""
        for copy_first in (True, False):
            user = self.new_user()
            to = [f'{user}@example.org', *people(25)]
            dead = people(6)
            self.remote.refuse.update(
                {address: '550 5.1.1 No such user here' for address in dead})
            mail = self.letter(user, to[:1], 'News')
            self.submit(user, mail, to)
            if copy_first:
                self.append(user, mail)
            self.wait_for(lambda: self.recorded(user), sorted(dead))
            if not copy_first:
                self.append(user, mail)
            self.wait_for(lambda: [(row['sent'], row['failed'], row['known'],
                                    row['level']) for row in self.broadcasts(user)],
                          [(26, 6, 'all', 'our-side')])
            self.wait_for(lambda: self.flags(user), [{'\\Seen', '$Bounced'}])

    def test_alias(self):
        """It did not go to the address that failed."""
        user = self.new_user()
        self.remote.refuse['gone@example.net'] = '550 5.1.1 No such user here'
        to = ['team@example.org']
        self.submit(user, self.letter(user, to), to)
        self.wait_for(lambda: self.messages(user, 'Bounces'), 1)
        self.assertEqual(self.recorded(user), [])

    def test_refused_by_postfix(self):
        """RCPT that was asked about and refused all the same is not sent."""
        user = self.new_user()
        client = self.smtp(user)
        client.mail(f'{user}@example.org')
        self.assertEqual(client.rcpt('bob@example.net')[0], 250)
        # an address that Postfix does not take
        self.assertNotEqual(client.rcpt('x@-bad-.')[0], 250)
        self.assertEqual(client.data(self.letter(user, ['b@c.example']))[0], 250)
        self.wait_sent(user, 1)

    def test_forged(self):
        """A stranger who knows the queue id, and to whom it went."""
        user, bob = self.new_user(), 'bob@example.net'
        mail = self.letter(user, [bob])
        self.submit(user, mail, [bob])
        self.wait_for(lambda: len(self.outside()), 1)
        (_, delivered), = self.outside()
        queue_id = re.search(rb'with ESMTPS?A id (\w+)', delivered).group(1)
        self.wait_sent(user, 1)
        forged = bounce_of(mail, [bob], user, headers=(
            b'Received: from client (unknown [127.0.0.1])\r\n\tby mx.example.org '
            b'(Postfix) with ESMTPSA id ' + queue_id + b'; x\r\n'))
        with smtplib.SMTP('127.0.0.1', self.postfix.port) as client:
            client.sendmail('', [f'{user}@example.org'], forged)
        self.wait_for(lambda: self.messages(user), 1)
        self.assertEqual(self.recorded(user), [])
        self.assertEqual(self.day(user)['failed'], 0)
