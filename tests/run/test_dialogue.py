"""A new user, without a shell: sends to 60, reads what became of it by IMAP, answers
it, sends again. Real submission, a real Postfix, its reports, LMTP.

BOUNCE_DIALOGUE=FILE: write the dialogue there.
"""

import email
import email.policy
import email.utils
import os
import smtplib
import time

import harness
from test_circle import Behind
from test_sent import SentCase

REFUSED = {
    'anna@example.net': '550 5.1.1 <anna@example.net>: Recipient address rejected: '
                        'User unknown',
    'ben@example.net': '550 5.1.1 No such user here',
    'carl@example.com': '550 5.1.1 The email account that you tried to reach does '
                        'not exist',
    'dora@example.com': '550 5.1.1 Mailbox unavailable: no such user',
    'emil@gmial.com': '550 5.1.1 No such user here',
    'fay@example.net': '552 5.2.2 Mailbox full',
    'gus@example.com': '552 5.2.2 Over quota',
    'hal@example.net': '550 5.2.1 Account disabled',
    'ida@example.com': '550 5.2.1 This account has been disabled',
    'jan@blocker.example': '554 5.7.1 Client host [192.0.2.1] blocked using '
                           'zen.spamhaus.org',
    'kim@blocker.example': '554 5.7.1 Client host [192.0.2.1] blocked using '
                           'zen.spamhaus.org',
    'leo@small.example': '552 5.3.4 Message size exceeds fixed limit',
}
GOOD = [f'member{i:02}@example.net' for i in range(48)]


class Dialogue(Behind, SentCase):

    settings = {'bounce_sender_checked': 'no'}

    def setUp(self):
        super().setUp()
        self.lines = []

    def say(self, *lines):
        self.lines.extend(lines)

    def write(self, user, to, subject, body, headers=''):
        return (f'From: Alice <{user}@example.org>\r\nTo: {to}\r\n'
                f'Subject: {subject}\r\nDate: {email.utils.formatdate()}\r\n'
                f'Message-ID: {email.utils.make_msgid(domain="laptop.example")}\r\n'
                f'{headers}\r\n{body}').encode()

    def send(self, user, mail, to):
        """As a client does: submit, then save the copy."""
        client = self.submission(user)
        client.sendmail(f'{user}@example.org', to, mail)
        client.quit()
        self.append(user, mail)
        self.say(f'C: submits to {len(to)} recipients: 250; APPEND Sent')

    def wait_inbox(self, user, count, last=''):
        """The INBOX by IMAP once it has so many, the last with that subject."""
        imap = self.imap(user)
        deadline = time.monotonic() + 30 * harness.SLOW
        while True:
            imap.select('INBOX', readonly=True)
            found = imap.uid('SEARCH', 'ALL')[1][0].split()
            mails = []
            for uid in found:
                _, data = imap.uid('FETCH', uid.decode(), '(BODY.PEEK[])')
                if data[0]:
                    mails.append(email.message_from_bytes(
                        data[0][1], policy=email.policy.default))
            if len(mails) == count and (not mails or last in mails[-1]['Subject']):
                imap.logout()
                return mails
            if time.monotonic() > deadline:
                self.fail(f'{[mail["Subject"] for mail in mails]}\n'
                          f'{self.postfix.log()[-3000:]}')
            time.sleep(0.2)

    def show(self, mail, brief=False):
        """What the user reads; brief: without what stands below each item."""
        self.say('S: INBOX has: ' + mail['Subject'])
        for line in mail.get_body(('plain',)).get_content().splitlines():
            if line.strip() and not (brief and line.startswith('      ')):
                self.say('   | ' + line)

    def reply(self, user, mail, body, plain):
        """The client's Reply: to Reply-To, with the notice quoted below."""
        quoted = ''.join('> ' + line + '\r\n' for line in
                         mail.get_body(('plain',)).get_content().splitlines())
        out = self.write(
            user, mail['Reply-To'], 'Re: ' + mail['Subject'],
            f'{body}\r\nOn {mail["Date"]}, Mail delivery wrote:\r\n{quoted}',
            f'In-Reply-To: {mail["Message-ID"]}\r\nReferences: '
            f'{mail["Message-ID"]}\r\n')
        if plain:
            client = smtplib.SMTP('127.0.0.1', self.postfix.port)
        else:
            client = self.submission(user)
        client.sendmail(f'{user}@example.org', [mail['Reply-To']], out)
        client.quit()
        self.say('C: replies' + (' through Postfix alone' if plain else
                                 ' through dovecot-submissiond') + ':',
                 *('   | ' + line for line in body.splitlines()))
        return out

    def state(self, user, address):
        row = [row for row in self.doveadm_json('bounce', 'list', '-u', user)
               if row['address'] == address]
        return row[0]['state'] if row else None

    def test_dialogue(self):
        user = self.new_user()
        everybody = GOOD + list(REFUSED)
        self.remote.refuse.update(REFUSED)
        self.say('# A new user, over submission and IMAP only', '')
        mail = self.write(user, ', '.join(everybody), 'Choir: new times', 'See you.\r\n')
        self.send(user, mail, everybody)
        summary, = self.wait_inbox(user, 1, '12 not delivered')
        self.assertEqual(summary['Reply-To'], f'{user}@example.org')
        text = summary.get_body(('plain',)).get_content()
        for words in ('Sent to: 60', 'Failed: 12', 'Arrived, as far as is known: 48',
                      '20.0 % did not arrive', 'anna@example.net', '“stop”',
                      'Did you mean:'):
            self.assertIn(words, text)
        csv, = summary.iter_attachments()
        header, *rows = csv.get_content().splitlines()
        self.assertEqual(len(rows), 12)
        self.assertIn('"Did you mean","Words"', header)
        self.assertEqual([row for row in rows if 'emil@gmail.com' in row],
                         [row for row in rows if 'emil@gmial.com' in row])
        self.show(summary, brief=True)

        # first as on a site whose relay is Postfix and nothing of ours
        out = self.reply(user, summary, 'correct emil@gmial.com emil@gmail.com\r\n'
                         'never hal@example.net, ida@example.com\r\n'
                         'release fay@example.net\r\n', plain=True)
        waiting = self.wait_inbox(user, 3, 'was not carried out yet')
        self.say('S: INBOX has: ' + waiting[-1]['Subject'] + ' (it waits for its '
                 'copy)', 'C: APPEND Sent')
        self.append(user, out)
        mails = self.wait_inbox(user, 3, 'was carried out')
        self.show(mails[-1])
        self.assertEqual([self.state(user, address) for address in (
            'emil@gmial.com', 'hal@example.net', 'ida@example.com',
            'fay@example.net')],
            ['corrected', 'suppressed', 'suppressed', 'released'])

        # a slip, through submission: it says what can be answered
        self.reply(user, mails[-1], 'remov anna@example.net\r\n', plain=False)
        mails = self.wait_inbox(user, 5, 'was not carried out')
        self.say('S: INBOX has: ' + mails[-1]['Subject'] +
                 ' (and what can be answered)')
        self.reply(user, mails[-1], 'remove anna@example.net\r\n', plain=False)
        mails = self.wait_inbox(user, 6, 'was carried out')
        self.show(mails[-1])
        self.assertIsNone(self.state(user, 'anna@example.net'))

        # again, without those who failed for good, with the right address
        del self.remote.refuse['fay@example.net']
        again = [*GOOD, 'emil@gmail.com', 'fay@example.net']
        before = len(self.remote.delivered)
        self.send(user, self.write(user, ', '.join(again), 'Choir: new times, again',
                                   'See you.\r\n'), again)
        deadline = time.monotonic() + 20 * harness.SLOW
        while (sum(len(rcpts) for _, rcpts, _ in self.remote.delivered[before:])
               < len(again) and time.monotonic() < deadline):
            time.sleep(0.1)
        self.wait_inbox(user, 6, 'was carried out')
        self.say(f'S: all {len(again)} arrive, INBOX has nothing new')
        if os.environ.get('BOUNCE_DIALOGUE'):
            with open(os.environ['BOUNCE_DIALOGUE'], 'w', encoding='utf-8') as file:
                file.write('\n'.join(self.lines).replace(user, 'alice') + '\n')
