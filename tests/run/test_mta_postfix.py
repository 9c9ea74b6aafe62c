"""Postfix as sites have it: its own reports through a content filter that gives all
mail back over loopback, in a container where everybody comes from one private address,
through dovecot-lda; and what whoever can send through it makes it say."""

import subprocess

import harness
import postfix
from test_mta import STRANGER, HandBack, Mta
from test_sent import letter
from test_verified import bounce_of


class Postfix(Mta):
    logs_in = False
    main = master = ''
    line = rb'^by mx.example.org \(Postfix\)\r\n\tid '
    forgery = b'by mx.example.org (Postfix) id 4bX'

    @classmethod
    def make(cls, server):
        return postfix.Postfix(server.ports['lmtp'], server.relay.port, cls.main,
                               cls.master)


class Plain(Postfix):
    """The network's own addresses, and those of others."""
    main = 'mynetworks = 127.0.0.0/8, 192.168.1.0/24, 203.0.113.0/24\n'

    def test_reports(self):
        self.reports_and_others()

    def test_from_outside(self):
        self.from_outside(STRANGER)
        # it was only relayed here
        self.assertIsNone(self.state(self.user, 'gone@example.net'))


class Container(Postfix):
    """As mailcow has it: the name of the program, names that differ, and a gateway
    from which all clients seem to come."""
    # the gateway, whoever is behind it
    client = '172.22.1.1'
    main = ('mail_name = Postcow\nmyhostname = mail.cow.example\n'
            'mynetworks = 127.0.0.0/8, 172.22.1.0/24\n')
    line = rb'^by mail.cow.example \(Postcow\)\r\n\tid '
    forgery = b'by mail.cow.example (Postcow) id 4bX'

    def send(self, mail, to, sender=None, login=None, client=None):
        super().send(mail, to, sender, client=self.client)

    def test_reports(self):
        self.reports_and_others()

    def test_from_outside(self):
        """Nobody can tell who sent it: unproven, and nothing more."""
        self.from_outside(self.client)
        self.assertEqual(self.found('gone@example.net'), ['plausible', 'watched', 1])


class Filter(Postfix):
    """amavisd and its like."""
    settings = Mta.settings

    @classmethod
    def make(cls, server):
        cls.filter = harness.Relay()
        cls.addClassCleanup(cls.filter.close)
        mta = postfix.Postfix(
            server.ports['lmtp'], server.relay.port,
            f'content_filter = smtp:[127.0.0.1]:{cls.filter.port}\n'
            'mynetworks = 127.0.0.0/8, 192.168.1.0/24, 203.0.113.0/24\n',
            '127.0.0.1:@PORT2@ inet n - n - - smtpd\n -o content_filter=\n')
        cls.filter.delivered = HandBack(mta.port2)
        return mta

    def test_reports(self):
        before = len(self.filter.delivered)
        self.reports_and_others()
        # ours went through it, the reports about them did not, the stranger's did
        # in any order
        self.assertEqual(sorted(sender for sender, _, _ in
                                self.filter.delivered[before:]),
                         [''] + [f'{self.user}@example.org'] * 2)

    def test_from_outside(self):
        """Where nobody names localhost, what came back over it proves nothing."""
        self.from_outside(STRANGER)


class FilterNamed(Filter):
    """bounce_relays names it: what stands below its line is read."""
    settings = {**Filter.settings, 'bounce_relays': 'localhost'}


class Lda(Postfix):
    """By pipe(8), as Dovecot's manual has it."""
    client = '192.168.1.9'
    conf = Postfix.conf + '''service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
'''

    @classmethod
    def make(cls, server):
        # pipe(8) hands down no environment; ASan's is in Dovecot's
        environment = ' '.join(f'{k}={v}' for k, v in server.environment().items())
        return postfix.Postfix(
            server.ports['lmtp'], server.relay.port, Postfix.main +
            'transport_maps = inline:{ example.org=dovecot }\n'
            'dovecot_destination_recipient_limit = 1\n'
            'mynetworks = 127.0.0.0/8, 192.168.1.0/24, 203.0.113.0/24\n',
            'dovecot unix - n n - - pipe\n flags=DRhu user=bouncevmail argv=/usr/bin/'
            f'env {environment} {harness.LIBEXEC}/dovecot-lda -c {server.conf_path} -o '
            'log_path=/dev/stderr -f ${sender} -d ${user}\n', users=(('bouncevmail', harness.MAIL_UID),))

    def test_reports(self):
        self.reports_and_others(dovecot=0)

    def test_from_outside(self):
        self.from_outside(STRANGER)


class Sendmail(Postfix):
    """sendmail(1), as a web application runs it."""
    master = 'pickup unix n - n 60 1 pickup\n'

    def sendmail(self, mail, *args):
        """As www-data."""
        done = subprocess.run(
            ['unshare', '--mount', 'sh', '-c',
             'mount --bind "$0" /etc/postfix && exec setpriv --reuid=www-data '
             '--regid=www-data --clear-groups /usr/sbin/sendmail "$@"',
             self.mta.dir, *args], input=mail.replace(b'\r\n', b'\n'),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_null_sender(self):
        """A report that it wrote itself, about a mail that it knows."""
        me = f'{self.user}@example.org'
        known = letter('Public', to=['list@lists.example'], sender=me)
        self.append(self.user, known)
        forged = bounce_of(known, ['boss@corp.example'], self.user)
        about = bounce_of(known, ['list@lists.example'], self.user)
        for mail in (forged, about, b'Received: by mx.example.org (Postfix)\r\n\t'
                     b'id 4bX; Mon, 1 Sep 2025 10:00:10 +0000\r\n' + forged):
            self.sendmail(mail, '-f', '', '-i', me)
        # and by the program's own dialogue
        said = self.sendmail(
            f'HELO localhost\nMAIL FROM:<>\nRCPT TO:<{me}>\nDATA\n'.encode() +
            forged + b'.\nQUIT\n', '-bs')
        self.assertEqual(said.count(b'250 2'), 3, said)
        self.wait_for(lambda: self.messages(self.user) +
                      self.messages(self.user, 'Bounces'), 4)
        self.assertEqual(self.recorded(self.user), [])
        self.assertEqual(self.day(self.user)['failed'], 0)
        self.assertEqual(self.flags(self.user), [{'\\Seen'}])
        self.assertIsNone(self.state(self.user, 'boss@corp.example'))
        # it was written to it: shown as unproven
        self.assertEqual(self.found('list@lists.example'), ['plausible', 'watched', 1])

    def test_mail_that_fails(self):
        """What it sent in the user's name, and Postfix could not deliver."""
        me = f'{self.user}@example.org'
        self.server.relay.refuse['boss@corp.example'] = '550 5.1.1 No such user here'
        self.sendmail(letter(to=['boss@corp.example'], sender=me), '-f', me, '-i',
                      'boss@corp.example')
        self.wait_for(lambda: self.found('boss@corp.example'),
                      ['plausible', 'watched', 1])
