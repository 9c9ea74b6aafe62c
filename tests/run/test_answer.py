"""What the user answers to a notice: carried out if it is theirs, and a mail like any
other if it is not."""

import email
import email.utils
import hashlib
import hmac
import pathlib
import re
import time

import harness
from test_tell import Case as TellCase
from test_waiting import LATE, Proxied

# what our Postfix writes with smtpd_sasl_authenticated_header = yes
LOGIN = ('Received: from [192.0.2.9] (client.example.com [192.0.2.9])\r\n'
         '\t(Authenticated sender: @USER@)\r\n'
         '\tby mx.example.org (Postfix) with ESMTPSA id 4bTEST; x\r\n')
# and without it, as on a plain Debian: somebody logged in
PLAIN = ('Received: from [192.0.2.9] (client.example.com [192.0.2.9])\r\n'
         '\tby mx.example.org (Postfix) with ESMTPSA id 4bTEST; x\r\n')
OUTSIDE = ('Received: from mail.evil.example (mail.evil.example [192.0.2.66])\r\n'
           '\tby mx.example.org (Postfix) with ESMTP id 1; x\r\n')
BOB = 'bob@example.net'


def quoted(notice, mark='> '):
    text = notice.get_body(('plain',)).get_content()
    return ''.join(f'{mark}{line}\n' for line in text.splitlines())


class Case(TellCase):

    settings = {'bounce_sender_checked': 'no'}

    def told(self, user, address=BOB, **kwargs):
        """A failure that our MTA proves, and the notice of it."""
        self.report(user, address, hop='from x (x.example.com [192.0.2.9]) '
                    f'(Authenticated sender: {user})', **kwargs)
        return self.notices(user)[-1][1]

    def letter(self, user, notice, body, headers='', sender=None, trace=LOGIN,
               mid=None):
        """An answer as clients write it, with the trace that our MTA adds."""
        sender = sender or self.address(user)
        subject = 'Re: ' + notice['Subject']
        mid = mid or email.utils.make_msgid(domain='client.example.com')
        return trace.replace('@USER@', user) + (
            f'From: Somebody <{sender}>\r\nTo: {notice["Reply-To"]}\r\n'
            f'Subject: {subject}\r\nDate: {email.utils.formatdate()}\r\n'
            f'Message-ID: {mid}\r\nIn-Reply-To: {notice["Message-ID"]}\r\n'
            f'References: {notice["References"]} {notice["Message-ID"]}\r\n'
            f'{headers}\r\n{body}')

    def answer(self, user, notice, body, to=None, envelope=None, **kwargs):
        mail = self.letter(user, notice, body, **kwargs)
        self.lmtp(to or user, mail.encode(), self.address(user)
                  if envelope is None else envelope)
        return mail

    def state(self, user, address=BOB):
        rows = self.doveadm_json('bounce', 'list', '-u', user)
        found = [row['state'] for row in rows if row['address'] == address]
        return found[0] if found else None

    def result(self, user):
        """Subject and text of the only notice about an answer."""
        mail, = [mail for _, mail in self.notices(user)
                 if 'kind=answer' in mail['X-Bounce-Notice']]
        return mail['Subject'], mail.get_body(('plain',)).get_content()

    def answers(self, user):
        return self.kinds(user).count('answer')

    def save_copy(self, user, mail):
        """Without what the MTA added."""
        client = self.imap(user)
        client.create('Sent')
        mail = re.sub(r'^Received: (.|\r\n\t)*\r\n(?=\S)', '', mail, count=1)
        client.append('Sent', '\\Seen', None, mail.encode())
        client.logout()

    def assert_untouched(self, user, notices=0):
        """It is a mail like any other."""
        self.assertEqual(self.state(user), 'suppressed')
        self.assertEqual(self.messages(user, 'INBOX'), 1)
        self.assertEqual(self.answers(user), notices)


class CarriedOut(Case):

    def test_verbs(self):
        """Each does what doveadm bounce does; what was carried out is filed, read,
        and told once."""
        for verb, state in ((f'release {BOB}', 'released'),
                            (f'remove {BOB}', None),
                            (f'never {BOB}', 'suppressed'),
                            (f'correct {BOB} bob@example.com', 'corrected')):
            user = self.new_user()
            notice = self.told(user)
            self.answer(user, notice, f'{verb}\r\n\r\n{quoted(notice)}')
            self.assertEqual(self.state(user), state, verb)
            subject, text = self.result(user)
            self.assertEqual(subject, 'Your answer was carried out')
            self.assertIn(f'“{verb}”', text)
            self.assertIn('“Bounces”', text)
            self.assertEqual(self.messages(user, 'INBOX'), 0)
            (flags, _), = [item for item in self.fetch(user, 'Bounces')
                           if b'Subject: Re:' in item[1]]
            self.assertIn('\\Seen', flags)
            self.assertNotIn('$Bounce', flags)
        row, = self.doveadm_json('bounce', 'get', '-u', user, BOB)
        self.assertEqual(row['corrected'], 'bob@example.com')

    def test_one_is_unknown(self):
        """What cannot be done keeps nothing else from it."""
        user = self.new_user()
        notice = self.told(user)
        self.answer(user, notice,
                    f'release nobody@example.com\r\nrelease {BOB}\r\n')
        self.assertEqual(self.state(user), 'released')
        self.assertEqual(self.result(user)[0],
                         'Your answer was carried out in part')

    def test_scan_respects_it(self):
        user = self.new_user()
        self.sent(user, '<1@example.org>')
        notice = self.told(user, 'm0@example.net')
        self.answer(user, notice, 'remove m0@example.net\r\n')
        self.doveadm('bounce', 'scan', '-u', user)
        self.assertIsNone(self.state(user, 'm0@example.net'))
        (flags, _), = self.fetch(user, 'Sent')
        self.assertNotIn('$Bounced', flags)

    def test_bottom_posted(self):
        user = self.new_user()
        notice = self.told(user)
        self.answer(user, notice, 'On Thu, 26 Nov 2026, Mail delivery wrote:\r\n'
                    + quoted(notice) + f'\r\nrelease {BOB}\r\n-- \r\nstop\r\n')
        self.assertEqual(self.state(user), 'released')

    def test_unmarked_quote(self):
        """The notice's own words, quoted in any way, are no commands."""
        for mark in ('', '  '):
            user = self.new_user()
            notice = self.told(user)
            self.answer(user, notice, 'Thanks!\r\n' + quoted(notice, mark))
            self.assertEqual(self.state(user), 'suppressed')
            self.assertEqual(self.result(user)[0], 'Your answer was not carried out')

    def test_html_only(self):
        """As a webmail quotes the notice's own HTML."""
        user = self.new_user()
        notice = self.told(user)
        html = notice.get_body(('html',)).get_content()
        # as an address is copied out of it
        self.assertIn('bob@<wbr>example.net', html)
        copied = BOB.replace('@', '@<wbr>')
        for body in (f'<p>release {copied}</p><blockquote>{html}</blockquote>',
                     f'<div>release {BOB}</div><div>Mail delivery wrote:</div>'
                     f'<blockquote>{html}</blockquote>',
                     f'<div>Mail delivery wrote:</div><blockquote>{html}'
                     f'</blockquote><p>release {BOB}</p>',
                     f'<div>release {BOB}</div><hr>{html}'):
            self.doveadm('bounce', 'add', '-u', user, BOB)
            self.answer(user, notice, body,
                        headers='MIME-Version: 1.0\r\nContent-Type: text/html; '
                        'charset=utf-8\r\n')
            self.assertEqual(self.state(user), 'released', body[:40])

    def test_languages(self):
        for language, verb in (('de', 'freigeben'), ('fr', 'autoriser'),
                               ('es', 'permitir')):
            user = self.new_user(bounce_language=language)
            notice = self.told(user)
            self.assertIn(f'{verb} {BOB}',
                          notice.get_body(('plain',)).get_content())
            self.answer(user, notice, f'{verb.upper()} {BOB}\r\n')
            self.assertEqual(self.state(user), 'released')

    def test_stop_and_start(self):
        """No more notices of that kind, so the reports stay; then all again."""
        user = self.new_user(bounce_notice='failure')
        notice = self.told(user)
        self.answer(user, notice, 'Stop.\r\n')
        done = self.notices(user)[-1][1]
        self.report(user, 'ann@example.net', mid='<2@example.org>', subject='Two')
        self.assertEqual(self.kinds(user), ['failure', 'answer'])
        self.assertEqual(self.messages(user, 'INBOX'), 1)
        self.answer(user, done, 'start\r\n')
        self.report(user, 'eve@example.net', mid='<3@example.org>', subject='Six')
        self.assertEqual(self.kinds(user),
                         ['failure', 'answer', 'answer', 'failure'])

    def test_help_and_typing_errors(self):
        """What is not understood stays in INBOX, and a notice says what can be."""
        user = self.new_user()
        notice = self.told(user)
        self.answer(user, notice, f'relase {BOB}\r\n')
        subject, text = self.result(user)
        self.assertEqual(subject, 'Your answer was not carried out')
        self.assertIn(f'> relase {BOB}', text)
        self.assertIn('“never address@example.net”', text)
        self.assert_untouched(user, notices=1)
        self.answer(user, notice, 'help\r\n')
        self.assertEqual(self.messages(user, 'INBOX'), 1)
        self.assertIn('“start”', self.notices(user)[-1][1].get_body(
            ('plain',)).get_content())

    def test_partly(self):
        user = self.new_user()
        notice = self.told(user)
        self.answer(user, notice, f'release {BOB}\r\nremove nobody@example.net\r\n')
        self.assertEqual(self.state(user), 'released')
        subject, text = self.result(user)
        self.assertEqual(subject, 'Your answer was carried out in part')
        self.assertIn('Nothing is known of this address', text)
        self.assertEqual(self.messages(user, 'INBOX'), 1)

    def test_partly_again(self):
        """What was done is not done once more, whoever sends it."""
        user = self.new_user()
        notice = self.told(user)
        mail = self.answer(user, notice,
                           f'release {BOB}\r\nremove nobody@example.net\r\n')
        self.doveadm('bounce', 'add', '-u', user, BOB)
        for trace in LOGIN.replace('@USER@', user), OUTSIDE:
            self.lmtp(user, (trace + mail[mail.index('From: '):]).encode(),
                      self.address(user))
            self.assertEqual(self.state(user), 'suppressed')
        self.assertEqual(self.answers(user), 1)

    def test_with_the_original_id(self):
        """An answer's Message-ID is its sender's choice: it takes no notice away."""
        user = self.new_user()
        notice = self.told(user, mid='<lunch@example.org>')
        self.assertEqual(notice['In-Reply-To'], '<lunch@example.org>')
        for mid in '<lunch@example.org>', notice['Message-ID']:
            self.answer(user, notice, 'help\r\n', mid=mid)
            self.assertIn('failure', self.kinds(user))

    def test_lda(self):
        user = self.new_user()
        notice = self.told(user)
        self.lda(user, self.letter(user, notice, f'release {BOB}\r\n'),
                 self.address(user))
        self.assertEqual(self.state(user), 'released')
        self.assertEqual(self.messages(user, 'INBOX'), 0)
        self.assertEqual(self.answers(user), 1)

    def test_delivered_twice(self):
        """Once to To:, once to Cc:, or again by a retry."""
        user = self.new_user()
        notice = self.told(user)
        mail = self.answer(user, notice, f'release {BOB}\r\n')
        self.doveadm('bounce', 'add', '-u', user, BOB)
        self.lmtp(user, mail.encode(), self.address(user))
        self.assertEqual(self.state(user), 'suppressed')
        self.assertEqual(self.answers(user), 1)
        self.assertEqual(self.messages(user, 'INBOX'), 0)

    def test_unsubscribe(self):
        """As a client does by List-Unsubscribe: a mail that answers nothing."""
        user = self.new_user(bounce_notice='failure')
        notice = self.told(user)
        mail = self.letter(user, notice, 'stop\r\n')
        mail = re.sub(r'(In-Reply-To|References): .*\r\n', '', mail)
        mail = re.sub('Subject: .*\r', 'Subject: stop ' +
                      notice['Message-ID'] + '\r', mail)
        self.lmtp(user, mail.encode(), self.address(user))
        self.assertIn('no more notices of this kind', self.result(user)[1])

    def test_off(self):
        for settings in ({'bounce_answers': 'no'}, {'bounce_token_key': 'no'}):
            user = self.new_user(**settings)
            notice = self.told(user)
            text = notice.get_body(('plain',)).get_content()
            self.assertNotIn('“never', text)
            self.answer(user, notice, f'release {BOB}\r\n')
            self.assert_untouched(user)


class Proof(Case):
    """Who sent it? On a plain Postfix no trace says."""

    def test_copy_first(self):
        user = self.new_user()
        notice = self.told(user)
        mail = self.letter(user, notice, f'release {BOB}\r\n', trace=PLAIN)
        self.save_copy(user, mail)
        self.lmtp(user, mail.encode(), self.address(user))
        self.assertEqual(self.state(user), 'released')
        self.assertEqual(self.answers(user), 1)

    def test_copy_second(self):
        """It waits, a notice says so, and is replaced once the copy is saved."""
        user = self.new_user()
        notice = self.told(user)
        mail = self.answer(user, notice, f'release {BOB}\r\n', trace=PLAIN)
        self.assert_untouched(user, notices=1)
        self.assertIn('not proven', self.result(user)[1])
        self.save_copy(user, mail)
        self.wait_state(user, 'released')
        self.assertEqual(self.result(user)[0], 'Your answer was carried out')
        (flags, _), = self.fetch(user, 'INBOX')
        self.assertIn('\\Seen', flags)

    def wait_state(self, user, state):
        deadline = time.monotonic() + 10 * harness.SLOW
        while self.state(user) != state and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(self.state(user), state)

    def test_copy_of_other_text(self):
        """A colleague who knows the mail writes something else under its name."""
        user = self.new_user()
        notice = self.told(user)
        mail = self.letter(user, notice, 'Thank you.\r\n', trace=PLAIN)
        self.save_copy(user, mail)
        self.lmtp(user, mail.replace('Thank you.', f'release {BOB}').encode(),
                  self.address(user))
        self.assert_untouched(user, notices=1)

    def test_filed_to_sent_by_a_script(self):
        """What was delivered to Sent is no copy."""
        user = self.new_user()
        notice = self.told(user)
        mail = self.letter(user, notice, f'release {BOB}\r\n', trace=PLAIN)
        client = self.imap(user)
        client.create('Sent')
        client.append('Sent', None, None, mail.encode())
        client.logout()
        self.lmtp(user, mail.encode(), self.address(user))
        self.assert_untouched(user, notices=1)

    def test_colleague(self):
        """Logged in as somebody else, in the user's name, with the MAC of a notice
        that was forwarded to them."""
        user, colleague = self.new_user(), self.new_user()
        notice = self.told(user)
        self.answer(user, notice, f'release {BOB}\r\n',
                    trace=LOGIN.replace('@USER@', colleague))
        self.assert_untouched(user, notices=1)

    def test_trace_from_below(self):
        """A Received line that the sender wrote himself, below our MTA's."""
        user = self.new_user()
        notice = self.told(user)
        self.answer(user, notice, f'release {BOB}\r\n',
                    trace=OUTSIDE + LOGIN.replace('@USER@', user))
        self.assert_untouched(user, notices=1)

    def test_domain_signature(self):
        """Our own domain's signature on what was handed in here says that it was
        one of us; on what came from outside it says who."""
        results = ('Authentication-Results: mx.example.org;\r\n dkim=pass '
                   'header.d=example.org\r\n')
        for trace, state in ((PLAIN, 'suppressed'), (OUTSIDE, 'released')):
            user = self.new_user()
            notice = self.told(user)
            self.answer(user, notice, f'release {BOB}\r\n', trace=results + trace)
            self.assertEqual(self.state(user), state)

    def test_cap(self):
        """Of what nobody proves ten a day are told, and no number of it uses up
        the twenty that are the person's own."""
        user = self.new_user()
        notice = self.told(user)
        for _ in range(22):
            self.answer(user, notice, f'release {BOB}\r\n', trace=PLAIN)
        self.assertEqual(self.answers(user), 10)
        self.answer(user, notice, f'release {BOB}\r\n')
        self.assertEqual(self.state(user), 'released')
        for _ in range(19):
            self.answer(user, notice, f'never {BOB}\r\n')
        self.assertEqual(self.state(user), 'suppressed')
        self.assertEqual(self.answers(user), 30)
        self.answer(user, notice, f'release {BOB}\r\n')
        self.assertEqual(self.state(user), 'suppressed')
        self.assertEqual(self.answers(user), 30)


class Forged(Case):
    """Neither carried out nor told: a mail like any other."""

    def key(self, user):
        line = pathlib.Path(self.home(user), 'dovecot-bounce.key').read_text()
        return bytes.fromhex(line.split()[0])

    def message_id(self, key, user, days=0):
        day = time.strftime('%Y%m%d', time.gmtime(time.time() - days * 86400))
        nonce = 'fa00112233445566'
        mac = hmac.new(key, f'notice\0{user}\0{day}\0{nonce}\0'.encode(),
                       hashlib.sha256).hexdigest()[:20]
        return f'<n.{day}.{nonce}.{mac}@mx.example.org>'

    def renamed(self, notice, mid):
        del notice['Message-ID']
        notice['Message-ID'] = mid
        return notice

    def test_mac(self):
        """The MAC as another program makes it; wrong, another user's, too old."""
        user, other = self.new_user(), self.new_user()
        notice = self.told(user)
        self.told(other)
        for mid in (self.message_id(bytes(32), user),
                    self.message_id(self.key(other), other),
                    self.message_id(self.key(user), other),
                    self.message_id(self.key(user), user, days=61),
                    self.message_id(self.key(user), user, days=-3),
                    '<n.1.2.3@mx.example.org>', '<1@example.org>'):
            self.answer(user, self.renamed(notice, mid), f'release {BOB}\r\n')
        self.assertEqual(self.state(user), 'suppressed')
        self.assertEqual(self.messages(user, 'INBOX'), 7)
        self.assertEqual(self.answers(user), 0)
        self.answer(user, self.renamed(notice, self.message_id(
            self.key(user), user, days=59)), f'release {BOB}\r\n')
        self.assertEqual(self.state(user), 'released')

    def test_another_user(self):
        """Bob has the notice that was forwarded to him."""
        user, bob = self.new_user(), self.new_user()
        notice = self.told(user)
        for to, sender in ((user, self.address(bob)), (bob, self.address(bob)),
                           (bob, self.address(user))):
            self.answer(bob, notice, f'release {BOB}\r\n', to=to, sender=sender)
        self.assert_untouched(user)
        self.assertEqual(self.messages(bob, 'INBOX'), 2)
        self.assertEqual(self.answers(bob), 0)

    def test_automatic(self):
        """A vacation answer, a list that sends it back, a null sender."""
        user = self.new_user()
        notice = self.told(user)
        for headers in ('Auto-Submitted: auto-replied (vacation)\r\n',
                        'Auto-Submitted: auto-generated\r\n',
                        'List-Id: <choir.example.org>\r\n',
                        'Precedence: bulk\r\n'):
            self.answer(user, notice, f'release {BOB}\r\n', headers=headers)
        self.answer(user, notice, f'release {BOB}\r\n', envelope='')
        self.assertEqual(self.state(user), 'suppressed')
        self.assertEqual(self.answers(user), 0)

    def test_sent_copy(self):
        """The user's own copy in Sent does nothing by itself."""
        user = self.new_user()
        notice = self.told(user)
        self.save_copy(user, self.letter(user, notice, f'release {BOB}\r\n'))
        self.assertEqual(self.state(user), 'suppressed')
        self.assertEqual(self.answers(user), 0)

    def test_forwarded(self):
        """The user forwards the notice to somebody, whose answer to all comes
        back."""
        user = self.new_user()
        notice = self.told(user)
        self.answer(user, notice, f'release {BOB}\r\n{quoted(notice)}',
                    sender='friend@example.com', trace=OUTSIDE,
                    envelope='friend@example.com')
        self.assert_untouched(user)

    def test_notice_comes_back(self):
        """Resent by the user, refused: a report about our own notice."""
        user = self.new_user()
        notice = self.told(user)
        report = harness.dsn('friend@example.com', user=self.address(user),
                             original_id=notice['Message-ID'])
        report = report.replace(b'\nSubject: Lunch\r\n', b'\nSubject: Lunch\r\n'
                                b'X-Bounce-Notice: v=1; kind=failure\r\n')
        report = report.replace(b'\nAuto-Submitted', b'\nIn-Reply-To: ' +
                                notice['Message-ID'].encode() +
                                b'\r\nAuto-Submitted', 1)
        self.lmtp(user, report, '')
        self.assertEqual(self.answers(user), 0)
        self.assertEqual(self.state(user), 'suppressed')


class Full(Case):
    """No room for the answer itself."""

    plugins = ['quota']
    conf23 = '''plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:messages=2
}
'''
    conf24 = '''quota "User quota" {
}
quota_message_count = 2
'''

    def test_not_saved(self):
        """Then it is refused, and nothing was changed."""
        user = self.new_user()
        notice = self.told(user)
        mail = self.letter(user, notice, f'release {BOB}\r\n')
        self.expect_log('Folder Bounces does not take the report')
        code, _ = self.lmtp(user, mail.encode(), self.address(user), check=False)
        self.assertIn(code, (452, 552))
        self.assertEqual(self.state(user), 'suppressed')
        self.assertEqual(self.kinds(user), ['failure'])
        self.assertEqual(self.log('Answer to a notice'), [])


class Down(Case, Proxied):
    """The dictionary does not answer."""

    sieve_bounce = False
    spare_users = 5

    def test_stays_and_says_so(self):
        self.expect_log('bounce: ')
        for mode in ('hang', 'cut', 'error'):
            user = self.new_user()
            notice = self.told(user)
            self.proxy.fail(mode)
            began = time.monotonic()
            self.answer(user, notice, f'release {BOB}\r\n')
            self.assertLess(time.monotonic() - began, LATE, mode)
            self.calm()
            self.assertEqual(self.state(user), 'suppressed')
            self.assertEqual(self.messages(user, 'INBOX'), 1)
            subject, text = self.result(user)
            self.assertEqual(subject, 'Your answer was not carried out')
            self.assertIn('cannot be reached', text)
            # the same once more, when it answers
            self.answer(user, notice, f'release {BOB}\r\n')
            self.assertEqual(self.state(user), 'released')
        # as Dovecot says from 2.4.2 on
        if self.log('- reconnected'):
            self.expect_log('- reconnected')


class TwoServers(Case):
    """One key for all backends, and no home that they share."""

    @classmethod
    def prepare(cls, server):
        cls.path = f'{server.dir}/keys'
        pathlib.Path(cls.path).write_text('11' * 32 + '\n', encoding='utf-8')
        pathlib.Path(cls.path).chmod(0o640)
        import shutil
        shutil.chown(cls.path, harness.MAIL_UID, harness.MAIL_UID)
        super().prepare(server)

    def test_answered_on_the_other(self):
        """The notice is another server's: only its Message-ID is known here."""
        user = self.new_user(bounce_token_key=self.path)
        notice = self.told(user)
        self.assertFalse(pathlib.Path(self.home(user),
                                      'dovecot-bounce.key').exists())
        forged = Forged.message_id(self, bytes.fromhex('11' * 32), user)
        self.answer(user, Forged.renamed(self, notice, forged),
                    f'release {BOB}\r\n')
        self.assertEqual(self.state(user), 'released')
