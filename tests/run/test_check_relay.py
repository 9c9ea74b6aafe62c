"""doveadm bounce check, part relay: the real Postfix, open and closed in several ways,
and the probe of the site's own hosts."""

import pathlib
import socket

import postfix
import test_check_dns


class Relay(test_check_dns.Network):

    settings = {'bounce_check_hosts': '127.0.0.1', 'bounce_sites': 'good.example'}

    @classmethod
    def prepare(cls, server):
        """Dovecot's programs keep no more of the environment than that says."""
        cls.link = pathlib.Path(server.dir, 'postfix')
        old = server.environment
        server.environment = lambda: {**old(), 'MAIL_CONFIG': str(cls.link)}
        server.write_conf()

    def setUp(self):
        super().setUp()
        self.resolver.set(test_check_dns.GOOD +
                          ['far.example MX 10 mx.far.example'])
        self.forget()

    def forget(self):
        """That a host was asked."""
        for path in pathlib.Path(self.dir, 'state').glob('dovecot-bounce-probe.*'):
            path.unlink()

    def postfix(self, main='', master=''):
        made = postfix.Postfix(1, 1, main, master)
        self.addCleanup(made.close)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(made.dir)
        return made

    def test_configuration(self):
        closed = 'smtpd_relay_restrictions = permit_mynetworks, ' \
            'reject_unauth_destination\n'
        for main, master, result, found in (
                ('', '', 'ok', 'is rejected'),
                (closed, '', 'ok', 'is rejected'),
                ('mynetworks = 127.0.0.0/8 0.0.0.0/0\n', '', 'fail',
                 '0.0.0.0/0: everybody'),
                ('mynetworks = 127.0.0.0/8 [::]/0\n', '', 'fail', '::/0: everybody'),
                ('mynetworks = 127.0.0.0/8 10.0.0.0/8 [::1]/128\n', '', 'warn',
                 '10.0.0.0/8, a wide'),
                ('smtpd_relay_restrictions = permit\n', '', 'fail',
                 'permit comes before'),
                ('smtpd_relay_restrictions = permit_sasl_authenticated, permit, '
                 'reject\n', '', 'fail', 'permit comes before'),
                ('smtpd_relay_restrictions =\n', '', 'fail', 'nothing rejects'),
                ('smtpd_relay_restrictions = permit_mynetworks, warn_if_reject '
                 'reject_unauth_destination\n', '', 'fail', 'nothing rejects'),
                # the other list rejects
                ('smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = '
                 'permit_mynetworks, defer_unauth_destination\n', '', 'ok',
                 'is rejected'),
                ('relay_domains = static:ALL\n', '', 'fail', 'every domain'),
                # one service of its own
                (closed, '127.0.0.1:@PORT2@ inet n - n - - smtpd\n'
                 '  -o smtpd_relay_restrictions=permit\n', 'fail',
                 'permit comes before'),
                (closed, '127.0.0.1:@PORT2@ inet n - n - - smtpd\n'
                 '  -o mynetworks=0.0.0.0/0\n', 'fail', 'everybody')):
            with self.subTest(main=main, master=master):
                self.postfix(main, master)
                done = self.doveadm('-f', 'tab', 'bounce', 'check', '--only',
                                    'relay', check=False)
                rows = [line.split('\t') for line in
                        done.stdout.splitlines()[1:]]
                self.assertEqual(done.returncode, 65 if result == 'fail' else 0)
                self.assertTrue([row for row in rows
                                 if row[2] == result and found in row[3]], rows)

    def test_no_postfix(self):
        self.link.unlink(missing_ok=True)
        rows = self.check('--only', 'relay', status=75)
        self.assertEqual(rows['relay', 'postconf'][0], 'unknown')

    def probe(self, server, status=0):
        return self.check('--only', 'relay', '--relay', f'127.0.0.1:{server.port}',
                          '--to', 'me@far.example', status=status)['probe',
                                                                   '127.0.0.1']

    def test_probe(self):
        # what comes from loopback it takes; that proves nothing
        server = self.postfix()
        server.start()
        row = self.probe(server)
        self.assertEqual(row[0], 'unknown')
        self.assertIn('it would take <me@far.example>', row[1])
        # once an hour
        row = self.probe(server)
        self.assertEqual(row[0], 'unknown')
        self.assertIn('within the last hour', row[1])
        self.assertEqual(server.log().count(': connect from'), 2)   # and start()
        self.forget()
        server = self.postfix('mynetworks = 192.0.2.0/24\nsmtpd_relay_restrictions '
                              '= permit_mynetworks, reject_unauth_destination\n')
        server.start()
        row = self.probe(server)
        self.assertEqual(row[0], 'ok')
        self.assertRegex(row[1], r'^asked from 127\.0\.0\.1, it refuses: 554 ')
        # all four forms, and never a mail
        self.assertRegex(server.log(), r'mail=4 rcpt=0/4 rset=4 quit=1')
        self.assertNotIn('data=', server.log())
        # it can be asked where nobody is
        self.forget()
        server.close()
        row = self.probe(server)
        self.assertEqual(row[0], 'unknown')

    def test_misuse(self):
        """Nobody else's host is asked, and nobody of ours."""
        with socket.create_server(('127.0.0.1', 0)) as other:
            other.settimeout(0)
            port = other.getsockname()[1]
            for relay, to, found in (
                    (f'127.0.0.2:{port}', 'me@far.example', "not one of this site's"),
                    (f'localhost:{port}', 'me@far.example', "not one of this site's"),
                    (f'127.0.0.1:{port}', 'me@good.example', 'of this site'),
                    (f'127.0.0.1:{port}', 'me@gone.example', 'has no MX'),
                    (f'127.0.0.1:{port}', 'a>b@far.example', 'plain address'),
                    (f'127.0.0.1:{port}', None, '--relay wants --to'),
                    (None, 'me@far.example', '--to wants --relay')):
                with self.subTest(relay=relay, to=to):
                    args = (['--relay', relay] if relay else []) + (
                        ['--to', to] if to else [])
                    done = self.doveadm('bounce', 'check', '--only', 'relay', *args,
                                        check=False)
                    self.assertEqual(done.returncode, 64)
                    self.assertIn(found, done.stderr)
            self.assertRaises(BlockingIOError, other.accept)
        self.assertFalse(list(pathlib.Path(self.dir, 'state').glob(
            'dovecot-bounce-probe.*')))
