"""doveadm bounce check, part relay: the real Postfix, open and closed in several ways,
and the probe of the site's own hosts."""

import pathlib
import re
import socket
import threading

import harness
import postfix
import test_check_dns

# Postfix waits a second before each refusal.
QUICK = 'smtpd_error_sleep_time = 0\n'
# A door that is open for one form of sender or recipient alone: whom it takes. What
# has no domain, or the host's address for one, Postfix reads as the plain recipient.
DOORS = (
    ('check_sender_access inline:{<>=OK}', '', 'me@far.example'),
    ('check_sender_access inline:{good.example=OK}', 'postmaster@good.example',
     'me@far.example'),
    # without a domain: the host's own is added
    ('check_sender_access inline:{mx.example.org=OK}', 'postmaster',
     'me@far.example'),
    ('check_sender_access inline:{localhost=OK}', 'postmaster@localhost',
     'me@far.example'),
    (r'check_sender_access regexp:{{/@\[127\.0\.0\.1]$/ OK}}',
     'postmaster@[127.0.0.1]', 'me@far.example'),
    ('check_recipient_access regexp:{{/%.*@good.example$/ OK}}', 'me@far.example',
     'me%far.example@good.example'),
    ('check_recipient_access regexp:{{/^"me@far.example"@good/ OK}}',
     'me@far.example', '"me@far.example"@good.example'),
    ('check_recipient_access regexp:{{/^far.example!me@good/ OK}}',
     'me@far.example', 'far.example!me@good.example'),
)


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
                # its argument is missing, or its end
                *((f'smtpd_relay_restrictions = check_client_access {rest}\n', '',
                   'fail', 'nothing rejects') for rest in ('', 'inline:{ 192.0.2.1=OK')),
                ('smtpd_relay_restrictions = permit_mynetworks, warn_if_reject '
                 'reject_unauth_destination\n', '', 'fail', 'nothing rejects'),
                # the other list rejects
                ('smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = '
                 'permit_mynetworks, defer_unauth_destination\n', '', 'ok',
                 'is rejected'),
                ('relay_domains = static:ALL\n', '', 'fail', 'every domain'),
                # what decides before a reject is not looked into
                (closed.replace('permit_mynetworks', 'permit_mynetworks '
                                'check_sender_access hash:/etc/postfix/ours'), '',
                 'unknown', 'check_sender_access decides before'),
                ('smtpd_relay_restrictions = check_policy_service { inet:127.0.0.1:9, '
                 'timeout=2s } reject\n', '', 'unknown', 'check_policy_service dec'),
                ('smtpd_relay_restrictions = check_client_access '
                 'inline:{ 192.0.2.1=OK, 192.0.2.2=OK } permit\n', '', 'fail',
                 'permit comes before'),
                ('smtpd_relay_restrictions = permit_tls_all_clientcerts, reject\n', '',
                 'unknown', 'permit_tls_all_clientcerts decides'),
                ('smtpd_restriction_classes = friends\nfriends = permit\n'
                 'smtpd_relay_restrictions = reject_rbl_client zen.spamhaus.org, '
                 'friends, reject\n', '', 'unknown', 'friends decides'),
                # the other list is closed
                (closed + 'smtpd_recipient_restrictions = check_sender_access '
                 'hash:/etc/postfix/ours, permit\n', '', 'ok', 'is rejected'),
                ('smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = '
                 'check_policy_service inet:127.0.0.1:9, reject\n', '', 'unknown',
                 'check_policy_service decides'),
                ('mynetworks = 127.0.0.0/8 hash:/etc/postfix/nets\n', '', 'unknown',
                 'hash:/etc/postfix/nets, which is not'),
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
                self.assertEqual(done.returncode, 65 if result == 'fail' else
                                 75 if {row[2] for row in rows} == {'unknown'} else 0)
                self.assertTrue([row for row in rows
                                 if row[2] == result and found in row[3]], rows)

    def test_takes_off_received(self):
        """Then nobody can tell a report of Postfix's own from an account's."""
        table = pathlib.Path(self.dir, 'checks')
        service = 'strip unix n - n - 0 cleanup\n -o header_checks='
        for text, main, master, wanted in (
                ('# /^Received:/ IGNORE\n/^X-Received-By:/ WARN\n'
                 '/^(X-Received|Received-SPF):/ IGNORE\n'
                 '/^Received: from (.*) '
                 'by (.*)/ REPLACE Received: from localhost (localhost [127.0.0.1]) by '
                 '$2\n/^User-Agent:/ IGNORE\n', 'header_checks = regexp:@\n', '', []),
                ('/^Subject:/ IGNORE\n/^Received:.*Authenticated sender/i\tignore\r\n',
                 'header_checks = hash:/etc/x regexp:@\n', '', ['line 2 takes off']),
                ('/^X:/ IGNORE\n/^received:/\n  IGNORE\n', '', service + 'pcre:@\n',
                 ['line 2 takes off']),
                ('', '', service + 'regexp:{{/^Received:/ IGNORE}}\n',
                 ['line 1 takes off']),
                ('/^Subject:/ WARN\n/^Received:/ IGNORE\n', 'header_checks = regexp:'
                 '{{/^Received:/ PREPEND X: y} {/^X-Y:/ IGNORE}}, regexp:@\n', '',
                 ['line 2 takes off']),
                (None, 'header_checks = regexp:@\n', '', ['it cannot be read'])):
            with self.subTest(text=text, master=master):
                table.unlink(missing_ok=True)
                if text is not None:
                    table.write_text(text)
                self.postfix(main.replace('@', str(table)),
                             master.replace('@', str(table)))
                done = self.doveadm('-f', 'tab', 'bounce', 'check', '--only',
                                    'relay', check=False)
                rows = [line.split('\t') for line in done.stdout.splitlines()
                        if line.startswith('trace\t')]
                self.assertEqual(len(rows), len(wanted), rows)
                for row, words in zip(rows, wanted):
                    self.assertEqual(row[2], 'unknown' if text is None else 'fail')
                    self.assertIn(words, row[3])

    def test_no_postfix(self):
        self.link.unlink(missing_ok=True)
        rows = self.check('--only', 'relay', status=75)
        self.assertEqual(rows['relay', 'postconf'][0], 'unknown')

    def probe(self, port, status=0):
        # no part: the configuration is asked elsewhere
        return self.check('--only', 'reports', '--relay', f'127.0.0.1:{port}',
                          '--to', 'me@far.example', status=status)['probe',
                                                                   '127.0.0.1']

    def test_probe(self):
        # what comes from loopback it takes; that proves nothing
        server = self.postfix()
        server.start()
        row = self.probe(server.port)
        self.assertEqual(row[0], 'unknown')
        self.assertIn('it would take <me@far.example> from <me@far.example>', row[1])
        # once an hour
        row = self.probe(server.port)
        self.assertEqual(row[0], 'unknown')
        self.assertIn('within the last hour', row[1])
        server.wait_log('(?s)disconnect from .*disconnect from ')
        self.assertEqual(server.log().count(': connect from'), 2)   # and start()
        self.forget()
        server = self.postfix('mynetworks = 192.0.2.0/24\nsmtpd_relay_restrictions '
                              '= permit_mynetworks, reject_unauth_destination\n' +
                              QUICK)
        server.start()
        row = self.probe(server.port)
        self.assertEqual(row[0], 'ok')
        self.assertRegex(row[1], r'^asked from 127\.0\.0\.1, it refuses all 14 '
                         'forms, the last: 554 ')
        # and never a mail
        server.wait_log(r'mail=14 rcpt=0/14 rset=14 quit=1')
        self.assertNotIn('data=', server.log())
        # as Postfix reads them
        self.assertEqual(re.findall('from=<(.*)> to=<(.*)> ', server.log()), [
            *((sender, 'me@far.example') for sender in (
                'me@far.example', '', 'postmaster@good.example', 'postmaster',
                'postmaster@localhost', 'postmaster@[127.0.0.1]')),
            *(('me@far.example', recipient) for recipient in (
                'me%far.example@good.example', 'me%far.example@[127.0.0.1]',
                'me@far.example', *2 * ['"me@far.example"@good.example'],
                'far.example!me', 'far.example!me@good.example',
                'me@far.example'))])
        # it can be asked where nobody is
        self.forget()
        server.close()
        row = self.probe(server.port)
        self.assertEqual(row[0], 'unknown')

    def test_cannot_say(self):
        """A greylist, and a host that has enough of us: neither open nor closed."""
        for main, found in (
                ('smtpd_relay_restrictions = check_client_access '
                 'inline:{{127.0.0.1=450 4.2.0 Greylisted}}, reject\n',
                 r'refuses 0 of 14 forms, and puts off the others: 450 4\.2\.0 '),
                ('mynetworks =\nsmtpd_relay_restrictions = '
                 'defer_unauth_destination\nsmtpd_hard_error_limit = 4\n',
                 r'hung up when it had refused 4 of 14 forms, the last: 454 ')):
            server = self.postfix(QUICK + main)
            server.start()
            self.forget()
            row = self.probe(server.port)
            self.assertEqual(row[0], 'unknown')
            self.assertRegex(row[1], found)

    def test_goes_away(self):
        """421: it is asked nothing more, even if it stays (RFC 5321, section 3.8)."""
        heard = []

        def serve():
            with listening.accept()[0] as sock, sock.makefile('rw', newline='') as file:
                file.write('220 mx.example.org\r\n')
                file.flush()
                for line in file:
                    heard.append(line.split()[0])
                    file.write('421 4.3.2 Going down\r\n' if heard[-1] == 'MAIL' else
                               '250 2.0.0 Ok\r\n')
                    file.flush()

        with socket.create_server(('127.0.0.1', 0)) as listening:
            listening.settimeout(60)
            thread = threading.Thread(target=serve)
            thread.start()
            row = self.probe(listening.getsockname()[1])
            thread.join(60)
        self.assertEqual(row[0], 'unknown')
        self.assertIn('it hung up when it had refused 0 of 14 forms', row[1])
        self.assertEqual(heard, ['EHLO', 'MAIL'])

    def test_doors(self):
        """One Postfix, open in each way at a port of its own."""
        ports = harness.free_ports(len(DOORS))
        main = QUICK + 'allow_untrusted_routing = yes\nmynetworks = 192.0.2.0/24\n' \
            'myorigin = mx.example.org\n'
        master = ''
        for port, (door, _, _) in zip(ports, DOORS):
            main += f'door{port} = {door}, reject_unauth_destination\n'.replace(
                '$', '$$')
            master += (f'127.0.0.1:{port} inet n - n - - smtpd\n'
                       f'  -o smtpd_relay_restrictions=$door{port}\n')
        server = self.postfix(main, master)
        server.start()
        for port, (door, sender, recipient) in zip(ports, DOORS):
            with self.subTest(door=door):
                self.forget()
                row = self.probe(port)
                self.assertIn(f'it would take <{recipient}> from <{sender}>: 250',
                              row[1])

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
                    done = self.doveadm('bounce', 'check', '--only', 'reports', *args,
                                        check=False)
                    self.assertEqual(done.returncode, 64)
                    self.assertIn(found, done.stderr)
            self.assertRaises(BlockingIOError, other.accept)
        self.assertFalse(list(pathlib.Path(self.dir, 'state').glob(
            'dovecot-bounce-probe.*')))
