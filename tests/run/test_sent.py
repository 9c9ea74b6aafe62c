"""The sent side: what goes out is counted, what comes back is set against it."""

import email.utils
import imaplib
import os
import pathlib
import re
import socket
import threading
import time

import harness


def letter(subject='Hello', to=('bob@example.net',), cc=(), bcc=(),
           sender='alice@example.org', message_id=None, extra=''):
    """A mail as a client sends it (bytes)."""
    lines = [f'From: {sender}', f'To: {", ".join(to)}']
    lines += [f'Cc: {", ".join(cc)}'] if cc else []
    lines += [f'Bcc: {", ".join(bcc)}'] if bcc else []
    lines += [f'Subject: {subject}', f'Date: {email.utils.formatdate()}',
              f'Message-ID: {message_id or email.utils.make_msgid(domain="example.org")}']
    return ('\r\n'.join(lines) + '\r\n' + extra + '\r\nText.\r\n').encode()


def people(count, domain='example.net', start=0):
    return [f'person{i}@{domain}' for i in range(start, start + count)]


imaplib.Commands['MOVE'] = ('SELECTED',)


def complaint(address, user, mail):
    """A feedback report (RFC 5965, bytes) that returns this mail, signed by the
    provider of the address."""
    return b'''Authentication-Results: mx.example.org; dkim=pass header.d=example.net
From: <feedback@isp.example>
To: <%s>
Subject: FW: News
Date: %s
Message-ID: %s
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="f"

--f
Content-Type: text/plain

This is an email abuse report.

--f
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Some/1.0
Version: 1
Original-Rcpt-To: <%s>
Source-IP: 192.0.2.1

--f
Content-Type: message/rfc822

Received: from client.example.org by mx.example.org with ESMTPSA; x
%s
--f--
'''.replace(b'\n', b'\r\n') % (
        user.encode(), email.utils.formatdate().encode(),
        email.utils.make_msgid(domain='isp.example').encode(),
        address.encode(), mail)


class SentCase(harness.TestCase):
    relay = True
    conf = '''namespace inbox {
  mailbox Gesendet {
    special_use = \\Sent
  }
}
'''
    conf23 = '''protocol submission {
  mail_plugins = $mail_plugins submission_bounce
}
'''
    conf24 = '''protocol submission {
  mail_plugins {
    submission_bounce = yes
  }
}
'''

    # A mail is counted after the client got its answer and before its next
    # command is read: NOOP waits for it. Not so where there are many in a row.

    def append(self, user, mail, folder='Sent', date=None, client=None):
        client = client or self.imap(user)
        status, answer = client.append(
            folder, '(\\Seen)', date and imaplib.Time2Internaldate(date), mail)
        self.assertEqual(status, 'OK', answer)
        client.noop()

    def submit(self, user, mail, to, client=None):
        client = client or self.submission(user)
        refused = client.sendmail(f'{user}@example.org', to, mail)
        client.noop()
        return refused

    def rate(self, user, *args):
        return self.doveadm_json('bounce', 'rate', '-u', user, *args)

    def day(self, user):
        return self.rate(user)[0]

    def broadcasts(self, user, *args):
        return [row for row in self.rate(user, *args) if '-' in row['window']]

    def sent(self, user):
        """Recipients that were counted."""
        return int(self.day(user)['sent'])

    def wait_sent(self, user, wanted):
        for _ in range(100):
            if self.sent(user) == wanted:
                break
            time.sleep(0.1)
        self.assertEqual(self.sent(user), wanted)


class Alias(SentCase):
    """\\Sent, by the name that a namespace of old clients gives it."""
    conf = '''namespace inbox {
  prefix = INBOX/
  mailbox Sent {
    special_use = \\Sent
    auto = create
  }
}
'''
    conf23 = SentCase.conf23 + '''namespace compat {
  prefix =
  separator = /
  hidden = yes
  list = no
  alias_for = INBOX/
}
'''
    conf24 = SentCase.conf24 + '''namespace compat {
  prefix =
  separator = /
  hidden = yes
  list = no
  alias_for = inbox
}
'''

    def test_alias(self):
        user = self.new_user()
        self.append(user, letter(), 'INBOX/Sent')
        self.append(user, letter(to=['ann@example.net']))
        self.append(user, letter(to=['eve@example.net']), 'INBOX')
        self.assertEqual(self.sent(user), 2)


class Counting(SentCase):
    """Where Dovecot sees it."""
    under_valgrind = ('test_append', 'test_copy', 'test_multiappend',
                      'test_submission', 'test_filed_by_a_script')

    def test_append(self):
        user = self.new_user()
        self.append(user, letter(to=['Bob <bob@example.net>', 'BOB@Example.NET'],
                                 cc=['carol@example.net'], bcc=['dan@example.net']))
        day = self.day(user)
        self.assertEqual((int(day['sent']), day['known']), (3, 'without-bcc'))
        self.append(user, letter(), folder='INBOX')
        self.append(user, letter(to=[]))
        self.assertEqual(self.sent(user), 3)

    def test_copy(self):
        user = self.new_user()
        client = self.imap(user)
        client.create('Drafts')
        self.append(user, letter(to=people(4)), folder='Drafts', client=client)
        client.select('Drafts')
        client.copy('1', 'Sent')
        client.noop()
        self.assertEqual(self.sent(user), 4)
        # about within Sent, and again
        client.select('Sent')
        client.copy('1', 'Sent')
        client.copy('1', 'INBOX')
        client.noop()
        self.assertEqual(self.sent(user), 4)

    def test_by_special_use(self):
        """MOVE, and into what has the special use, not the name."""
        user = self.new_user()
        client = self.imap(user)
        for folder in ('Drafts', 'Gesendet', 'Archive/Sent'):
            client.create(folder)
        self.append(user, letter(to=people(3)), folder='Archive/Sent',
                    client=client)
        for number in range(2):
            self.append(user, letter(to=people(2, start=number * 2)),
                        folder='Drafts', client=client)
        self.assertEqual(self.sent(user), 0)
        client.select('Drafts')
        status, answer = client._simple_command('MOVE', '1:2', 'Gesendet')
        self.assertEqual(status, 'OK', answer)
        client.noop()
        self.assertEqual(self.sent(user), 4)
        self.assertEqual(self.messages(user, 'Gesendet'), 2)

    def test_draft_saved_twice(self):
        user = self.new_user()
        draft = letter(to=people(2))
        for _ in range(2):
            self.append(user, draft)
        self.assertEqual(self.sent(user), 2)
        # nothing to know it by: it counts
        anonymous = draft.replace(b'Message-ID', b'X-No-ID')
        for _ in range(2):
            self.append(user, anonymous)
        self.assertEqual(self.sent(user), 6)

    def test_multiappend(self):
        user = self.new_user()
        client = self.imap(user)
        mails = [letter(f'No {i}', to=people(2, start=i)) for i in range(3)]
        tag = client._new_tag()
        client.send(tag + b' APPEND Sent' + b''.join(
            b' {%d+}\r\n%s' % (len(mail), mail) for mail in mails) + b'\r\n')
        self.assertEqual(client._command_complete('APPEND', tag)[0], 'OK')
        client.noop()
        self.assertEqual(self.sent(user), 6)

    def test_chunking(self):
        """BDAT instead of DATA."""
        user = self.new_user()
        client = self.submission(user)
        client.ehlo()
        client.docmd('MAIL', f'FROM:<{user}@example.org>')
        client.docmd('RCPT', 'TO:<bob@example.net>')
        mail = letter()
        client.send(b'BDAT 30\r\n' + mail[:30])
        self.assertEqual(client.getreply()[0], 250)
        client.send(b'BDAT %d LAST\r\n' % (len(mail) - 30) + mail[30:])
        self.assertEqual(client.getreply()[0], 250)
        client.noop()
        self.assertEqual(self.sent(user), 1)
        relayed = self.server.relay.delivered[-1][2]
        self.assertTrue(relayed.startswith(b'X-Bounce-Token') or
                        b'\r\nX-Bounce-Token' in relayed, relayed)
        self.assertTrue(relayed.endswith(mail))

    def test_client_gone(self):
        """It hangs up before the answer: no harm is done."""
        user = self.new_user()
        for delay in (0, 0.01, 0.03):
            client = self.submission(user)
            client.docmd('MAIL', f'FROM:<{user}@example.org>')
            client.docmd('RCPT', 'TO:<bob@example.net>')
            client.docmd('DATA')
            client.send(letter() + b'\r\n.\r\n')
            time.sleep(delay)
            client.sock.close()
        self.submit(user, letter(), ['bob@example.net'])
        self.assertGreaterEqual(self.sent(user), 1)

    def test_many_recipients(self):
        """To all at once: the token is bounded, each counts."""
        user = self.new_user()
        to = people(500)
        mail = letter('News', to=['list@example.org'])
        self.submit(user, mail, to)
        relayed = self.server.relay.delivered[-1][2]
        self.assertLess(len(relayed), len(mail) + 1024)
        row, = self.broadcasts(user)
        self.assertEqual((row['sent'], row['known']), (500, 'all'))

    def test_archive_is_not_sent_today(self):
        user = self.new_user()
        self.append(user, letter(), date=time.time() - 30 * 86400)
        self.assertEqual(self.rate(user)[2]['sent'], 0)
        # a client that moves it without its date; a line that is no date
        dated = re.compile(rb'(?m)^Date: .*?\r$')
        old = email.utils.formatdate(time.time() - 30 * 86400).encode()
        self.append(user, dated.sub(b'Date: ' + old + b'\r', letter()))
        self.assertEqual(self.rate(user)[2]['sent'], 0)
        self.append(user, dated.sub(b'Date: yesterday\r', letter()))
        self.assertEqual(self.rate(user)[2]['sent'], 1)

    def test_failed_append(self):
        user = self.new_user()
        client = self.imap(user)
        status, _ = client.append('Nowhere', None, None, letter())
        self.assertEqual(status, 'NO')
        self.assertEqual(self.sent(user), 0)

    def test_submission(self):
        user = self.new_user()
        mail = letter(to=['bob@example.net'])
        self.submit(user, mail, ['bob@example.net', 'bob@EXAMPLE.net',
                                 'hidden@example.net'])
        day = self.day(user)
        self.assertEqual((int(day['sent']), day['known']), (2, 'all'))
        # the client's own copy
        self.append(user, mail)
        self.assertEqual(self.sent(user), 2)

    def test_saved_first(self):
        user = self.new_user()
        mail = letter()
        self.append(user, mail)
        self.submit(user, mail, ['bob@example.net'])
        self.assertEqual(self.sent(user), 1)

    def test_refused_is_not_sent(self):
        user = self.new_user()
        relay = self.server.relay
        relay.refuse['gone@example.net'] = '550 5.1.1 No'
        try:
            self.submit(user, letter(), ['gone@example.net', 'bob@example.net'])
        finally:
            relay.refuse.clear()
        self.assertEqual(self.sent(user), 1)
        relay.refuse_data = '554 5.7.1 No'
        try:
            with self.assertRaises(Exception):
                self.submit(user, letter(), ['bob@example.net'])
        finally:
            relay.refuse_data = None
        self.assertEqual(self.sent(user), 1)

    def test_filed_by_a_script(self):
        user = self.new_user()
        self.put_script(user, 'require "fileinto";\nfileinto "Sent";\n')
        self.lda(user, letter(to=people(2), sender=f'{user}@example.org'))
        self.assertEqual(self.sent(user), 2)

    def test_record_no(self):
        user = self.new_user(bounce_record='no')
        self.append(user, letter())
        self.submit(user, letter(), ['bob@example.net'])
        self.assertEqual(self.sent(user), 0)

    def test_token(self):
        user = self.new_user()
        mail = letter(to=['bob@example.net'])
        self.submit(user, mail, ['bob@example.net'])
        relayed = self.server.relay.delivered[-1][2]
        self.assertIn(b'X-Bounce-Token: 1 2', relayed)
        self.assertTrue(relayed.endswith(mail), relayed)
        path = pathlib.Path(self.home(user), 'dovecot-bounce.key')
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertRegex(path.read_text(), r'\A[0-9a-f]{64}\n\Z')

    def test_token_off(self):
        user = self.new_user(bounce_token_key='no')
        self.submit(user, letter(), ['bob@example.net'])
        self.assertNotIn(b'X-Bounce', self.server.relay.delivered[-1][2])
        self.assertEqual(self.sent(user), 1)


class Everywhere(SentCase):
    """In the global mail_plugins, and in no order."""
    plugins = ('submission_bounce',)
    conf23 = conf24 = ''

    def test_all_processes(self):
        user = self.new_user()
        mail = letter()
        self.append(user, mail)
        self.lmtp(user, harness.mail(to=f'{user}@example.org'))
        self.lda(user, harness.mail(to=f'{user}@example.org'))
        self.submit(user, letter(), ['bob@example.net'])
        self.assertEqual(self.sent(user), 2)


class Down(SentCase):
    """The dictionary is down: mail goes out, and one line a session says so."""
    dict23 = 'proxy:@DIR@/nobody:bounce'
    dict24 = '  dict proxy {\n    name = bounce\n    socket_path = @DIR@/nobody\n  }'

    def test_mail_goes_out(self):
        user = self.new_user()
        client = self.imap(user)
        for number in range(3):
            self.append(user, letter(f'{number}'), client=client)
        self.assertEqual(self.messages(user, 'Sent'), 3)
        self.expect_log('.')
        self.count_log('imap.*bounce: Sent mail is not counted', 1)
        relay = self.server.relay
        before = len(relay.delivered)
        client = self.submission(user)
        for number in range(3):
            self.submit(user, letter(f'{number}'), ['bob@example.net'], client)
        self.assertEqual(len(relay.delivered), before + 3)
        self.count_log('submission.*bounce: Sent mail is not counted', 1)
        answer = b'In-Reply-To: <x@example.org>\r\n' + harness.mail(
            to=f'{user}@example.org')
        for _ in range(3):
            self.lmtp(user, answer, sender='carol@example.net')
        self.assertEqual(self.messages(user), 3)
        # once a process
        self.wait_log('Proof of life is lost')


class Formats:
    """Each mailbox format: saved, copied, and the original found again."""

    def test_counted(self):
        user = self.new_user()
        client = self.imap(user)
        mail = letter(to=people(3), sender=f'{user}@example.org')
        self.append(user, mail, client=client)
        client.create('Drafts')
        self.append(user, letter(to=people(4)), folder='Drafts', client=client)
        client.select('Drafts')
        client.copy('1', 'Sent')
        client.noop()
        self.assertEqual(self.sent(user), 7)
        head, body = mail.split(b'\r\n\r\n', 1)
        report = harness.dsn(people(1), user=f'{user}@example.org')
        start = report.index(b'\r\n\r\nReceived:')
        report = (report[:start] + b'\r\n\r\n' + head + b'\r\n\r\n' + body +
                  report[report.rindex(b'--b1_'):])
        self.lmtp(user, report)
        row, = self.doveadm_json('bounce', 'list', '-u', user)
        self.assertEqual(row['address'], people(1)[0])
        self.assertEqual([sorted(flags & {'$Bounced'}) for flags, _ in
                          self.fetch(user, 'Sent')], [['$Bounced'], []])
        # at first sight, too: who reported it is in the header
        explained, = self.doveadm_json('bounce', 'explain', '-u', user,
                                       'mailbox', 'Bounces', 'all')
        self.assertEqual(explained['evidence'], 'verified')


class Sdbox(Formats, SentCase):
    conf23 = SentCase.conf23 + 'mail_location = sdbox:~/mail\n'
    conf24 = SentCase.conf24 + 'mail_driver = sdbox\nmail_path = ~/mail\n'


class Mdbox(Formats, SentCase):
    conf23 = SentCase.conf23 + 'mail_location = mdbox:~/mail\n'
    conf24 = SentCase.conf24 + 'mail_driver = mdbox\nmail_path = ~/mail\n'


class Mbox(Formats, SentCase):
    conf23 = SentCase.conf23 + 'mail_location = mbox:~/mail:INBOX=~/inbox\n'
    conf24 = SentCase.conf24 + ('mail_driver = mbox\nmail_path = ~/mail\n'
                                'mail_inbox_path = ~/inbox\n')


class Others(SentCase):
    """A \\Sent that is not the user's own is none of his dictionary: nobody
    looks for originals there."""
    place = '''namespace team {
  type = public
  separator = /
  prefix = Team/
  %s
  mailbox Sent {
    special_use = \\Sent
  }
}
'''
    conf23 = SentCase.conf23 + place % 'location = maildir:@DIR@/team'
    conf24 = SentCase.conf24 + place % 'mail_path = @DIR@/team'

    @classmethod
    def prepare(cls, server):
        path = f'{server.dir}/team'
        os.mkdir(path)
        os.chown(path, harness.MAIL_UID, harness.MAIL_UID)

    def test_public(self):
        user = self.new_user()
        client = self.imap(user)
        client.create('Team/Sent')
        self.append(user, letter(), folder='Team/Sent', client=client)
        self.assertEqual(self.sent(user), 0)
        self.append(user, letter(), client=client)
        self.assertEqual(self.sent(user), 1)


class Silent:
    """A dictionary that takes connections and never answers."""

    dict23 = 'proxy:@DIR@/hung:bounce'
    dict24 = '  dict proxy {\n    name = bounce\n    socket_path = @DIR@/hung\n  }'

    @classmethod
    def prepare(cls, server):
        cls.listener = socket.socket(socket.AF_UNIX)
        cls.listener.bind(f'{server.dir}/hung')
        os.chmod(f'{server.dir}/hung', 0o777)
        # connections are taken by the kernel, and nobody reads them
        cls.listener.listen(100)
        cls.addClassCleanup(cls.listener.close)


class Hung(Silent, SentCase):
    """No client waits for it."""

    def test_nobody_waits(self):
        user = self.new_user()
        for what in (lambda: self.submission(user).sendmail(
                         f'{user}@example.org', ['bob@example.net'], letter()),
                     lambda: self.imap(user).append('Sent', None, None,
                                                    letter())):
            began = time.monotonic()
            what()
            self.assertLess(time.monotonic() - began, 10 * harness.SLOW)
        self.assertEqual(len(self.server.relay.delivered), 1)
        # what waits for the dictionary ends with the listener
        self.expect_log('Sent mail is not counted')
        self.listener.close()
        self.wait_log('submission.*Sent mail is not counted')
        self.wait_log('imap.*Sent mail is not counted')


class AtOnce(SentCase):
    """Several clients at the same time lose no count."""

    def test_parallel(self):
        user = self.new_user()

        def work(number):
            client = self.submission(user)
            for i in range(10):
                address = f'p{number}.{i}@example.net'
                self.submit(user, letter('News', to=[address]), [address], client)
        threads = [threading.Thread(target=work, args=(i,))
                   for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # nobody waits for the counting, and the four wait for each other
        deadline = time.monotonic() + 5 * harness.SLOW
        while time.monotonic() < deadline:
            row, = self.broadcasts(user)
            if row['sent'] == 40:
                break
            time.sleep(0.1)
        self.assertEqual((row['sent'], self.sent(user)), (40, 40))

    def test_same_mail(self):
        """Submitted and saved at the same moment: once."""
        user = self.new_user()
        mails = [letter(f'No {i}', to=people(1)) for i in range(10)]
        client, imap = self.submission(user), self.imap(user)
        threads = [threading.Thread(target=work) for work in (
            lambda: [self.submit(user, mail, people(1), client)
                     for mail in mails],
            lambda: [self.append(user, mail, client=imap) for mail in mails])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.sent(user), len(mails))


class Rates(SentCase):
    # the reports of harness.dsn() bear no token
    settings = {'bounce_evidence': 'plausible'}

    def fail_to(self, user, addresses, subject, **args):
        original = args.pop('original_id', None)
        report = harness.dsn(addresses, user=f'{user}@example.org',
                             original_id=original, **args)
        self.lmtp(user, report.replace(b'Subject: Lunch',
                                       f'Subject: {subject}'.encode()))

    def test_one_mail_to_many(self):
        user = self.new_user()
        self.append(user, letter('News', to=people(25), message_id='<1@example.org>'))
        rows = self.broadcasts(user)
        self.assertEqual([(row['subject'], row['sent'], row['level'])
                          for row in rows], [('News', 25, 'none')])
        self.fail_to(user, people(2), 'News', original_id='<1@example.org>')
        row, = self.broadcasts(user)
        self.assertEqual((row['failed'], row['hard'], row['delivered'],
                          row['percent'], row['level']),
                         (2, 2, 23, '8.00', 'warning'))
        self.fail_to(user, people(3, start=2), 'News', original_id='<1@example.org>')
        row, = self.broadcasts(user)
        self.assertEqual((row['failed'], row['level']), (5, 'our-side'))
        self.assertIn('list is old', row['advice'])
        # the same again, in another report
        self.fail_to(user, people(3), 'News', original_id='<1@example.org>')
        row, = self.broadcasts(user)
        self.assertEqual(row['failed'], 5)

    def test_many_in_a_row(self):
        user = self.new_user()
        client = self.submission(user)
        mails = [letter(f'Invoice {n % 3}', message_id=f'<{n % 200}@example.org>')
                 for n in range(250)]
        for mail in mails:
            client.sendmail(f'{user}@example.org', ['bob@example.net'], mail)
        client.quit()
        self.wait_sent(user, 200)
        self.assertEqual(sorted(row['sent'] for row in self.broadcasts(user)),
                         [66, 67, 67])
        client = self.imap(user)
        for mail in mails[:60]:
            self.assertEqual(client.append('Sent', '', None, mail)[0], 'OK')
        self.append(user, letter('Other'), client=client)
        client.logout()
        self.wait_sent(user, 201)

    def test_one_copy_each(self):
        user = self.new_user()
        client = self.submission(user)
        for address in people(30):
            self.submit(user, letter('Invitation', to=[address],
                                     message_id=f'<{address}>'), [address], client)
        row, = self.broadcasts(user)
        self.assertEqual((row['sent'], row['known']), (30, 'all'))
        for address in people(6):
            self.fail_to(user, address, 'Invitation', status='5.7.1',
                         original_id=f'<{address}>',
                        diagnostic='554 5.7.1 Service unavailable; client blocked '
                        'using zen.spamhaus.org')
        row, = self.broadcasts(user)
        self.assertEqual((row['failed'], row['sender'], row['level'], row['hard']),
                         (6, 6, 'our-side', 0))
        self.assertEqual(row['shared'], 'sender: reputation')
        self.assertIn('It is us', row['advice'])
        given, = self.rate(user, '--broadcast', row['window'], '--sent', '1000')
        self.assertEqual((given['sent'], given['known']), (1000, 'given'))

    def test_not_tried(self):
        """Outside of sent and failed."""
        user = self.new_user()
        self.append(user, letter('News', to=people(25), message_id='<2@example.org>'))
        self.fail_to(user, people(4), 'News', original_id='<2@example.org>',
                     diagnostic='550 5.1.1 Address is on the account suppression '
                     'list')
        self.fail_to(user, people(2, start=4), 'News', original_id='<2@example.org>')
        row, = self.broadcasts(user)
        self.assertEqual((row['sent'], row['suppressed'], row['failed'],
                          row['delivered'], row['sender'], row['percent']),
                         (21, 4, 2, 19, 0, '9.52'))

    def test_complaints(self):
        user = self.new_user()
        self.append(user, letter('News', to=people(50), message_id='<3@example.org>'))
        for address, level in zip(people(2), ('none', 'critical')):
            self.lmtp(user, complaint(address, f'{user}@example.org',
                                      letter('News', to=people(50),
                                             sender=f'{user}@example.org',
                                             message_id='<3@example.org>')))
            row, = self.broadcasts(user)
            self.assertEqual(row['level'], level)
            self.wait_log(r'complaint report \(arf, \w+\), recipients: 1; 1 ')
        self.assertEqual((row['complaints'], row['failed'],
                          row['complaint_percent']), (2, 0, '4.00'))
        self.assertIn('spam', row['advice'])

    def test_unknown(self):
        user = self.new_user()
        self.fail_to(user, people(3), 'From elsewhere')
        day = self.day(user)
        self.assertEqual((day['sent'], day['failed'], day['known'], day['level'],
                          day['percent'], day['hard_percent']),
                         (0, 3) + ('unknown',) * 4)
        # nothing sent as far as is known, and nothing back
        day = self.day(self.new_user())
        self.assertEqual((day['percent'], day['complaint_percent'], day['level']),
                         ('unknown',) * 3)
        since, = self.rate(user, '--since', '2d', '--sent', '100')
        self.assertEqual((since['percent'], since['level']), ('3.00', 'notice'))

    def test_too_few(self):
        """Fewer than twenty: numbers, and no word of what they mean."""
        user = self.new_user()
        self.append(user, letter('Hello', to=people(3)))
        self.fail_to(user, people(3), 'Hello')
        shown = self.doveadm('bounce', 'rate', '-u', user, '--since', '1d').stdout
        self.assertIn('100.00 %', shown)
        self.assertNotIn('ordinary', shown)
        self.assertNotIn('\n    \n', shown)

    def test_wrong_parameters(self):
        user = self.new_user()
        for args in (['--since', 'yesterday'], ['--sent', '100'],
                     ['--since', '1d', '--sent', '0']):
            done = self.doveadm('bounce', 'rate', '-u', user, *args, check=False)
            self.assertEqual(done.returncode, 64, (args, done.stderr))
        done = self.doveadm('bounce', 'rate', '-u', user, '--broadcast', '1-2',
                            check=False)
        self.assertEqual(done.returncode, 68)
        self.assertIn('There is no broadcast 1-2', done.stderr)

    def test_all_users(self):
        user, quiet = self.new_user(), self.new_user()
        self.append(user, letter('News', to=people(25)))
        rows = self.doveadm_json('bounce', 'rate', '-A')
        self.assertEqual({row['username'] for row in rows
                          if row['subject'] == 'News'} - {user}, set())
        self.assertNotIn(quiet, [row['username'] for row in rows])
        self.assertEqual(len(self.rate(quiet)), 4)

    def test_formats(self):
        user = self.new_user()
        self.append(user, letter('News', to=people(25)))
        for name in ('tab', 'table', 'flow', 'pager', 'json'):
            self.assertIn('25', self.doveadm('-f', name, 'bounce', 'rate', '-u',
                                             user).stdout)
