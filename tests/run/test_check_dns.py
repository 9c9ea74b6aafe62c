"""doveadm bounce check, parts dns and lists: over a real resolver (unbound) with
zones of our own, so that nothing asks the network."""

import contextlib
import http.server
import os
import pathlib
import random
import socket
import ssl
import subprocess
import tempfile
import threading

import harness
import postfix
import resolver
import test_check

# a public key of 2048 bits, and one of 512; nobody has their other halves
KEYS = {bits: subprocess.run(
    f'openssl genrsa {bits} 2>/dev/null | openssl rsa -pubout 2>/dev/null | '
    'grep -v -- --', shell=True, check=True, text=True,
    stdout=subprocess.PIPE).stdout.replace('\n', '') for bits in (512, 1024, 2048)}


def txt(name, text):
    """A TXT record, in pieces of what one may hold."""
    return f'{name} TXT ' + ' '.join(f'"{text[i:i + 200]}"'
                                     for i in range(0, len(text), 200))


def a_name(ip, zone):
    return '.'.join(reversed(ip.split('.'))) + '.' + zone


LISTS = {'spamhaus-zen': ('Spamhaus ZEN', 'zen.spamhaus.org'),
         'spamcop': ('SpamCop', 'bl.spamcop.net'),
         'barracuda': ('Barracuda', 'b.barracudacentral.org'),
         'mailspike': ('Mailspike', 'bl.mailspike.net'),
         'psbl': ('PSBL', 'psbl.surriel.com')}
POINTS = [f'2.0.0.127.{zone} A 127.0.0.2' for _, zone in LISTS.values()] + [
    '2.0.0.127.dbl.spamhaus.org A 127.0.1.255',
    '2.0.0.127.k3y.zen.dq.spamhaus.net A 127.0.0.2',
    '2.0.0.127.k3y.dbl.dq.spamhaus.net A 127.0.1.255',
    '2.0.0.127.k3y.combined.mail.abusix.zone A 127.0.0.2']

GOOD = [
    'good.example MX 10 mx.good.example', 'mx.good.example A 192.0.2.10',
    'mx.good.example AAAA 2001:db8::10',
    txt('good.example', 'v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/64 -all'),
    txt('good.example', 'something-else=1'),
    txt('_dmarc.good.example', 'v=DMARC1; p=reject'),
    txt('_mta-sts.good.example', 'v=STSv1; id=1'),
    txt('_smtp._tls.good.example', 'v=TLSRPTv1; rua=mailto:x@good.example'),
    '10.2.0.192.in-addr.arpa PTR mx.good.example',
    '0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa '
    'PTR mx.good.example',
]


class PolicyServer:
    """What https://mta-sts.good.example/ is: set answer, (status, text)."""

    def __init__(self):
        self.answer = None
        self.asked = []
        with tempfile.NamedTemporaryFile('w+', suffix='.pem', delete=False) as file:
            self.path = file.name
        name = 'mta-sts.good.example'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes',
                        '-keyout', self.path + '.key', '-out', self.path, '-days',
                        '2', '-subj', f'/CN={name}', '-addext',
                        f'subjectAltName=DNS:{name}'], check=True,
                       stderr=subprocess.DEVNULL)
        os.chmod(self.path, 0o644)
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle(self):
                # who does not like the certificate hangs up
                with contextlib.suppress(ssl.SSLError):
                    super().handle()

            def do_GET(self):
                owner.asked.append((self.headers['Host'], self.path))
                status, text = owner.answer
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args):
                pass

        # the port cannot be chosen: an address of this host that no other test has
        self.address = '127.%d.%d.%d' % tuple(random.randint(1, 254)
                                              for _ in range(3))
        self.server = http.server.ThreadingHTTPServer((self.address, 443), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path, self.path + '.key')
        # the handshake in the request's own thread
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        os.unlink(self.path)
        os.unlink(self.path + '.key')


class Network(test_check.Check):
    """What every class here has: a resolver, made before the server."""

    users = {'alice@good.example': {}, 'bob': {}}
    settings = {}
    lie = None

    @classmethod
    def setUpClass(cls):
        cls.resolver = resolver.Resolver(GOOD + POINTS, cls.lie)
        cls.addClassCleanup(cls.resolver.close)
        cls.settings = {'bounce_check_resolver':
                        f'{cls.resolver.address} {cls.resolver.key}',
                        **cls.settings}
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.cache = pathlib.Path(self.dir, 'state/dovecot-bounce-check.cache')
        self.cache.unlink(missing_ok=True)

    def results(self, rows):
        return {key: row[0] for key, row in rows.items()}


class Dns(Network):

    POLICY = ('version: STSv1\r\nmode: enforce\r\nmx: *.good.example\r\n'
              'max_age: 604800\r\n')

    @classmethod
    def setUpClass(cls):
        cls.web = PolicyServer()
        cls.addClassCleanup(cls.web.close)
        super().setUpClass()
        cls.good = GOOD + POINTS + [f'mta-sts.good.example A {cls.web.address}',
                                    f'mta-sts.other.example A {cls.web.address}']

    @classmethod
    def prepare(cls, server):
        cls.link = pathlib.Path(server.dir, 'postfix')
        old = server.environment
        server.environment = lambda: {**old(), 'MAIL_CONFIG': str(cls.link),
                                      'SSL_CERT_FILE': cls.web.path}
        server.write_conf()

    def setUp(self):
        super().setUp()
        self.web.answer = 200, self.POLICY
        self.postfix('myhostname = mx.good.example\n')
        self.resolver.set(self.good)

    def postfix(self, main):
        made = postfix.Postfix(1, 1, main)
        self.addCleanup(made.close)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(made.dir)

    def test_mta_sts(self):
        for answer, result, found in (
                ((200, self.POLICY), 'ok', 'mode enforce, max_age 604800'),
                ((200, self.POLICY.replace('\r', '').replace('enforce', 'testing')),
                 'ok', 'mode testing'),
                ((200, 'version: STSv1\nmode: none\nmax_age: 60\n'), 'note',
                 'mode none'),
                ((200, self.POLICY.replace('604800', '60')), 'warn', 'max_age 60'),
                ((200, self.POLICY.replace('*.good', 'mail.good')), 'fail',
                 'mx.good.example is an MX that the policy does not name: nobody'),
                ((200, self.POLICY.replace('*.good', 'mail.good').replace(
                    'enforce', 'testing')), 'warn', 'mx.good.example is an MX'),
                ((200, 'Welcome'), 'fail', 'its version: is not STSv1'),
                ((404, self.POLICY), 'fail', 'answers: HTTP/1.0 404 Not Found'),
                ((301, ''), 'fail', 'answers: HTTP/1.0 301')):
            with self.subTest(answer=answer):
                self.web.answer = answer
                row = self.dns('--domain', 'good.example',
                               status=65 if result == 'fail' else 0)[
                                   'mta-sts', 'good.example']
                self.assertEqual(row[0], result)
                self.assertIn(found, row[1])
        self.assertEqual(set(self.web.asked), {
            ('mta-sts.good.example', '/.well-known/mta-sts.txt')})
        # each of several, whichever comes first
        self.resolver.set([*self.good, 'good.example MX 20 mail.good.example',
                           'mail.good.example A 192.0.2.10'])
        for named, other in ('mail', 'mx'), ('mx', 'mail'):
            self.web.answer = 200, self.POLICY.replace('*', named)
            row = self.dns('--domain', 'good.example', status=65)[
                'mta-sts', 'good.example']
            self.assertIn(f'{other}.good.example is an MX', row[1])
        # its certificate is another's; nobody there; no address; nobody listens
        self.web.asked.clear()
        self.resolver.set(self.good + [
            f'{name}.example MX 10 mx.good.example' for name in
            ('other', 'gone', 'shut', 'idless')] + [
            txt(f'_mta-sts.{name}.example', 'v=STSv1; id=1') for name in
            ('other', 'gone', 'shut')] + [
            txt('_mta-sts.idless.example', 'v=STSv1'),
            txt('_smtp._tls.other.example', 'v=TLSRPTv1; rua=x@other.example'),
            'mta-sts.shut.example A 127.0.0.1'])
        rows = self.dns('--domain', 'other.example,gone.example,shut.example,'
                        'idless.example', status=65)
        for name, result, found in (
                ('other', 'fail', 'is not valid: '),
                ('gone', 'fail', 'mta-sts.gone.example has no address'),
                ('shut', 'unknown', 'cannot be fetched from here'),
                ('idless', 'fail', 'no id=')):
            self.assertEqual(rows['mta-sts', f'{name}.example'][0], result)
            self.assertIn(found, rows['mta-sts', f'{name}.example'][1])
        self.assertEqual(rows['tls-rpt', 'other.example'][0], 'fail')
        self.assertEqual(self.web.asked, [])

    def test_helo(self):
        """The name that the MTA says, as Postfix's configuration has it."""
        # a resolver cannot say what broken.example has
        self.resolver.set(self.good + [
            'else.good.example A 192.0.2.99', 'twin.good.example A 192.0.2.10',
            'mute.good.example A 192.0.2.98',
            '98.2.0.192.in-addr.arpa CNAME broken.example'])
        for main, ips, name, result, found in (
                ('', '192.0.2.10', 'mx.good.example', 'ok',
                 'it leads to 192.0.2.10, and back'),
                ('smtp_helo_name = twin.good.example\n', '192.0.2.10',
                 'twin.good.example', 'warn', 'whose PTR is mx.good.example'),
                ('smtp_helo_name = else.good.example\n', '192.0.2.10',
                 'else.good.example', 'warn', 'none of our known addresses'),
                ('smtp_helo_name = else.good.example\n', None, 'else.good.example',
                 'warn', 'whose PTR is missing'),
                ('smtp_helo_name = mute.good.example\n', None, 'mute.good.example',
                 'unknown', 'no answer came for its PTR'),
                ('smtp_helo_name = gone.good.example\n', '192.0.2.10',
                 'gone.good.example', 'warn', 'no address'),
                ('smtp_helo_name = server\n', '192.0.2.10', 'server', 'warn',
                 'no full name'),
                ('relayhost = [smtp.provider.example]\n', '192.0.2.10', 'postconf',
                 'unknown', 'mail leaves by [smtp.provider.example]')):
            with self.subTest(main=main, ips=ips):
                self.postfix('myhostname = mx.good.example\n' + main)
                rows = self.dns('--domain', 'good.example',
                                *(['--ip', ips] if ips else []))
                self.assertEqual(rows['helo', name][0], result)
                self.assertIn(found, rows['helo', name][1])
        self.link.unlink()
        row = self.dns('--domain', 'good.example')['helo', 'postconf']
        self.assertEqual(row[0], 'unknown')

    def dns(self, *args, status=0):
        return self.check('--only', 'dns', *args, status=status)

    def test_good(self):
        rows = self.dns('--domain', 'good.example', '--ip',
                        '192.0.2.10,2001:db8::10')
        self.assertEqual(self.results(rows), {
            (check, 'good.example'): 'ok' for check in
            ('mx', 'spf', 'dmarc', 'mta-sts', 'tls-rpt')} | {
            ('resolver', ''): 'ok', ('ptr', '192.0.2.10'): 'ok',
            ('helo', 'mx.good.example'): 'ok',
            ('ptr', '2001:db8::10'): 'ok',
            ('spf', 'good.example 192.0.2.10'): 'ok',
            ('spf', 'good.example 2001:db8::10'): 'ok'})
        self.assertEqual(rows['spf', 'good.example'][1],
                         'one record, 0 look-ups of 10')
        self.assertEqual(rows['dmarc', 'good.example'][1], 'p=reject')
        self.assertEqual(rows['ptr', '192.0.2.10'][1],
                         'mx.good.example, and back')
        # nothing is written where no list was asked
        self.assertFalse(self.cache.exists())

    def test_bad(self):
        """Each fault by itself."""
        many = ' '.join(f'a:h{n}.many.example' for n in range(6))
        self.resolver.set(self.good + [
            'null.example MX 0 .', 'cname.example MX 10 alias.cname.example',
            'alias.cname.example CNAME mx.good.example',
            'noaddress.example MX 10 gone.noaddress.example',
            'host.example A 192.0.2.9',
            txt('two.example', 'v=spf1 -all'), txt('two.example', 'v=spf1 ~all'),
            txt('many.example', f'v=spf1 {many} include:more.many.example -all'),
            txt('more.many.example', f'v=spf1 {many} -all'),
            txt('macro.example', 'v=spf1 exists:%{i}.ok.macro.example -all'),
            txt('outside.example', 'v=spf1 ip4:198.51.100.1 -all'),
            txt('_dmarc.two.example', 'v=DMARC1; p=none'),
            txt('_dmarc.two.example', 'v=DMARC1; p=reject'),
            txt('_dmarc.macro.example', 'v=DMARC1; p=some'),
            '20.2.0.192.in-addr.arpa PTR other.example',
            'other.example A 192.0.2.21',
            '30.2.0.192.in-addr.arpa PTR 192-0-2-30.dyn.isp.example',
            '192-0-2-30.dyn.isp.example A 192.0.2.30'])
        names = ('null', 'cname', 'noaddress', 'host', 'two', 'many', 'macro',
                 'outside', 'sub.good')
        rows = self.dns('--domain', ','.join(f'{name}.example' for name in names),
                        '--ip', '192.0.2.20,192.0.2.30,192.0.2.40', status=65)
        for check, subject, result, found in (
                ('mx', 'null.example', 'warn', 'null MX'),
                ('mx', 'cname.example', 'ok', 'alias.cname.example'),
                ('mx', 'noaddress.example', 'ok', 'gone.noaddress.example'),
                ('mx', 'host.example', 'note', 'but an address'),
                ('mx', 'two.example', 'fail', 'no address'),
                ('spf', 'host.example', 'warn', 'no SPF record'),
                ('spf', 'two.example', 'fail', '2 SPF records'),
                ('spf', 'many.example', 'fail', '13 look-ups'),
                ('spf', 'macro.example', 'ok', '1 look-ups'),
                ('spf', 'macro.example 192.0.2.20', 'unknown',
                 '%{i}.ok.macro.example decides'),
                ('spf', 'outside.example 192.0.2.20', 'fail', 'fail: -all'),
                ('dmarc', 'two.example', 'fail', '2 DMARC records'),
                ('dmarc', 'macro.example', 'fail', 'its p='),
                ('dmarc', 'host.example', 'warn', 'no DMARC record'),
                # that of the domain that was registered
                ('dmarc', 'sub.good.example', 'ok', 'p=reject'),
                ('mta-sts', 'two.example', 'note', 'no record'),
                ('ptr', '192.0.2.20', 'fail', 'does not lead back'),
                ('ptr', '192.0.2.30', 'warn', 'customer'),
                ('ptr', '192.0.2.40', 'fail', 'no PTR')):
            with self.subTest(check=check, subject=subject):
                self.assertEqual(rows[check, subject][0], result)
                self.assertIn(found, rows[check, subject][1])
        done = self.doveadm('-f', 'tab', 'bounce', 'check', '--only', 'dns', '--domain',
                            'cname.example,noaddress.example', check=False)
        self.assertIn('alias.cname.example is an alias', done.stdout)
        self.assertIn('gone.noaddress.example has no address', done.stdout)

    def test_dnssec(self):
        rows = self.dns('--domain', 'signed.example,broken.example', status=65)
        self.assertEqual(rows['mx', 'signed.example'][:2],
                         ('ok', 'mx.signed.example (DNSSEC)'))
        self.assertEqual(rows['mx', 'broken.example'][0], 'fail')
        self.assertIn('DNSSEC', rows['mx', 'broken.example'][1])

    def report(self, selector, text, trace=True):
        """Our own mail came back, signed; the refusing server named an address."""
        mail = harness.dsn('eve@far.example', '5.7.1', text,
                           user='alice@good.example', trace=trace)
        signature = (f'DKIM-Signature: v=1; a=rsa-sha256; d=good.example;\r\n'
                     f' s={selector}; h=from; bh=x; b=y\r\n'
                     'Received: from said.good.example (mx.good.example '
                     '[192.0.2.10])\r\n by mx.far.example with ESMTP id 1\r\n'
                     'Received: from strange.example ([192.0.2.77])\r\n'
                     ' by mx.far.example with ESMTP id 2\r\n')
        head, _, rest = mail.rpartition(b'From: alice@good.example\r\n')
        return head + signature.encode() + b'From: alice@good.example\r\n' + rest

    def test_returned_mail(self):
        """Keys of the selectors that signed what came back; addresses that only
        they know."""
        user = 'alice@good.example'
        refused = '550 5.7.1 [192.0.2.10] has a poor reputation'
        records = {'s2048': f'v=DKIM1; k=rsa; p={KEYS[2048]}',
                   's1024': f'p={KEYS[1024]}', 's512': f'v=DKIM1; p={KEYS[512]}',
                   'revoked': 'v=DKIM1; p=', 'test': f'p={KEYS[2048]}; t=y',
                   'torn': 'v=DKIM1; p=!!'}
        self.resolver.set(self.good + [
            txt(f'{name}._domainkey.good.example', record)
            for name, record in records.items()])
        rows = self.dns('-u', user)
        self.assertEqual(rows['dkim', 'good.example'][0], 'unknown')
        for name in [*records, 'gone']:
            self.lmtp(user, self.report(name, refused))
        # nobody is asked for what a stranger names
        self.lmtp(user, self.report('evil', '550 5.7.1 [192.0.2.66] has a poor '
                                    'reputation', trace=False), stranger=True)
        rows = self.dns('-u', user, status=65)
        for name, result, found in (('s2048', 'ok', 'rsa, 2048 bits'),
                                    ('s1024', 'note', '1024 bits'),
                                    ('s512', 'fail', '512 bits'),
                                    ('revoked', 'fail', 'revoked'),
                                    ('test', 'warn', 't=y'),
                                    ('torn', 'fail', 'not base64'),
                                    ('gone', 'fail', 'there is no gone.')):
            self.assertEqual(rows['dkim', f'good.example {name}'][0], result, name)
            self.assertIn(found, rows['dkim', f'good.example {name}'][1])
        self.assertEqual(rows['ptr', '192.0.2.10'][0], 'ok')
        # the name that was said at the hop from an address of ours
        self.assertEqual(rows['helo', 'said.good.example'][0], 'fail')
        self.assertNotIn(('helo', 'strange.example'), rows)
        self.assertNotIn(('ptr', '192.0.2.66'), rows)
        self.assertEqual(self.resolver.asked('evil._domainkey.good.example'), 0)

    def test_usage(self):
        done = self.doveadm('bounce', 'check', '--ip', '192.0.2', check=False)
        self.assertEqual(done.returncode, 64)
        self.assertIn('192.0.2 is no IP address', done.stderr)


class Lists(Network):

    settings = {'bounce_check_hosts': 'mx.good.example'}

    def lists(self, *args, status=0):
        return self.check('--only', 'lists', *args, status=status)

    def test_clean(self):
        rows = self.lists('--domain', 'good.example')
        wanted = {('list', f'{title} 192.0.2.10'): 'ok'
                  for title, _ in LISTS.values()}
        wanted |= {('resolver', ''): 'ok', ('list', 'Abusix'): 'unknown',
                   ('list', 'Spamhaus ZEN 2001:db8::10'): 'ok',
                   ('list', 'Spamhaus DBL good.example'): 'ok'}
        self.assertEqual(self.results(rows), wanted)

    def test_each_answer(self):
        """What CHECK.md's table has is in tests/test-dns.c; here the way there."""
        ip = '192.0.2.10'
        for name, answer, result, found in (
                ('spamhaus-zen', '127.0.0.2', 'fail', 'SBL'),
                ('spamhaus-zen', '127.0.0.11', 'fail', 'PBL'),
                ('spamhaus-zen', '127.255.255.254', 'unknown', 'public resolver'),
                ('spamcop', '127.0.0.2', 'fail', 'spam'),
                ('spamcop', '127.0.0.9', 'unknown', 'no answer that it documents'),
                ('mailspike', '127.0.0.13', 'note', 'suspicious'),
                ('mailspike', '127.0.0.19', 'ok', 'good')):
            with self.subTest(name=name, answer=answer):
                self.cache.unlink(missing_ok=True)
                title, zone = LISTS[name]
                self.resolver.set(GOOD + POINTS +
                                  [f'{a_name(ip, zone)} A {answer}'])
                rows = self.lists(status=65 if result == 'fail' else 0)
                row = rows['list', f'{title} {ip}']
                self.assertEqual(row[0], result)
                self.assertIn(found, row[1])
                # with the page, and what to send
                self.assertEqual('https://' in row[2], result == 'fail')
        self.resolver.set(GOOD + POINTS)

    def test_domain(self):
        self.resolver.set(GOOD + POINTS +
                          ['good.example.dbl.spamhaus.org A 127.0.1.4'])
        self.addCleanup(self.resolver.set, GOOD + POINTS)
        rows = self.lists('-u', 'alice@good.example', status=65)
        self.assertEqual(rows['list', 'Spamhaus DBL good.example'][:2],
                         ('fail', 'phishing'))

    def test_ipv6(self):
        """By nibbles, where the list has such."""
        reverse = ('0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2'
                   '.zen.spamhaus.org')
        self.resolver.set(GOOD + POINTS + [f'{reverse} A 127.0.0.3'])
        self.addCleanup(self.resolver.set, GOOD + POINTS)
        rows = self.lists(status=65)
        self.assertIn('CSS', rows['list', 'Spamhaus ZEN 2001:db8::10'][1])
        self.assertNotIn(('list', 'SpamCop 2001:db8::10'), rows)

    def test_test_points(self):
        """A list that does not say what it must cannot be believed."""
        zone = 'bl.spamcop.net'
        ours = a_name('192.0.2.10', zone)
        for points, found in (
                ([], 'does not list its test point'),
                ([f'2.0.0.127.{zone} A 127.255.255.254'], 'public resolver'),
                ([f'2.0.0.127.{zone} A 127.0.0.2',
                  f'1.0.0.127.{zone} A 127.0.0.2'], 'lists everything')):
            self.cache.unlink(missing_ok=True)
            self.resolver.set(GOOD + points + [f'{ours} A 127.0.0.2'] + [
                point for point in POINTS if zone not in point])
            rows = self.lists()
            self.assertEqual(rows['list', 'SpamCop'][0], 'unknown')
            self.assertIn(found, rows['list', 'SpamCop'][1])
            self.assertNotIn(('list', 'SpamCop 192.0.2.10'), rows)
            self.assertEqual(rows['list', 'PSBL 192.0.2.10'][0], 'ok')
        self.resolver.set(GOOD + POINTS)

    def test_cache(self):
        """One question a list and address a day; the file is root's alone."""
        name = a_name('192.0.2.10', 'psbl.surriel.com')
        before = self.resolver.asked(name)
        self.lists()
        self.assertEqual(self.resolver.asked(name), before + 1)
        self.assertEqual(self.cache.stat().st_mode & 0o777, 0o600)
        self.lists('-u', 'bob')
        self.assertEqual(self.resolver.asked(name), before + 1)
        # after a day
        lines = self.cache.read_text().splitlines()
        self.assertGreater(len(lines), 10)
        self.cache.write_text(''.join(
            '%d\t%s\n' % (int(line.split('\t')[0]) - 24 * 3600,
                          line.split('\t', 1)[1]) for line in lines) + 'nonsense\n')
        self.lists()
        self.assertEqual(self.resolver.asked(name), before + 2)


class ListsWithKeys(Network):

    settings = {'bounce_check_hosts': '192.0.2.10',
                'bounce_check_keys': 'spamhaus=k3y abusix=k3y',
                'bounce_check_lists': 'spamhaus-zen abusix sorbs'}

    def test_keys(self):
        self.resolver.set(GOOD + POINTS + [
            a_name('192.0.2.10', 'k3y.zen.dq.spamhaus.net') + ' A 127.0.0.4',
            a_name('192.0.2.10', 'k3y.combined.mail.abusix.zone') +
            ' A 127.0.0.12'])
        rows = self.check('--only', 'lists', status=65)
        self.assertIn('XBL', rows['list', 'Spamhaus ZEN 192.0.2.10'][1])
        self.assertIn('no PTR', rows['list', 'Abusix 192.0.2.10'][1])
        # dead since 2024: nobody asks it
        self.assertEqual(rows['list', 'sorbs'][:2],
                         ('fail', 'there is no such list'))
        self.assertEqual(self.resolver.asked(
            a_name('192.0.2.10', 'zen.spamhaus.org')), 0)


class LyingResolver(Network):
    """One that has an address for every name, as some providers' do."""

    lie = '192.0.2.66'
    settings = {'bounce_check_hosts': '192.0.2.10'}

    def test_lie(self):
        rows = self.check('--only', 'lists')
        self.assertEqual({row[0] for key, row in rows.items()
                          if key[0] == 'list'}, {'unknown'})
        self.assertIn('192.0.2.66 is no answer that it documents',
                      rows['list', 'SpamCop'][1])


class SilentResolver(test_check.Check):
    """One that never answers: all is unknown, and it does not take for ever."""

    @classmethod
    def setUpClass(cls):
        cls.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        cls.addClassCleanup(cls.socket.close)
        cls.socket.bind(('127.0.0.1', 0))
        port = cls.socket.getsockname()[1]
        cls.settings = {'bounce_check_resolver': f'127.0.0.1@{port}',
                        'bounce_check_hosts': '192.0.2.10'}
        super().setUpClass()

    def test_silent(self):
        began = os.times().elapsed
        rows = self.check('--only', 'lists,dns', '--domain', 'good.example')
        self.assertNotIn('own recursion', rows['resolver', ''][1])
        self.assertLess(os.times().elapsed - began, 30)
        self.assertEqual({row[0] for key, row in rows.items()
                          if key[0] != 'resolver'}, {'unknown'})
        self.assertGreater(len(rows), 8)
