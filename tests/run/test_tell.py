"""Our own mail to the person: when it is written, where, by what it is replaced."""

import concurrent.futures
import email
import email.policy
import email.utils
import os
import re

import harness
from test_waiting import Proxied


# on top of what somebody outside handed to our MTA
STRANGER = ('Received: from mail.evil.example (mail.evil.example [192.0.2.66])'
            ' by mx.example.org (Postfix) with ESMTP id 1; x\r\n')


def parse(data):
    return email.message_from_bytes(data, policy=email.policy.default)


class Case(harness.TestCase):
    sieve = False
    conf = '''namespace inbox {
  mailbox Sent {
    special_use = \\Sent
  }
}
'''

    def report(self, user, rcpts, mid='<1@example.org>', subject='Lunch',
               headers='', sender=None, hop=None, trace='', **kwargs):
        mail = harness.dsn(rcpts, original_id=mid,
                           user=sender or self.address(user), **kwargs)
        if hop:
            mail = mail.replace(b'from client.example.org by mx.example.org with '
                                b'ESMTPSA', f'{hop} by mx.example.org with '
                                f'ESMTP'.encode())
        before, after = mail.split(b'\nSubject: Lunch\r\n')
        self.lmtp(user, trace.encode() + before + f'\nSubject: {subject}\r\n{headers}'.encode()
                  + after, sender='')

    def address(self, user):
        return f'{user}@example.org'

    def sent(self, user, *mids, count=None, subject='Lunch'):
        """Save copies to Sent, which makes reports verified: to so many, or the
        first to m0, the second to m1 ...; "{}" in the subject is the number."""
        client = self.imap(user)
        client.create('Sent')
        for number, mid in enumerate(mids):
            people = ', '.join(f'm{i}@example.net' for i in (
                range(count) if count else [number]))
            client.append('Sent', None, None, (
                f'From: {self.address(user)}\r\nTo: {people}\r\nSubject: '
                f'{subject.format(number)}\r\n'
                f'Date: {email.utils.formatdate()}\r\nMessage-ID: '
                f'{mid}\r\n\r\nText.\r\n').encode())
        client.logout()

    def notices(self, user, mailbox='INBOX'):
        """[(flags, mail)] of our notices."""
        return [(flags, parse(data)) for flags, data in
                self.fetch(user, mailbox, notices=True)]

    def notice(self, user, mailbox='INBOX'):
        (_, mail), = self.notices(user, mailbox)
        return mail

    def text(self, user):
        return self.notice(user).get_body(('plain',)).get_content()

    def kinds(self, user, mailbox='INBOX'):
        return [re.search(r'kind=(\w+)', mail['X-Bounce-Notice']).group(1)
                for _, mail in self.notices(user, mailbox)]

    def store(self, user, flags, mailbox='INBOX'):
        client = self.imap(user)
        client.select(mailbox)
        client.store('1:*', '+FLAGS', flags)
        client.logout()


class Failure(Case):

    def test_whole(self):
        """One notice: who, why, the server's words, where the report is."""
        user = self.new_user()
        self.report(user, 'bob@gmial.com')
        (flags, mail), = self.notices(user)
        self.assertIn('$BounceNotice', flags)
        self.assertNotIn('\\Seen', flags)
        self.assertEqual(mail['Subject'], 'Not delivered: Lunch')
        self.assertEqual(mail['In-Reply-To'], '<1@example.org>')
        self.assertEqual(mail['Return-Path'], '<>')
        self.assertEqual(mail['To'], f'{user}@mx.example.org')
        self.assertEqual(mail['Reply-To'], f'{user}@mx.example.org')
        text = self.text(user)
        for words in ('bob@gmial.com', 'Nobody has this address', 'bob@gmail.com',
                      '> 550 5.1.1 No such user here', '“Bounces”'):
            self.assertIn(words, text)
        self.assertEqual(self.messages(user, 'Bounces'), 1)

    def test_not_recorded(self):
        """A slip that is no address has no record; what was filed is told
        nevertheless."""
        user = self.new_user()
        self.report(user, 'bob@example..net')
        self.assertEqual(self.doveadm_json('bounce', 'list', '-u', user), [])
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        self.assertEqual(self.kinds(user), ['failure'])

    def test_replaced(self):
        """A later failure of the same mail: one notice that names both."""
        user = self.new_user()
        self.report(user, 'bob@example.net')
        self.report(user, 'ann@example.net')
        text = self.text(user)
        self.assertIn('2 recipients', text)
        self.assertIn('bob@example.net', text)
        self.assertIn('ann@example.net', text)

    def test_read(self):
        """What was read stays, and a second one says what is new."""
        for flag in ('\\Seen', '\\Flagged', '\\Answered'):
            user = self.new_user()
            self.report(user, 'bob@example.net')
            self.store(user, flag)
            self.report(user, 'ann@example.net')
            first, second = [mail.get_body(('plain',)).get_content()
                             for _, mail in self.notices(user)]
            self.assertIn('bob@example.net', first)
            self.assertIn('ann@example.net', second)
            self.assertNotIn('bob@example.net', second)

    def test_deleted(self):
        """A notice that was deleted is not written again."""
        user = self.new_user()
        self.report(user, 'bob@example.net', message_id='<r1@x>')
        self.store(user, '\\Deleted')
        client = self.imap(user)
        client.select('INBOX')
        client.expunge()
        client.logout()
        self.report(user, 'bob@example.net', message_id='<r1@x>')
        self.assertEqual(self.notices(user), [])

    def test_again(self):
        """The same report twice, another one of the same failure: one notice."""
        user = self.new_user()
        self.report(user, 'bob@example.net', message_id='<r1@x>')
        self.report(user, 'bob@example.net', message_id='<r1@x>')
        self.report(user, 'bob@example.net', message_id='<r2@x>')
        self.assertEqual(self.kinds(user), ['failure'])

    def test_mails_of_one_subject(self):
        """The third mail of a subject: one summary in place of both notices."""
        user = self.new_user()
        self.sent(user, *[f'<{i}@example.org>' for i in range(10)])
        for i in range(2):
            self.report(user, f'm{i}@example.net', mid=f'<{i}@example.org>')
        self.assertEqual(self.kinds(user), ['failure', 'failure'])
        self.report(user, 'm2@example.net', mid='<2@example.org>')
        self.assertEqual(self.kinds(user), ['broadcast'])
        mail = self.notice(user)
        self.assertEqual(mail['Subject'], '3 not delivered: Lunch')
        csv, = mail.iter_attachments()
        self.assertEqual(csv.get_filename(), 'failed-addresses.csv')
        self.assertEqual(csv.get_content().count('@example.net'), 3)
        # three of a few are no share
        self.assertNotIn('ordinary', self.text(user))
        # what is filed is told
        self.report(user, 'm3@example.net', mid='<3@example.org>')
        self.assertEqual(self.notice(user)['Subject'], '4 not delivered: Lunch')
        # one that was read is followed by another when it is ten
        self.store(user, '\\Seen')
        for i in range(4, 10):
            self.report(user, f'm{i}@example.net', mid=f'<{i}@example.org>')
        self.assertEqual([mail['Subject'] for _, mail in self.notices(user)],
                         ['4 not delivered: Lunch', '10 not delivered: Lunch'])

    def test_one_address_of_many_mails(self):
        """Three mails that did not reach one person: one recipient."""
        user = self.new_user()
        self.report(user, 'bob@example.net', mid='<0@example.org>', status='5.2.2',
                    diagnostic='552 5.2.2 Mailbox full')
        for i in range(1, 3):
            self.report(user, 'bob@example.net', mid=f'<{i}@example.org>')
        self.assertEqual(self.kinds(user), ['broadcast'])
        # with what is final
        self.assertIn('Nobody has this address', self.text(user))
        self.assertEqual(self.notice(user)['Subject'], '1 not delivered: Lunch')
        csv, = self.notice(user).iter_attachments()
        self.assertEqual(csv.get_content().count('bob@example.net'), 1)
        self.assertIn(',"5.1.1",', csv.get_content())

    def test_at_once(self):
        """Reports of one mail that come together: one notice names all."""
        users = [self.new_user() for _ in range(3)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda each: self.report(each[0], f'm{each[1]}@example.net'),
                          [(user, i) for user in users for i in range(4)]))
        for user in users:
            text = self.text(user)
            for i in range(4):
                self.assertIn(f'm{i}@example.net', text)

    def test_perhaps_ours(self):
        """Mails that are only perhaps ours: said so, and one summary a day."""
        user = self.new_user()
        for i in range(3):
            self.report(user, f'm{i}@example.net', mid=f'<{i}@example.org>',
                        subject=f'Mail {i}', hop='from crm (crm [10.0.0.7])')
            self.assertIn('cannot be proven', self.notices(user)[-1][1].get_body(
                ('plain',)).get_content())
        self.assertEqual(self.kinds(user), ['broadcast'])
        self.assertEqual(self.notice(user)['Subject'],
                         '3 not delivered: (several mails)')

    def test_summary_was_read(self):
        """Different mails: what fails after the summary was read is told, too, within
        the cap of an hour; the rest is not filed."""
        user = self.new_user()
        for i in range(24):
            self.report(user, f'm{i}@example.net', mid=f'<{i}@example.org>',
                        subject=f'Mail {i}', hop='from crm (crm [10.0.0.7])')
            if i >= 2:
                self.store(user, '\\Seen')
            if i in (3, 5, 9, 17):
                last = self.notices(user)[-1][1]
                self.assertEqual(last['Subject'],
                                 f'{i + 1} not delivered: (several mails)')
                self.assertIn(f'm{i}@example.net', last.get_body(
                    ('plain',)).get_content())
        # two single notices went before the first summary
        self.assertEqual(self.kinds(user), ['broadcast'] * 18 + ['limit'])
        self.assertEqual(self.messages(user, 'Bounces'), 20)
        self.assertEqual(self.messages(user, 'INBOX'), 4)

    def test_broadcast_was_read(self):
        """Mail to many: read, it is followed by another at the steps only."""
        user = self.new_user()
        self.sent(user, '<1@example.org>', count=100)
        for i in range(9):
            self.report(user, f'm{i}@example.net')
            self.store(user, '\\Seen')
        self.assertEqual([mail['Subject'].split()[0] for _, mail in self.notices(user)],
                         ['1', '2', '5'])
        self.assertEqual(self.messages(user, 'Bounces'), 9)

    def test_stranger(self):
        """Perhaps true: three a day, without a word of theirs; the rest is not
        filed."""
        user = self.new_user()
        self.sent(user, *[f'<{i}@example.org>' for i in range(5)])
        for i in range(5):
            self.report(user, f'm{i}@example.net', mid=f'<{i}@example.org>',
                        trace=STRANGER, diagnostic='550 buy at http://evil.example')
        notices = self.notices(user)
        self.assertGreater(len(notices), 0)
        for _, mail in notices:
            text = mail.get_body(('plain',)).get_content()
            self.assertNotIn('evil', text)
            self.assertIn('cannot be proven', text)
        self.assertEqual(self.messages(user, 'INBOX')
                         + self.messages(user, 'Bounces'), 5)

    def test_stranger_says_the_subject(self):
        """It is that of the copy, whatever mail the report returns; of none, none."""
        user, other = self.new_user(), self.new_user()
        self.sent(user, '<0@example.org>')
        self.report(user, 'm0@example.net', mid='<0@example.org>', trace=STRANGER,
                    subject='Log in at http://evil.example')
        ((_, mail),) = self.notices(user)
        text = mail.get_body(('plain',)).get_content()
        self.assertIn('Lunch', mail['Subject'])
        self.assertIn('Lunch', text)
        self.assertNotIn('evil', mail['Subject'] + text)
        # nor does the address's own side
        self.sent(other, '<1@example.org>')
        self.report(other, 'm0@example.net', subject='Log in at http://evil.example')
        ((_, mail),) = self.notices(other)
        self.assertIn('Lunch', mail['Subject'])

    def test_known_address_was_delivered_to(self):
        """That an address is known proves nothing of another that failed."""
        user = self.new_user()
        self.sent(user, '<1@example.org>')
        mail = harness.dsn(['m0@example.net', 'member@example.com'],
                           original_id='<1@example.org>', user=self.address(user))
        first, second = mail.split(b'Action: failed', 1)
        self.lmtp(user, STRANGER.encode() + first + b'Action: expanded' + second,
                  sender='')
        self.assertEqual(self.messages(user, 'INBOX'), 1)
        self.assertEqual(self.kinds(user), [])

    def test_broadcast(self):
        """A mail to many: the summary with the first failure, with its figures."""
        user = self.new_user()
        self.sent(user, '<1@example.org>', count=40)
        self.report(user, 'm0@example.net')
        self.assertEqual(self.kinds(user), ['broadcast'])
        text = self.text(user)
        self.assertIn('Sent to: 40', text)
        self.assertIn('2.5 % did not arrive', text)
        self.report(user, [f'm{i}@example.net' for i in range(1, 8)])
        text = self.text(user)
        self.assertIn('Failed: 8', text)
        self.assertIn('The share is: far too high', text)

    def test_many_without_copy(self):
        """What failed for so many went to many, also where nobody saved a copy: one
        summary with the list, whether it is proven or not."""
        many = [f'm{i}@example.net' for i in range(25)]
        for trace in (True, False):
            user = self.new_user()
            self.report(user, many, mid='<1@crm.example>', **(
                {} if trace else {'hop': 'Received: from c (c [10.0.0.7])'}))
            self.assertEqual(self.kinds(user), ['broadcast'])
            self.assertEqual(self.notice(user)['Subject'], '25 not delivered: Lunch')
            self.assertIn('failed-addresses.csv', str(self.notice(user)))
            self.assertEqual(self.messages(user, 'Bounces'), 1)
            # one more of the same mail
            self.report(user, ['m25@example.net'], mid='<1@crm.example>', **(
                {} if trace else {'hop': 'Received: from c (c [10.0.0.7])'}))
            self.assertEqual(self.kinds(user), ['broadcast'])

    def test_language(self):
        """The mail's own, then remembered; a setting wins; a draft never."""
        user = self.new_user()
        self.report(user, 'bob@example.net', headers='Content-Language: de-AT\r\n')
        self.assertEqual(self.notice(user)['Content-Language'], 'de')
        self.assertIn('Lunch', self.notice(user)['Subject'])
        self.report(user, 'ann@example.net', subject='Dinner',
                    mid='<2@example.org>')
        self.assertEqual([mail['Content-Language'] for _, mail in
                          self.notices(user)], ['de', 'de'])
        row, = self.doveadm_json('bounce', 'get', '-u', user, 'bob@example.net')
        self.assertIn('Diese Adresse gibt es', row['meaning'])
        user = self.new_user(bounce_language='fr')
        self.report(user, 'bob@example.net', headers='Content-Language: de\r\n')
        self.assertEqual(self.notice(user)['Content-Language'], 'fr')
        user = self.new_user()
        self.report(user, 'bob@example.net',
                    headers='Accept-Language: tlh, es-MX;q=0.8, en\r\n')
        self.assertEqual(self.notice(user)['Content-Language'], 'es')

    def test_mailbox(self):
        user = self.new_user(bounce_notice_mailbox='Notices')
        self.report(user, 'bob@example.net')
        self.report(user, 'ann@example.net')
        self.assertEqual(self.kinds(user, 'Notices'), ['failure'])
        self.assertEqual(self.messages(user, 'INBOX'), 0)
        self.assertIn('Notices', self.mailboxes(user))

    def test_mailbox_is_broken(self):
        """What cannot be told there is told in INBOX."""
        self.expect_log('Notice is in INBOX, as Notices fails: |Mailbox Notices: ')
        # it cannot be saved, or not be committed
        for number, names in enumerate((['tmp', 'new', 'cur'], ['new', 'cur']), 1):
            user = self.new_user(bounce_notice_mailbox='Notices')
            self.report(user, 'bob@example.net')
            folder = f'{self.home(user)}/Maildir/.Notices'
            for name in names:
                os.chmod(f'{folder}/{name}', 0o500)
            self.report(user, 'ann@example.net', mid='<2@example.org>')
            self.assertEqual(self.kinds(user), ['failure'])
            self.assertIn('ann@example.net', self.text(user))
            self.assertEqual(self.messages(user, 'Bounces'), 2)
            self.count_log('Notice is in INBOX', number)
        # and it is replaced there, as long as nobody read it
        self.report(user, 'eve@example.net', mid='<2@example.org>')
        self.assertIn('eve@example.net', self.text(user))

    def test_limit(self):
        """Twenty an hour, then one that says so; the rest stay in INBOX."""
        user = self.new_user()
        self.sent(user, *[f'<{i}@example.org>' for i in range(23)],
                  subject='Mail {}')
        for i in range(23):
            self.report(user, f'm{i}@example.net', mid=f'<{i}@example.org>',
                        subject=f'Mail {i}')
        self.assertEqual(self.kinds(user).count('failure'), 20)
        self.assertEqual(self.kinds(user).count('limit'), 1)
        self.assertEqual(self.messages(user, 'Bounces'), 20)
        self.assertEqual(self.messages(user, 'INBOX'), 3)

    def test_limit_at_once(self):
        """Reports that come together at the twentieth: what is filed is told."""
        user = self.new_user()
        self.sent(user, *[f'<{i}@example.org>' for i in range(30)],
                  subject='Mail {}')
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: self.report(
                user, f'm{i}@example.net', mid=f'<{i}@example.org>',
                subject=f'Mail {i}'), range(30)))
        filed = self.messages(user, 'Bounces')
        self.assertEqual(self.kinds(user).count('failure'), filed)
        self.assertEqual(self.messages(user, 'INBOX'), 30 - filed)
        # as many more as were between plan and notice
        self.assertIn(filed, range(20, 28))

    def test_full_list(self):
        """What fails beyond the 200 that are remembered is told like any other."""
        many = [f'm{i}@example.net' for i in range(200)]
        user = self.new_user(bounce_notice='failure')
        self.report(user, many)
        # another mail to one who is listed, a new one, one more of the first
        for mid, address in (('<2@example.org>', 'm5@example.net'),
                             ('<3@example.org>', 'new@example.net'),
                             ('<1@example.org>', 'late@example.net')):
            self.report(user, address, mid=mid)
            last = self.notices(user)[-1][1].get_body(('plain',)).get_content()
            self.assertIn(address, last)
            self.assertNotIn('m7@example.net', last)
        self.assertEqual(self.kinds(user), ['failure'] * 4)
        self.assertEqual(self.messages(user, 'Bounces'), 4)
        # the same report again is no news
        self.report(user, 'late@example.net')
        self.assertEqual(self.kinds(user), ['failure'] * 4)

    def test_full_list_of_a_summary(self):
        """At the steps it names the latest, and says how many there are."""
        user = self.new_user()
        self.report(user, [f'm{i}@example.net' for i in range(200)])
        self.report(user, [f'n{i}@example.net' for i in range(300)])
        self.assertEqual(self.kinds(user), ['broadcast'])
        self.assertEqual(self.notice(user)['Subject'], '500 not delivered: Lunch')
        csv, = self.notice(user).iter_attachments()
        self.assertIn('n0@example.net', csv.get_content())
        self.assertNotIn('m0@example.net', csv.get_content())

    def test_erase(self):
        user = self.new_user()
        self.report(user, ['bob@example.net', 'ann@example.net'])
        with open(f'{self.home(user)}/dovecot-bounce.dict',
                  encoding='utf-8') as file:
            self.assertIn('bob@example.net', file.read())
        self.doveadm('bounce', 'erase', '-u', user, 'Bob@example.net')
        with open(f'{self.home(user)}/dovecot-bounce.dict',
                  encoding='utf-8') as file:
            left = file.read()
        self.assertNotIn('bob@example.net', left)
        self.assertIn('ann@example.net', left)


class Merge(Case):

    def test_merge(self):
        """500 single mails of one subject, of which 60 fail: one summary."""
        user = self.new_user()
        self.sent(user, *[f'<{i}@example.org>' for i in range(500)],
                  subject='Your invoice')
        for i in range(60):
            self.report(user, f'm{i}@example.net', mid=f'<{i}@example.org>',
                        subject='Your invoice')
        self.assertEqual(self.kinds(user), ['broadcast'])
        mail = self.notice(user)
        # the last one that was due was written at 50
        self.assertEqual(mail['Subject'], '50 not delivered: Your invoice')
        text = self.text(user)
        self.assertIn('Sent to: 500', text)
        self.assertIn('10.0 % did not arrive', text)
        csv, = mail.iter_attachments()
        self.assertEqual(csv.get_content().count('@example.net'), 50)
        self.assertEqual(self.messages(user, 'Bounces'), 60)


class Recovered(Case):

    def answer(self, user):
        self.lmtp(user, b'In-Reply-To: <2@example.org>\r\n' + harness.mail(
            sender='m0@example.net', to=self.address(user)),
            sender='m0@example.net')

    def test_recovered(self):
        """Where it is asked for, and of what was blocked."""
        users = []
        for value, wanted in (('failure,recovered', ['recovered']),
                              ('failure,broadcast', [])):
            user = self.new_user(bounce_notice=value)
            users.append(user)
            self.sent(user, '<1@example.org>')
            self.sent(user, '<2@example.org>')
            self.report(user, 'm0@example.net')
            self.answer(user)
            self.assertEqual(self.kinds(user), ['failure'] + wanted)
            self.assertEqual(self.doveadm_json('bounce', 'list', '-u', user), [])
        (_, _), (_, mail) = self.notices(users[0])
        self.assertIn('m0@example.net', mail.get_body(('plain',)).get_content())

    def test_two_in_a_report(self):
        """One report says that both were reached; only one had been blocked."""
        user = self.new_user(bounce_notice='recovered')
        self.sent(user, '<1@example.org>', count=2)
        both = ['m0@example.net', 'm1@example.net']
        self.report(user, both[0], status='5.2.2', diagnostic='552 5.2.2 Full')
        self.report(user, both[1])
        self.assertEqual([row['state'] for row in self.doveadm_json(
            'bounce', 'list', '-u', user)], ['watched', 'suppressed'])
        self.report(user, both, action='delivered', status='2.0.0',
                    diagnostic='250 2.0.0 Ok')
        text = self.text(user)
        self.assertIn('m1@example.net', text)
        self.assertNotIn('m0@example.net', text)


class Flood(Case):

    def test_flood(self):
        """Reports about other people's mail: those beyond twenty are filed, and one
        notice says how many, without a word of theirs."""
        user = self.new_user()
        for i in range(24):
            self.report(user, f'm{i}@example.net', mid=f'<{i}@evil.example>',
                        trace=STRANGER, message_id=f'<r{i}@evil.example>')
        self.assertEqual(self.kinds(user), ['flood'])
        text = self.text(user)
        self.assertIn('20 such reports came within an hour', text)
        self.assertNotIn('example.net', text)
        self.assertEqual(self.messages(user, 'INBOX'), 20)
        self.assertEqual(self.messages(user, 'Bounces'), 4)

    def test_not_wanted(self):
        """Who wants no notice keeps them all in INBOX."""
        user = self.new_user(bounce_notice='no')
        for i in range(22):
            self.report(user, f'm{i}@example.net', mid=f'<{i}@evil.example>',
                        trace=STRANGER, message_id=f'<r{i}@evil.example>')
        self.assertEqual(self.notices(user), [])
        self.assertEqual(self.messages(user, 'INBOX'), 22)


class LimitCut(Case, Proxied):
    """The dict server is cut off as the notice of the limit was written."""

    relay = True

    def test_limit_cut(self):
        self.expect_log('bounce: ')
        self.expect_log('dict|[Cc]onnection|refused')
        told = 0
        # around the commit
        for at in range(7, 11):
            self.calm()
            user = self.new_user()
            for i in range(20):
                self.report(user, f'm{i}@example.net', mid=f'<{i}@example.org>',
                            subject=f'Mail {i}')
            self.proxy.fail('cut', at)
            self.report(user, 'm20@example.net', mid='<20@example.org>',
                        subject='Mail 20')
            self.calm()
            kinds = self.kinds(user)
            self.assertLessEqual(kinds.count('limit'), 1)
            told += kinds.count('limit')
            # it is not that mail's own: nothing replaces it
            self.report(user, 'n20@example.net', mid='<20@example.org>',
                        subject='Mail 20')
            after = self.kinds(user)
            self.assertEqual(after.count('failure'), kinds.count('failure'), at)
            self.assertEqual(after.count('limit'), 1, at)
        self.assertGreater(told, 0)


class Requests(Case, Proxied):
    """What notices ask the dictionary for."""

    sieve_bounce = False

    def test_ordinary(self):
        """Nothing, but for a report."""
        user = self.new_user()
        self.report(user, 'bob@example.net')
        self.assertEqual(self.kinds(user), ['failure'])
        before = self.proxy.commands
        for _ in range(5):
            self.lmtp(user, harness.mail(), sender='carol@example.net')
        self.assertEqual(self.proxy.commands, before)
        self.report(user, 'ann@example.net')
        self.assertGreater(self.proxy.commands, before)


class NotTold(Case):

    def test_off(self):
        """Off, or off for that kind: what is not told is not filed."""
        for value in ('no', 'broadcast'):
            user = self.new_user(bounce_notice=value)
            self.report(user, 'bob@example.net')
            self.assertEqual(self.notices(user), [])
            row, = self.doveadm_json('bounce', 'list', '-u', user)
            self.assertEqual(row['address'], 'bob@example.net')
            self.assertEqual(self.messages(user, 'INBOX'), 1)
            self.assertEqual(self.messages(user, 'Bounces'), 0)

    def test_one_kind(self):
        """What will be the other kind stays where it would be without us."""
        # a summary is not wanted: each is told by itself
        for setting, kinds, filed in (('failure', ['failure'] * 2, 2),
                                      ('broadcast', ['broadcast'], 1)):
            user = self.new_user(bounce_notice=setting)
            self.sent(user, '<single@example.org>')
            self.sent(user, '<many@example.org>', count=40, subject='News')
            self.report(user, ['m0@example.net'], mid='<single@example.org>')
            self.report(user, ['m1@example.net'], mid='<many@example.org>',
                        subject='News')
            self.assertEqual(self.kinds(user), kinds)
            self.assertEqual(self.messages(user, 'Bounces'), filed)
            self.assertEqual(self.messages(user, 'INBOX'), 2 - filed)

    def test_few_failed(self):
        """Many are named, and one failed: that is no summary."""
        user = self.new_user(bounce_notice='broadcast')
        self.sent(user, '<1@example.org>', count=2)
        report = harness.dsn([f'm{i}@example.net' for i in range(25)],
                             original_id='<1@example.org>', action='relayed',
                             user=self.address(user))
        self.lmtp(user, report.replace(b'Action: relayed', b'Action: failed', 1))
        self.assertEqual(self.notices(user), [])
        self.assertEqual(self.messages(user, 'Bounces'), 0)
        self.assertEqual(self.messages(user, 'INBOX'), 1)

    def test_unverified(self):
        user = self.new_user()
        self.report(user, 'bob@example.net', trace=STRANGER)
        self.assertEqual(self.notices(user), [])

    def test_scan(self):
        """Neither scan nor import tells anything."""
        user = self.new_user()
        self.report(user, 'bob@example.net')
        client = self.imap(user)
        client.select('INBOX')
        client.store('1:*', '+FLAGS', '\\Deleted')
        client.expunge()
        client.logout()
        os.unlink(f'{self.home(user)}/dovecot-bounce.dict')
        self.doveadm('bounce', 'scan', '-u', user)
        self.assertEqual(len(self.doveadm_json('bounce', 'list', '-u', user)), 1)
        self.assertEqual(self.messages(user, 'INBOX'), 0)

    def test_ordinary(self):
        """A delay, an ordinary mail: nothing."""
        user = self.new_user()
        self.report(user, 'bob@example.net', action='delayed', status='4.4.1')
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        self.assertEqual(self.notices(user), [])

    def test_wrong_setting(self):
        user = self.new_user(bounce_notice='pigeon')
        self.expect_log('Setting bounce_notice = pigeon is wrong')
        self.report(user, 'bob@example.net')
        self.assertEqual(self.kinds(user), ['failure'])

    def test_wrong_mailbox(self):
        """No name of a mailbox: they are told in INBOX."""
        # the last is Latin-1, at which Dovecot itself would end
        for name in ('../x', 'a//b', 'R\udcfcck'):
            user = self.new_user(bounce_notice_mailbox=name)
            self.expect_log('Setting bounce_notice_mailbox = '
                            f'{name[:1]}.*{name[-1:]} is wrong')
            self.report(user, 'bob@example.net')
            self.assertEqual(self.kinds(user), ['failure'])
            self.assertEqual(self.messages(user, 'Bounces'), 1)


class NoRoom(Case):
    plugins = ['quota']
    conf23 = '''plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:bytes=12000
}
'''
    conf24 = '''quota "User quota" {
}
quota_storage_size = 12000B
'''

    def test_not_filed(self):
        """Nobody can be told: it stays where it would be without us."""
        user = self.new_user()
        self.expect_log('Not filed, as no notice can be saved: Quota exceeded')
        self.report(user, 'bob@example.net')
        self.assertEqual(self.messages(user, 'Bounces'), 0)
        self.assertGreater(self.messages(user, 'INBOX'), 0)
        self.assertEqual(len(self.doveadm_json('bounce', 'list', '-u', user)), 1)


class Sieve(Case):
    sieve = True

    def test_ignored(self):
        for script in ('discard;\n',
                       'require "vnd.dovecot-bounce";\nbounce_ignore;\n'):
            user = self.new_user()
            self.put_script(user, script)
            self.report(user, 'bob@example.net')
            self.assertEqual(self.notices(user), [], script)

    def test_language(self):
        """${bounce.meaning} in bounce_language, else in the returned mail's."""
        script = ('require ["vnd.dovecot-bounce", "variables", "fileinto", '
                  '"mailbox"];\nif string :contains "${bounce.meaning}" '
                  '"%s" { fileinto :create "Understood"; }\n')
        for said, headers, settings in (
                ('Diese Adresse gibt es', 'Content-Language: de\r\n', {}),
                ('Nobody has this', '', {}),
                ('Diese Adresse gibt es', '', {'bounce_language': 'de'})):
            user = self.new_user(**settings)
            self.put_script(user, script % said)
            self.report(user, 'bob@example.net', headers=headers)
            self.assertEqual(self.messages(user, 'Understood'), 1, said)

    def test_filed_elsewhere(self):
        """The notice names the folder that the script chose."""
        user = self.new_user()
        self.put_script(user, 'require ["fileinto", "mailbox"];\n'
                        'fileinto :create "Elsewhere";\n')
        self.report(user, 'bob@example.net')
        self.assertIn('“Elsewhere”', self.text(user))


class Flag(Case):

    def test_flagged(self):
        """The copy in Sent, with bounce_flag only."""
        for value in ('yes', 'no'):
            user = self.new_user(bounce_flag=value)
            self.sent(user, '<1@example.org>')
            self.report(user, 'm0@example.net')
            (flags, _), = self.fetch(user, 'Sent')
            self.assertIn('$Bounced', flags)
            self.assertEqual('\\Flagged' in flags, value == 'yes')
