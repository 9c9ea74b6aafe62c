"""bounce-policy, asked as Postfix asks."""

import contextlib
import os
import pwd
import signal
import socket
import stat
import time

import dictserver
import harness
import policy
import test_waiting


class Protocol(harness.TestCase):
    sieve = False
    under_valgrind = True
    conf = policy.SERVICE

    def client(self):
        client = policy.Client(self.server)
        self.addCleanup(client.close)
        return client

    def test_passes(self):
        client = self.client()
        for login in ('alice', 'bob', 'nobody', ''):
            with self.subTest(login=login):
                client.next_mail()
                self.assertEqual(client.rcpt(login, 'bob@example.net'), 'DUNNO')
                self.assertEqual(client.rcpt(login, 'no address'), 'DUNNO')
                self.assertEqual(client.rcpt(login, ''), 'DUNNO')
                self.assertEqual(client.data(login, 3), 'DUNNO')
                self.assertEqual(client.ask('VRFY', login), 'DUNNO')

    def test_other_requests(self):
        client = self.client()
        client.say(b'\n')
        self.assertEqual(client.answer(), 'DUNNO')
        client.say(b'request=junk\nsasl_username=alice\nrecipient=a@b.example\n\n')
        self.assertEqual(client.answer(), 'DUNNO')
        client.say(b'GET / HTTP/1.0\r\n\r\n')
        self.assertEqual(client.answer(), 'DUNNO')

    def test_pipelined_and_half_closed(self):
        """As Exim does it: it writes, closes its side and waits for the end."""
        client = self.client()
        one = client.request('RCPT', 'alice', recipient='bob@example.net')
        client.say(one * 3)
        client.sock.shutdown(socket.SHUT_WR)
        self.assertEqual(client.stream.read(), b'action=DUNNO\n\n' * 3)

    def test_caps(self):
        for text, log in ((b'a=b\n' * 101, 'more than 100 lines'),
                          (b'recipient=' + b'x' * 9000 + b'\n',
                           'line of more than 8192 bytes')):
            with self.subTest(log=log):
                client = self.client()
                client.say(text)
                # what was not read resets the connection
                with contextlib.suppress(ConnectionResetError):
                    self.assertEqual(client.stream.read(), b'')
                self.expect_log(log)
        client = self.client()
        # the longest that is taken
        client.say(b'ccert_subject=' + b'x' * (8192 - 14) + b'\n')
        self.assertEqual(client.rcpt('alice', 'bob@example.net'), 'DUNNO')

    def serving(self):
        """Not one that has just been started: of that Dovecot would complain."""
        return [int(row['pid']) for row in
                self.doveadm_json('process', 'status', 'bounce-policy')
                if row['available_count'] == '0']

    def test_stops(self):
        """As it should: else Dovecot would log its status."""
        dictserver.wait_for(lambda: not self.serving())
        client = self.client()
        self.assertEqual(client.rcpt('alice', 'bob@example.net'), 'DUNNO')
        dictserver.wait_for(self.serving)
        pid, = self.serving()
        os.kill(pid, signal.SIGTERM)
        self.expect_log('Killed with signal 15')
        self.assertEqual(client.stream.read(), b'')
        self.assertEqual(self.client().rcpt('alice', 'bob@example.net'), 'DUNNO')

    def test_socket(self):
        mode = os.stat(f'{self.server.dir}/run/bounce-policy').st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o660)


class Dictionary(test_waiting.Faulty):
    """One that hangs, is cut, refuses: DUNNO, at once as soon as that is known."""

    sieve = False
    conf = policy.SERVICE
    settings = {'bounce_suppress': 'enforce', 'bounce_suppress_reply': 'rcpt'}
    spare_users = 10
    # those of the deliveries
    locals().update({name: None for name in dir(test_waiting.Faulty)
                     if name.startswith('test_')})

    def ask(self, client, user, address='gone@example.net'):
        began = time.monotonic()
        return client.rcpt(user, address)[:5], time.monotonic() - began

    def suppressed(self, **fields):
        user = self.new_user(**fields)
        self.doveadm('bounce', 'add', '-u', user, 'gone@example.net')
        return user

    def test_faults(self):
        for mode in ('hang', 'cut', 'error'):
            with self.subTest(mode=mode), policy.Client(self.server) as client:
                user = self.suppressed()
                self.assertEqual(self.ask(client, user, 'bob@example.net')[0],
                                 'DUNNO')
                self.proxy.fail(mode)
                answer, took = self.ask(client, user)
                self.assertEqual(answer, 'DUNNO')
                # Postfix waits for two seconds
                self.assertLess(took, 2 * harness.SLOW)
                if mode == 'hang':
                    self.assertGreater(took, 0.5)
                    for _ in range(5):
                        answer, took = self.ask(client, user)
                        self.assertEqual(answer, 'DUNNO')
                        self.assertLess(took, 0.5 * harness.SLOW)
                self.calm()
        self.expect_log('Recipients pass unasked')
        # as Dovecot says from 2.4.2 on
        if self.log('- reconnected'):
            self.expect_log('- reconnected')
        # one line a minute
        self.assertLessEqual(len(self.log('Recipients pass unasked')), 3)
        self.nobody_is_sent_away()
        # all that was asked for would have been held
        with policy.Client(self.server) as client:
            self.assertEqual(self.ask(client, user)[0], '550 5')
            dictserver.wait_for(lambda: '"held"' in self.doveadm(
                'bounce', 'export', '-u', user).stdout)

    def nobody_is_sent_away(self):
        """auto: the dictionary was down at RCPT."""
        user = self.suppressed(bounce_suppress_reply='auto')
        with policy.Client(self.server) as client:
            self.proxy.fail('hang')
            self.assertEqual(client.rcpt(user, 'gone@example.net'), 'DUNNO')
            self.calm()
            self.assertEqual(client.data(user, 1), 'DUNNO')
            self.wait_counted(user)

    def wait_counted(self, user):
        dictserver.wait_for(lambda: self.doveadm_json(
            'bounce', 'rate', '-u', user)[0]['sent'] == 1)


class Homeless(test_waiting.Proxied):
    """The lock lies beside the mail, which the service has not opened."""

    sieve = False
    conf = policy.SERVICE + 'mail_temp_dir = @DIR@/tmp\n'

    @classmethod
    def prepare(cls, server):
        super().prepare(server)
        os.mkdir(f'{server.dir}/tmp')
        os.chmod(f'{server.dir}/tmp', 0o1777)
        mail = f'{server.dir}/homeless'
        os.mkdir(mail)
        os.chown(mail, harness.MAIL_UID, harness.MAIL_UID)
        fields = (f'userdb_mail_path={mail}' if cls.version >= (2, 4) else
                  f'userdb_mail=maildir:{mail}')
        with open(f'{server.dir}/passwd', 'a', encoding='utf-8') as out:
            out.write(f'homeless:{{PLAIN}}pass:{harness.MAIL_UID}:'
                      f'{harness.MAIL_UID}::::{fields}\n')

    def test_counted(self):
        with policy.Client(self.server) as client:
            self.assertEqual(client.rcpt('homeless', 'bob@example.net'), 'DUNNO')
            self.assertEqual(client.data('homeless', 1), 'DUNNO')
            dictserver.wait_for(lambda: any(
                row['sent'] == 1 for row in
                self.doveadm_json('bounce', 'rate', '-u', 'homeless')))
        self.assertTrue(os.path.exists(f'{self.dir}/homeless/dovecot-bounce.lock'))


class Vmail(harness.TestCase):
    """With no more than the rights of the one user that owns all mail."""

    sieve = False
    conf = policy.SERVICE.replace('  client_limit', '  user = mail\n  client_limit')
    settings = {'bounce_suppress': 'enforce', 'bounce_suppress_reply': 'rcpt'}

    def test_user(self):
        owner = pwd.getpwnam('mail')
        user = self.new_user(uid=str(owner.pw_uid), gid=str(owner.pw_gid))
        os.chown(f'{self.dir}/home/{user}', owner.pw_uid, owner.pw_gid)
        self.doveadm('bounce', 'add', '-u', user, 'gone@example.net')
        with policy.Client(self.server) as client:
            self.assertEqual(client.rcpt(user, 'gone@example.net')[:3], '550')
            self.assertEqual(client.rcpt(user, 'bob@example.net'), 'DUNNO')
            self.assertEqual(client.data(user, 1), 'DUNNO')
            # whose mail it may not open
            self.assertEqual(client.rcpt('alice', 'bob@example.net'), 'DUNNO')
            self.assertEqual(client.rcpt(user, 'gone@example.net')[:3], '550')
        for line in ('match peer uid', 'USER lookup failed',
                     'Recipients pass unasked'):
            self.expect_log(line)
            self.wait_log(line)
