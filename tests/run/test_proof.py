"""Proof of life: what shows that an address works clears its record."""

import time

import harness
from test_sent import complaint, letter
from test_verified import Case


class Proof(Case):
    under_valgrind = ('test_answer', 'test_authenticated', 'test_success',
                      'test_receipt')
    bob = 'bob@example.net'

    def failed(self, **fields):
        """A user to whom bob has bounced, and the mail to him."""
        user = self.new_user(**fields)
        mail = letter(to=[self.bob], message_id=f'<m.{user}@example.org>',
                      sender=f'{user}@example.org')
        self.append(user, mail)
        self.report(user, mail, [self.bob])
        self.assertEqual(self.recorded(user), [self.bob])
        return user

    def mail(self, user, extra='', sender=bob, lda=False):
        text = harness.mail(to=f'{user}@example.org', sender=sender)
        text = extra.encode() + text
        if lda:
            self.lda(user, text, sender=self.bob)
        else:
            self.lmtp(user, text, sender=self.bob)

    def alive(self, user):
        return self.recorded(user) == []

    def test_answer(self):
        user = self.failed()
        self.mail(user, f'In-Reply-To: <m.{user}@example.org>\r\n')
        self.assertTrue(self.alive(user))
        self.assertEqual(self.flags(user), [{'\\Seen'}])
        self.assertTrue(self.log(r'Proof of life \(mail\): 1 records cleared'))

    def test_references_lda(self):
        user = self.failed()
        self.mail(user, f'References: <a@x> <m.{user}@example.org>\r\n <b@x>\r\n',
                  lda=True)
        self.assertTrue(self.alive(user))

    def test_nothing_says_so(self):
        user = self.failed()
        self.mail(user)
        self.mail(user, 'In-Reply-To: <other@example.org>\r\n')
        self.assertFalse(self.alive(user))

    def test_answer_of_somebody_else(self):
        """In a mail that was not sent to him."""
        user = self.failed()
        self.append(user, letter(to=['mallory@example.com'],
                                 message_id=f'<x.{user}@example.org>'))
        self.mail(user, f'In-Reply-To: <x.{user}@example.org>\r\n')
        self.assertFalse(self.alive(user))

    def test_authenticated(self):
        user = self.failed()
        for result in ('mx.example.org; dmarc=fail header.from=example.net',
                       'mx.elsewhere.example; dmarc=pass header.from=example.net',
                       'mx.example.org; spf=pass smtp.mailfrom=example.com'):
            self.mail(user, f'Authentication-Results: {result}\r\n')
            self.assertFalse(self.alive(user), result)
        # what he brought along stands below what we found out
        self.mail(user, 'Authentication-Results: mx.example.org; dmarc=fail\r\n'
                  'Authentication-Results: mx.example.org; dmarc=pass\r\n')
        self.assertFalse(self.alive(user))
        passed = ('Authentication-Results: mx.example.org;\r\n dkim=pass '
                  'header.d=example.net;\r\n dmarc=pass header.from=example.net\r\n')
        self.mail(user, passed + 'X-Spam-Flag: YES\r\n')
        self.assertFalse(self.alive(user))
        self.mail(user, passed + 'Auto-Submitted: auto-replied\r\n')
        self.assertFalse(self.alive(user))
        self.mail(user, passed, sender='eve@example.net')
        self.assertFalse(self.alive(user))
        # which of several senders was looked at?
        for sender in (f'{self.bob}, eve@example.net',
                       f'{self.bob}\r\nFrom: eve@example.net',
                       f'eve@example.net\r\nFrom: {self.bob}',
                       f'friends: {self.bob}, eve@example.net;',
                       '=?utf-8?q?' + self.bob.replace('@', '=40') + '?='):
            self.mail(user, passed, sender=sender)
            self.assertFalse(self.alive(user), sender)
        self.mail(user, passed)
        self.assertTrue(self.alive(user))

    def test_what_a_person_said_stays(self):
        user = self.failed()
        self.doveadm('bounce', 'add', '-u', user, self.bob)
        self.mail(user, f'In-Reply-To: <m.{user}@example.org>\r\n')
        self.assertFalse(self.alive(user))

    def test_what_a_complaint_said_stays(self):
        user = self.failed()
        mail = letter(to=[self.bob], sender=f'{user}@example.org')
        self.append(user, mail)
        self.lmtp(user, complaint(self.bob, f'{user}@example.org', mail))
        self.assertEqual(self.state(user, self.bob)['by'], 'complaint')
        self.mail(user, f'In-Reply-To: <m.{user}@example.org>\r\n')
        self.report(user, mail, [self.bob], action='delivered', status='2.0.0')
        self.assertFalse(self.alive(user))

    def test_success(self):
        user = self.failed()
        mail = letter(to=[self.bob], sender=f'{user}@example.org')
        for action, wanted in (('delayed', False), ('relayed', False),
                               ('delivered', True)):
            self.append(user, mail)
            self.report(user, mail, [self.bob], action=action, status='2.0.0',
                        diagnostic='250 2.0.0 Ok')
            self.assertEqual(self.alive(user), wanted, action)

    def test_forged_success(self):
        user = self.failed()
        self.lmtp(user, harness.dsn(self.bob, user=f'{user}@example.org',
                                    action='delivered', status='2.0.0'))
        self.assertFalse(self.alive(user))

    def receipt(self, user, message_id):
        return f'''From: {self.bob}
To: {user}@example.org
Subject: Read: Hello
Message-ID: <r.{time.monotonic_ns()}@example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification;
 boundary="b"

--b
Content-Type: text/plain

Your message was displayed.

--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822;{self.bob}
Original-Message-ID: {message_id}
Disposition: manual-action/MDN-sent-manually; displayed

--b--
'''.replace('\n', '\r\n')

    def test_receipt(self):
        user = self.failed()
        passed = ('Authentication-Results: mx.example.org; dkim=pass '
                  'header.d=example.net\r\n')
        self.lmtp(user, passed + self.receipt(user, '<guessed@example.org>'))
        self.assertFalse(self.alive(user))
        # anybody may write that
        self.lmtp(user, self.receipt(user, f'<m.{user}@example.org>'))
        self.assertFalse(self.alive(user))
        self.lmtp(user, passed + self.receipt(user, f'<m.{user}@example.org>'))
        self.assertTrue(self.alive(user))

    def test_record_no(self):
        user = self.new_user(bounce_record='no')
        self.mail(user, 'In-Reply-To: <x@example.org>\r\n')
        self.assertEqual(self.messages(user), 1)
