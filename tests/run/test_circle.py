"""The whole circle: submission, a real Postfix behind it, a remote server that
refuses some, Postfix's own reports, LMTP, the dictionary, the verdict."""

import email
import email.policy
import smtplib
import time

import harness
import postfix
import test_hold
from test_sent import letter, people
from test_verified import Case


class Behind(Case):
    """Postfix between us and the world, which self.remote plays."""

    # Postfix knows our users with their domain
    conf23 = Case.conf23 + 'auth_username_format = %Ln\n'
    conf24 = Case.conf24 + 'auth_username_format = %{user | username | lower}\n'
    sieve_bounce = False

    @classmethod
    def prepare(cls, server):
        # server.relay plays the world outside
        cls.postfix = postfix.Postfix(server.ports['lmtp'], server.relay.port)
        cls.addClassCleanup(cls.postfix.close)
        cls.postfix.start()
        cls.remote = server.relay
        world, server.relay = server.relay, cls.postfix
        try:
            server.write_conf()
        finally:
            server.relay = world

    def setUp(self):
        super().setUp()
        self.remote.refuse.clear()
        self.remote.refuse_data = None


class Circle(test_hold.Records, Behind):

    def wait_for(self, what, wanted, seconds=20):
        deadline = time.monotonic() + seconds * harness.SLOW
        while True:
            found = what()
            if found == wanted:
                return
            if time.monotonic() > deadline:
                self.fail(f'{found} != {wanted}\n{self.postfix.log()[-6000:]}')
            time.sleep(0.1)

    def send(self, user, to, subject, **args):
        mail = letter(subject, to=to, sender=f'{user}@example.org', **args)
        self.submit(user, mail, to)
        self.append(user, mail)

    def bounces(self, user):
        return self.messages(user, 'Bounces')

    def test_one_mail_to_many(self):
        user = self.new_user()
        to = people(25)
        dead = to[:6]
        self.remote.refuse.update(
            {address: '550 5.1.1 No such user here' for address in dead})
        self.send(user, to, 'News')
        self.wait_for(lambda: self.recorded(user), sorted(dead))
        record = self.state(user, dead[0])
        self.assertEqual((record['evidence'], record['reason'], record['state']),
                         ('verified', 'mailbox-unknown', 'suppressed'))
        row, = self.broadcasts(user)
        self.assertEqual((row['sent'], row['failed'], row['delivered'],
                          row['hard'], row['known'], row['level']),
                         (25, 6, 19, 6, 'all', 'our-side'))
        self.wait_for(lambda: self.flags(user), [{'\\Seen', '$Bounced'}])
        self.wait_log('Broadcast .* recipients failed .*our-side')

    def test_one_copy_each_and_blocked(self):
        """A block list refuses us: our side, and nobody is blamed."""
        user = self.new_user()
        to = people(20, 'example.com')
        blocked = to[::3]
        self.remote.refuse.update({address: '554 5.7.1 Service unavailable; '
                                   'Client host [192.0.2.1] blocked using '
                                   'zen.spamhaus.org' for address in blocked})
        client = self.submission(user)
        for address in to:
            self.submit(user, letter('Invitation', to=[address],
                                     sender=f'{user}@example.org'),
                        [address], client)
        self.wait_for(lambda: self.bounces(user), len(blocked))
        self.wait_for(lambda: self.day(user)['failed'], len(blocked))
        row, = self.broadcasts(user)
        self.assertEqual((row['sent'], row['failed'], row['sender'],
                          row['level'], row['shared']),
                         (20, 7, 7, 'our-side', 'sender: reputation'))
        for address in blocked:
            self.assertEqual(self.state(user, address)['score'], 0)

    def test_hidden_recipient(self):
        """Bcc: only the token knows him."""
        user = self.new_user()
        hidden = 'hidden@example.net'
        self.remote.refuse[hidden] = '550 5.1.1 No such user here'
        mail = letter('Secret', to=['bob@example.net'],
                      sender=f'{user}@example.org')
        self.submit(user, mail, ['bob@example.net', hidden])
        self.append(user, mail)
        self.wait_for(lambda: self.recorded(user), [hidden])
        self.assertEqual(self.day(user)['sent'], 2)

    def test_alias(self):
        """An alias of ours leads to a dead address outside."""
        user = self.new_user()
        self.remote.refuse['gone@example.net'] = '550 5.1.1 No such user here'
        self.send(user, ['team@example.org'], 'Team')
        self.wait_for(lambda: self.bounces(user), 1)
        record = self.state(user, 'gone@example.net')
        self.assertEqual((record['address'], record['unproven'], record['state']),
                         ('team@example.org', 1, 'watched'))

    def ask_for_success(self, user, address):
        """A mail whose sender asks to be told of success."""
        mail = letter('Second', to=[address], sender=f'{user}@example.org')
        self.append(user, mail)
        client = self.submission(user)
        client.sendmail(f'{user}@example.org', [address], mail,
                        rcpt_options=['NOTIFY=SUCCESS'])

    def test_bounce_before_copy(self):
        """The client takes its time to save the copy."""
        user = self.new_user()
        self.remote.refuse['bob@example.com'] = '550 5.1.1 No such user here'
        for number, to in enumerate(('bob@example.com',
                                     'undisclosed-recipients:;'), 1):
            mail = letter('Hello', to=[to], sender=f'{user}@example.org')
            self.submit(user, mail, ['bob@example.com'])
            self.wait_for(lambda: len(self.log(
                'failure report .*verified.* records changed')), number)
            self.append(user, mail)
        self.assertEqual(self.flags(user), [{'\\Seen', '$Bounced'}] * 2)
        self.doveadm('bounce', 'remove', '-u', user, 'bob@example.com')
        self.assertEqual(self.flags(user), [{'\\Seen'}] * 2)

    def test_not_tried_again(self):
        """A refusal, the next mails held, and the two ways back: the person sends
        again, or answers the notice."""
        user = self.new_user(bounce_suppress='enforce')
        own, gone, alive = f'{user}@example.org', 'gone@example.net', 'a@example.net'
        self.remote.refuse[gone] = '550 5.1.1 No such user here'

        def write(subject, *to):
            self.submit(user, letter(subject, to=to, sender=own), list(to))

        def went():
            # Postfix ends a mail whose recipients were refused, too
            return [rcpts for sender, rcpts, _ in self.remote.delivered
                    if rcpts and sender == own]

        def refused(subject):
            with self.assertRaises(smtplib.SMTPDataError) as caught:
                write(subject, gone)
            self.assertEqual(caught.exception.smtp_code, 550)
            self.assertIn(f'Not sent. {gone} does not work: no such mailbox',
                          caught.exception.smtp_error.decode())

        self.send(user, [gone], 'First')
        self.wait_for(lambda: self.recorded(user), [gone])
        self.assertEqual(self.state(user, gone)['state'], 'suppressed')
        refused('Second')
        write('Third', gone, alive)
        self.wait_for(went, [[alive]])
        notice, = [mail for mail in (
            email.message_from_bytes(data, policy=email.policy.default)
            for _, data in self.fetch(user, 'INBOX', notices=True))
                   if 'kind=held' in mail['X-Bounce-Notice']]
        self.assertIn(gone, notice.get_body(('plain',)).get_content())
        # it works by now
        self.remote.refuse.clear()
        self.age(user, gone)
        write('Fourth', gone)
        self.wait_for(went, [[alive], [gone]])
        refused('Fifth, as that was once')
        self.submit(user, letter(
            f'Re: {notice["Subject"]}', to=[own], sender=own,
            extra=f'In-Reply-To: {notice["Message-ID"]}\r\n').replace(
                b'\r\nText.', f'\r\nrelease {gone}'.encode()), [own])
        self.wait_for(lambda: self.state(user, gone)['state'], 'released')
        write('Sixth', gone)
        self.wait_for(went, [[alive], [gone], [gone]])
        day = self.day(user)
        self.assertEqual((day['failed'], day['held']), (1, 3))

    def test_relayed(self):
        """Where the next server does not tell more, nothing is proved."""
        user, bob = self.new_user(), 'bob@example.com'
        self.remote.refuse[bob] = '550 5.2.1 Account is disabled'
        self.send(user, [bob], 'First')
        self.wait_for(lambda: self.recorded(user), [bob])
        self.wait_for(lambda: self.flags(user), [{'\\Seen', '$Bounced'}])
        self.remote.refuse.clear()
        self.ask_for_success(user, bob)
        self.wait_for(lambda: self.messages(user), 1)
        self.assertEqual(self.recorded(user), [bob])

    def test_delivered(self):
        user, bob = self.new_user(), 'bob@final.example'
        mail = letter('First', to=[bob], sender=f'{user}@example.org')
        self.append(user, mail)
        self.report(user, mail, [bob])
        self.assertEqual(self.recorded(user), [bob])
        self.ask_for_success(user, bob)
        self.wait_for(lambda: self.recorded(user), [])
        self.wait_for(lambda: self.flags(user), [{'\\Seen'}] * 2)
        self.wait_log(r'Proof of life \(success\): 1 records')

    def test_forged(self):
        """A report that Postfix takes from outside and hands to LMTP."""
        user = self.new_user()
        self.send(user, ['bob@example.net'], 'Hello')
        with smtplib.SMTP('127.0.0.1', self.postfix.port) as client:
            client.sendmail('', [f'{user}@example.org'], harness.dsn(
                'victim@example.net', user=f'{user}@example.org'))
        self.wait_for(lambda: self.messages(user), 1)
        self.assertEqual(self.doveadm_json('bounce', 'list', '-u', user), [])
        self.assertEqual(self.day(user)['failed'], 0)

    def test_through_our_own(self):
        """Who knows a Message-ID makes Postfix bounce, with an ORCPT that he
        likes: known or not, it was not the user who sent that."""
        user = self.new_user()
        self.remote.refuse['gone@example.net'] = '550 5.1.1 No such user here'
        mail = letter('Hello', to=['list@lists.example'],
                      sender=f'{user}@example.org')
        self.append(user, mail)
        with smtplib.SMTP('127.0.0.1', self.postfix.port) as client:
            client.sendmail(f'{user}@example.org', ['gone@example.net'], mail,
                            rcpt_options=['ORCPT=rfc822;list@lists.example'])
        self.wait_for(lambda: self.bounces(user), 1)
        self.assertEqual(self.recorded(user), [])
        self.assertEqual(self.state(user, 'list@lists.example')['unproven'], 1)
