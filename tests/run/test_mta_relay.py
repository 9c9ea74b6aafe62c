"""A smarthost that sends for us: a second Postfix, of another name, with another
customer. Both know whom they talk with by the name of the address."""

import smtplib

import harness
import network
import postfix
from test_mta import STRANGER, Mta
from test_sent import letter
from test_verified import bounce_of

OURS, RELAY, CUSTOMER = '192.0.2.1', '198.51.100.25', '198.51.100.77'
NAMES = {OURS: 'mx.example.org', RELAY: 'smarthost.example.com',
         CUSTOMER: 'mail.customer.example', STRANGER: 'evil.example',
         Mta.client: 'desk.example.org'}
MAIN = ('smtpd_peername_lookup = yes\n'
        'smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n')


class Smarthost(Mta):

    @classmethod
    def make(cls, server):
        network.add(cls, OURS, CUSTOMER)
        hosts = ''.join(f'{address} {name}\n' for address, name in NAMES.items())
        door, = harness.free_ports(1)
        mta = postfix.Postfix(
            server.ports['lmtp'], door, MAIN + f'smtp_bind_address = {OURS}\n'
            'mynetworks = 192.168.1.0/24\n', hosts=hosts)
        cls.smarthost = postfix.Postfix(
            1, server.relay.port, MAIN + 'myhostname = smarthost.example.com\n'
            f'mynetworks = {OURS}/32, {CUSTOMER}/32\nsmtp_bind_address = {RELAY}\n'
            f'transport_maps = inline:{{ example.org=smtp:[127.0.0.1]:{mta.port} }}\n',
            f'127.0.0.1:{door} inet n - n - - smtpd\n', hosts=hosts)
        cls.addClassCleanup(cls.smarthost.close)
        cls.smarthost.start()
        log = mta.log
        mta.log = lambda: log()[-2000:] + cls.smarthost.log()[-2000:]
        return mta

    def give(self, port, client, sender, to, mail, helo='client.example'):
        with smtplib.SMTP('127.0.0.1', port, helo, timeout=30,
                          source_address=(client, 0)) as smtp:
            smtp.sendmail(sender, to, mail)

    def write(self, user, to, copy=True):
        """The user's mail to a dead address, by our Postfix."""
        self.server.relay.refuse[to] = '550 5.1.1 No such user here'
        mail = letter(to=[to], sender=f'{user}@example.org')
        if copy:
            self.append(user, mail)
        self.give(self.mta.port, self.client, f'{user}@example.org', [to], mail)
        return mail

    def test_named(self):
        self.user = user = self.new_user(bounce_relays='smarthost.example.com')
        mail = self.write(user, 'dead@example.net')
        self.wait_for(lambda: self.found('dead@example.net'),
                      ['verified', 'suppressed', 0])
        self.wait_for(lambda: self.flags(user), [{'\\Seen', '$Bounced'}])
        (_, report), = self.fetch(user, 'Bounces')
        for line in (b'from smarthost.example.com (smarthost.example.com '
                     b'[%s])' % RELAY.encode(),
                     b'from mx.example.org (mx.example.org [%s])' % OURS.encode()):
            self.assertIn(b'\r\nReceived: ' + line, report)
        # faster than its copy
        soon = self.write(user, 'soon@example.net', copy=False)
        self.wait_for(lambda: self.delivered(user), 2)
        self.assertEqual(self.recorded(user), ['dead@example.net'])
        self.append(user, soon)
        self.wait_for(lambda: self.found('soon@example.net'),
                      ['verified', 'suppressed', 0])
        self.others(user, mail)

    def delivered(self, user):
        return self.messages(user) + self.messages(user, 'Bounces')

    def others(self, user, mail):
        """Whoever has that mail, as another customer of the relay or in its name:
        suppresses nobody."""
        me = f'{user}@example.org'
        public = letter(to=['list@lists.example'], sender=me)
        self.append(user, public)
        before = self.delivered(user)
        proven = self.recorded(user)
        for address in 'list@lists.example', 'boss@corp.example':
            # the relay itself makes these reports
            self.server.relay.refuse[address] = '550 5.1.1 No such user here'
            self.give(self.smarthost.port, CUSTOMER, me, [address], public)
        relayed = (b'Received: from mx.example.org (mx.example.org [192.0.2.1])\r\n\t'
                   b'by smarthost.example.com (Postfix) with ESMTP id 4bY; x\r\n' +
                   public)
        for port, client, helo in (
                (self.smarthost.port, CUSTOMER, 'smarthost.example.com'),
                (self.mta.port, STRANGER, 'smarthost.example.com')):
            self.give(port, client, '', [me],
                      b'Received: by smarthost.example.com (Postfix)\r\n\tid 4bX; Mon, '
                      b'1 Sep 2025 10:00:10 +0000\r\n' + bounce_of(
                          relayed, ['list@lists.example', 'boss@corp.example'], user),
                      helo)
        self.wait_for(lambda: self.delivered(user), before + 4)
        self.assertEqual(self.recorded(user), proven)
        self.assertEqual(self.flags(user)[-1], {'\\Seen'})
        self.assertEqual(self.day(user)['failed'], 2)
        self.assertIsNone(self.state(user, 'boss@corp.example'))
        # it was written to it: shown as unproven
        self.assertEqual(self.found('list@lists.example'), ['plausible', 'watched', 3])

    def test_not_named(self):
        """Then it is a stranger, who knows a mail of ours."""
        self.write(self.user, 'dead@example.net')
        self.wait_for(lambda: self.found('dead@example.net'),
                      ['plausible', 'watched', 1])
        self.assertEqual(self.flags(self.user), [{'\\Seen'}])
