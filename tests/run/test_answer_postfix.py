"""Reply in a mail client, on a site whose users log in to a real Postfix, with no
setting touched; and one where that asks bounce-policy."""

import email
import email.policy
import email.utils
import pathlib

from test_policy_postfix import PostfixCase

GONE = 'gone@example.net'


class Case(PostfixCase):

    settings = {'bounce_sender_checked': 'no'}

    def setUp(self):
        super().setUp()
        self.remote.refuse[GONE] = '550 5.1.1 No such user here'

    def notices(self, user):
        mails = [email.message_from_bytes(data, policy=email.policy.default)
                 for _, data in self.fetch(user, 'INBOX', notices=True)]
        return [mail for mail in mails if 'X-Bounce-Notice' in mail]

    def subjects(self, user):
        return [mail['Subject'] for mail in self.notices(user)]

    def told(self):
        """Somebody whose mail failed, with the notice of it."""
        user = self.new_user()
        self.append(user, self.send(user, [GONE], 'Lunch'))
        self.wait_for(lambda: self.subjects(user), ['Not delivered: Lunch'])
        # the report may be faster than the copy
        self.wait_for(lambda: self.record(user), 'suppressed')
        notice, = self.notices(user)
        self.assertEqual(notice['Reply-To'], f'{user}@example.org')
        return user, notice

    def answer(self, user, notice, line):
        """As Thunderbird writes it."""
        quoted = ''.join('> ' + row + '\r\n' for row in notice.get_body(
            ('plain',)).get_content().splitlines())
        return (f'Message-ID: {email.utils.make_msgid(domain="laptop.example")}\r\n'
                f'Date: {email.utils.formatdate(localtime=True)}\r\n'
                'MIME-Version: 1.0\r\nUser-Agent: Mozilla Thunderbird\r\n'
                f'Subject: Re: {notice["Subject"]}\r\nTo: {notice["Reply-To"]}\r\n'
                f'References: {notice["References"]} {notice["Message-ID"]}\r\n'
                f'From: Somebody <{user}@example.org>\r\n'
                f'In-Reply-To: {notice["Message-ID"]}\r\n'
                'Content-Type: text/plain; charset=UTF-8; format=flowed\r\n'
                'Content-Transfer-Encoding: 8bit\r\n\r\n'
                f'{line}\r\n\r\nOn {notice["Date"]}, Mail delivery wrote:\r\n'
                f'{quoted}').encode()

    def send_answer(self, user, mail, login=None):
        self.smtp(login or user).sendmail(f'{user}@example.org',
                                          [f'{user}@example.org'], mail)

    def record(self, user):
        return self.state(user, GONE)['state']


class Plain(Case):
    """The trace says that somebody logged in, not who."""

    asks = False

    def test_copy(self):
        """Clients save it after they have sent, some before."""
        for before in (False, True):
            user, notice = self.told()
            mail = self.answer(user, notice, f'release {GONE}')
            if before:
                self.append(user, mail)
            self.send_answer(user, mail)
            if not before:
                self.wait_for(lambda: self.subjects(user)[1:],
                              ['Your answer was not carried out yet'])
                self.assertEqual(self.record(user), 'suppressed')
                self.append(user, mail)
            self.wait_for(lambda: self.subjects(user)[1:],
                          ['Your answer was carried out'])
            self.assertEqual(self.record(user), 'released')


    def test_digest(self):
        """The login has no domain: it goes where the notices went."""
        user, _ = self.told()
        self.doveadm('bounce', 'digest', '-u', user)
        self.assertEqual([mail['Reply-To'] for mail in self.notices(user)],
                         [f'{user}@example.org'] * 2)
        self.doveadm('bounce', 'erase', '-u', user, f'{user}@example.org')
        memory = pathlib.Path(self.home(user), 'dovecot-bounce.dict').read_text()
        self.assertNotIn(f'{user}@example.org', memory)


class Policy(Case):
    """bounce-policy knows whose login handed it in: no copy is needed."""

    def test_reply(self):
        user, notice = self.told()
        self.send_answer(user, self.answer(user, notice, f'release {GONE}'))
        self.wait_for(lambda: self.subjects(user)[1:],
                      ['Your answer was carried out'])
        self.assertEqual(self.record(user), 'released')

    def test_colleague(self):
        """Who logs in as somebody else, with a notice that was forwarded to them."""
        user, notice = self.told()
        self.send_answer(user, self.answer(user, notice, f'release {GONE}'),
                         login=self.new_user())
        self.wait_for(lambda: self.subjects(user)[1:],
                      ['Your answer was not carried out yet'])
        self.assertEqual(self.record(user), 'suppressed')
