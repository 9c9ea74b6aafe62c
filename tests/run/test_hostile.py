"""Broken and hostile mails: no crash, no more than linear time, bounded memory,
and they are delivered."""

import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import time
import unittest

import harness

HEAD = b'''From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: alice@example.org
Subject: Undelivered Mail Returned to Sender
Message-ID: <hostile@mx.example.net>
Auto-Submitted: auto-replied
MIME-Version: 1.0
'''
REPORT = HEAD + b'''Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It failed.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

'''
PLAIN = HEAD + b'''Content-Type: text/plain

Your message could not be delivered:

<gone@example.net>: host mx.example.com said: 550 5.1.1 User unknown

'''
GROUP = b'''Final-Recipient: rfc822; user%d@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

'''


def recipients(n):
    return REPORT + b''.join(GROUP % i for i in range(n)) + b'--b--\n'


def recipients_unnamed(n):
    """The notice has the addresses, the status has none."""
    return REPORT.replace(b'It failed.', b''.join(
        b'<user%d@example.net>: 550 5.1.1 User unknown\n' % i
        for i in range(n))) + b'Action: failed\nStatus: 5.1.1\n\n' * n + b'--b--\n'


def recipients_in_text(n):
    return PLAIN + b''.join(b'<user%d@example.net>: 550 5.1.1 User unknown\n\n' % i
                            for i in range(n))


def failed_recipients_field(n):
    return (b'X-Failed-Recipients: ' + b',\n '.join(
        b'user%d@example.net' % i for i in range(n)) + b'\n' + PLAIN)


def recipients_in_json(n):
    return HEAD + b'\n{"notificationType":"Bounce","bounce":{"bouncedRecipients":[' \
        + b','.join(b'{"emailAddress":"user%d@example.net"}' % i
                    for i in range(n)) + b']}}'


def complained_recipients(n):
    return HEAD + b'Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n' \
        + b''.join(b'Original-Rcpt-To: <user%d@example.net>\n' % i
                   for i in range(n))


def header_in_text(n):
    return PLAIN + b'Subject: a\nTo: user@example.net\n' * n


def parts(n):
    return (HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n'
            + b''.join(b'--b\nContent-Type: text/plain\n\nPart %d.\n' % i
                       for i in range(n)) + b'--b--\n')


def levels(n):
    return HEAD + b''.join(
        b'Content-Type: multipart/report; report-type=delivery-status; '
        b'boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(n)) + \
        b'Content-Type: text/plain\n\n550 5.1.1 user unknown\n'


def mails_in_mails(n):
    return HEAD + b'Content-Type: message/rfc822\n\n' * n + b'\nText.\n'


def body(n):
    return PLAIN + b'--- Below this line is a copy of the message.\n\n' + \
        b'Subject: big\n\n' + b'A line of the returned mail, and its words.\n' * n


def transcript(n):
    return PLAIN + b'>>> RCPT TO:<a@example.net>\n<<< 550-5.1.1 No\n' * n


def one_line(n):
    return PLAIN + b'550 5.1.1 <a@example.net> user unknown; ' * n


def open_brackets(n):
    return PLAIN + b'<a@example.net ' * n + b'<' * n + b'(' * n + b'"' * n


def header_lines(n):
    return b'X-Line: <a@example.net> 550 5.1.1\n' * n + PLAIN


def header_long(n):
    return b'X-Line: ' + b'a' * n + b'\n' + PLAIN


def folded_field(n):
    return (REPORT + b'Final-Recipient: rfc822; gone@example.net\nAction: failed\n'
            b'Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1\n'
            + b' user unknown\n' * n + b'\n--b--\n')


def encoded_words(n):
    return b'Subject: ' + b'=?utf-8?Q?=C3=BC?= ' * n + b'\n' + PLAIN


def comments(n):
    return b'Reply-To: ' + b'(' * n + b'\n' + PLAIN.replace(
        b'From: ', b'From: ' + b'(a' * min(n, 20000))


def parameters(n):
    return PLAIN.replace(b'text/plain', b'text/plain' + b''.join(
        b';\n name*%d*=%%C3%%BC' % i for i in range(n)))


def boundaries(n):
    return (HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n'
            + b'--b\n--bb\n--b--b\n-- b\n' * n)


def html(n):
    return HEAD + b'Content-Type: text/html\n\n<html>' + \
        b'<p title="<a@example.net>">&lt;&#1114112;&amp<!-- ' * n


def base64_lines(n):
    return HEAD + (b'Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n'
                   + b'NTUwIDUuMS4xIFVzZXIgdW5rbm93bgo=\n' * n)


def quoted(n):
    return HEAD + (b'Content-Type: text/plain; charset=utf-8\n'
                   b'Content-Transfer-Encoding: quoted-printable\n\n'
                   + b'=C3=BC=\n=ZZ==\n' * n)


def japanese(n):
    return HEAD + b'Content-Type: text/plain; charset=iso-2022-jp\n\n' + \
        b'\x1b$B$"\x1b(B\x1b$B' * n


def bare_cr(n):
    return PLAIN.replace(b'\n', b'\r') + \
        b'<a@example.net>: 550 5.1.1 User unknown\r' * n


def nuls(n):
    return PLAIN + b'\0<a@example.net>\0 550 5.1.1\0\n' * n + b'\0' * n


def garbage(n):
    return PLAIN + random.Random(1).randbytes(n * 16)


def spaces(n):
    return PLAIN + b' ' * n + b'\t' * n + b'\n' * n + b' \n' * n


def status_words(n):
    return PLAIN + b'user ... mailbox ... quota ... unknown ... is ... full ' * n


# What is made, and how large: a fraction of a second of our time, or the caps
# make it less.
SHAPES = {
    recipients: 100000, recipients_unnamed: 20000, recipients_in_text: 20000,
    failed_recipients_field: 20000, recipients_in_json: 20000,
    complained_recipients: 20000, header_in_text: 20000,
    parts: 10000, levels: 1000, mails_in_mails: 1000, body: 200000,
    transcript: 20000, one_line: 20000, open_brackets: 20000, header_lines: 20000,
    header_long: 1000000, folded_field: 50000, encoded_words: 20000,
    comments: 100000, parameters: 5000, boundaries: 20000, html: 20000,
    base64_lines: 20000, quoted: 50000, japanese: 50000, bare_cr: 20000,
    nuls: 20000, garbage: 50000, spaces: 200000, status_words: 20000,
}


class Program(unittest.TestCase):
    """bounce-classify, without any server."""

    maxDiff = None
    under_valgrind = False

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix='bounce-hostile.')
        self.addCleanup(shutil.rmtree, self.dir)

    def classify(self, *paths):
        """[answers], seconds of CPU. It has so much memory, whatever comes."""
        limit = '' if harness.ASAN else 'ulimit -v 131072; '
        out = f'{self.dir}/answers'
        with open(out, 'wb') as stdout:
            process = subprocess.Popen(
                ['sh', '-c', limit + 'exec "$@"', 'sh',
                 harness.program('bounce-classify'), '--json', *paths],
                stdout=stdout)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        text = pathlib.Path(out).read_text('utf-8')
        return ([json.loads(line) for line in text.splitlines()],
                usage.ru_utime + usage.ru_stime)

    def one(self, mail):
        path = f'{self.dir}/mail'
        pathlib.Path(path).write_bytes(mail)
        answers, seconds = self.classify(path)
        self.assertEqual(len(answers), 1)
        return answers[0], seconds

    def test_bounded(self):
        """What each shape costs is printed by tests/bench/bench-hostile."""
        for shape, size in SHAPES.items():
            with self.subTest(shape.__name__):
                found = self.one(shape(size))[0].get('recipients', [])
                self.assertLessEqual(len(found), 1000)
                for recipient in found:
                    self.assertLessEqual(
                        len(recipient.get('diagnostic', '').encode()), 512)

    def test_caps_are_said(self):
        for shape in (recipients, parts, levels):
            with self.subTest(shape.__name__):
                answer, _ = self.one(shape(SHAPES[shape]))
                self.assertIs(answer.get('truncated'), True, answer)
        answer, _ = self.one(recipients(100000))
        self.assertEqual(len(answer['recipients']), 1000)
        self.assertEqual(answer['recipients'][999]['address'],
                         'user999@example.net')

    def test_few_and_many(self):
        """No list grows where it must not."""
        for shape in (recipients, recipients_unnamed, recipients_in_text,
                      failed_recipients_field):
            for n in (1, 7, 8, 9, 17, 64, 99, 100, 101, 400):
                with self.subTest(shape.__name__, n=n):
                    answer, _ = self.one(shape(n))
                    self.assertEqual(answer['kind'], 'failure')

    def test_100_megabytes(self):
        answer, _ = self.one(body(2400000))
        self.assertEqual(answer['recipients'][0]['address'], 'gone@example.net')

    def test_bare_cr(self):
        """The answer may be any; the mail that is whole but for its line ends
        is read."""
        for name in ('postfix-unknown', 'qmail-unknown', 'google-unknown'):
            mail = (harness.SAMPLES / f'{name}.eml').read_bytes()
            with self.subTest(name):
                plain = self.one(mail)[0]
                self.assertEqual(self.one(mail.replace(b'\n', b'\r\n'))[0], plain)
                self.one(mail.replace(b'\n', b'\r'))
                self.one(mail.replace(b'\n', b'\r\r\n'))

    def test_broken_anywhere(self):
        """Every sample cut short, or with a few bytes changed."""
        change = random.Random(7)
        folder = f'{self.dir}/broken'
        os.mkdir(folder)
        count = 0
        for path in sorted(harness.SAMPLES.glob('*.eml')):
            mail = path.read_bytes()
            for end in range(0, len(mail), max(1, len(mail) // 25)):
                pathlib.Path(folder, f'{count:05}').write_bytes(mail[:end])
                count += 1
            for _ in range(10):
                wrong = bytearray(mail)
                for _ in range(change.randint(1, 30)):
                    wrong[change.randrange(len(wrong))] = \
                        change.choice(b'\0\r\n\x80\xff<>@"(;=- 5')
                pathlib.Path(folder, f'{count:05}').write_bytes(wrong)
                count += 1
        self.assertGreater(count, 500)
        answers, _ = self.classify(folder)
        self.assertGreaterEqual(len(answers), count)

    def test_from_a_pipe(self):
        """Standard input cannot seek."""
        done = subprocess.run([harness.program('bounce-classify'), '--json', '-'],
                              input=body(300000), stdout=subprocess.PIPE,
                              check=True)
        self.assertEqual(json.loads(done.stdout)['recipients'][0]['address'],
                         'gone@example.net')


class Delivery(harness.TestCase):
    """The same in front of a mail server: the mail comes first."""

    shapes = (recipients, parts, levels, mails_in_mails, header_long, nuls,
              garbage, bare_cr, comments, japanese)

    def test_delivered(self):
        for shape in self.shapes:
            with self.subTest(shape.__name__):
                user = self.new_user()
                mail = shape(SHAPES[shape])
                began = time.monotonic()
                self.lmtp(user, mail)
                self.assertLess(time.monotonic() - began, 20 * harness.SLOW)
                self.assertEqual(self.messages(user) +
                                 self.messages(user, 'Bounces'), 1)

    def test_recorded_up_to_the_cap(self):
        user = self.new_user()
        address = f'{user}@example.org'.encode()
        returned = (b'--b\nContent-Type: text/rfc822-headers\n\n'
                    b'Received: from a by mx.example.org; Mon, 1 Sep 2025 10:00:00 '
                    b'+0000\nFrom: ' + address +
                    b'\nMessage-ID: <x@example.org>\n\n--b--\n')
        mail = recipients(2000).replace(b'alice@example.org', address)
        mail = re.sub(rb'--b--\n$', lambda _: returned, mail)
        self.lmtp(user, mail)
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        self.assertEqual(len(self.doveadm_json('bounce', 'list', '-u', user)), 1000)
