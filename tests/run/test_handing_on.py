"""The dictionary for other programs: export --as, import --from."""

import csv
import email.utils
import io
import json
import pathlib

import harness
from test_doveadm import DAY, Doveadm

GONE = {'address': 'gone@example.net', 'diagnostic': '550 5.1.1 No "such" user, =x',
        'first': 1795478400, 'last': 1795478400 + DAY, 'until': 0,
        'reply': '550'}
MOVED = {'address': 'old@example.net', 'state': 'corrected', 'by': 'user',
         'corrected': 'new@example.net'}
SPAM = {'address': 'angry@example.net', 'by': 'complaint', 'reason': 'complaint'}
FREE = {'address': 'free@example.net', 'state': 'released', 'by': 'user'}
SEEN = {'address': 'maybe@example.net', 'state': 'watched', 'class': 'soft',
        'reason': 'mailbox-full'}


class Export(Doveadm):

    def setUp(self):
        super().setUp()
        self.user = self.new_user()
        self.put(self.user, GONE, MOVED, SPAM, FREE, SEEN)

    def export(self, *args, status=0):
        return self.run_bounce('export', '-u', self.user, *args,
                               status=status).stdout

    def test_mailgun(self):
        rows = {row['address']: row for row in csv.DictReader(
            io.StringIO(self.export('--as', 'mailgun')))}
        # who is free, and who is only watched, is on no list
        self.assertEqual(sorted(rows), ['angry@example.net', 'gone@example.net',
                                        'old@example.net'])
        row = rows['gone@example.net']
        self.assertEqual(row['code'], '550')
        self.assertEqual(row['error'], GONE['diagnostic'])
        when = email.utils.parsedate_to_datetime(row['created_at'])
        self.assertEqual(when.timestamp(), GONE['last'])

    def test_listmonk(self):
        lines = [json.loads(line) for line in
                 self.export('--as', 'listmonk').splitlines()]
        self.assertEqual({line['email']: line['type'] for line in lines},
                         {'angry@example.net': 'complaint',
                          'gone@example.net': 'hard', 'old@example.net': 'hard'})
        self.assertEqual({line['source'] for line in lines}, {'dovecot-bounce'})
        meta, = (json.loads(line['meta']) for line in lines
                 if line['email'] == 'gone@example.net')
        self.assertEqual(meta, {'reason': 'mailbox-unknown', 'status': '5.1.1',
                                'diagnostic': GONE['diagnostic']})

    def test_mailman(self):
        self.assertEqual(sorted(self.export('--as', 'mailman').splitlines()),
                         ['correct\told@example.net\tnew@example.net',
                          'disable\tangry@example.net', 'disable\tgone@example.net',
                          'enable\tfree@example.net'])

    def test_vcard(self):
        text = self.export('--as', 'vcard').replace('\r\n', '\n')
        cards = text.replace('\n ', '').split('END:VCARD\n')
        card, = (card for card in cards if 'EMAIL:gone@' in card)
        self.assertEqual(card.splitlines(), [
            'BEGIN:VCARD', 'VERSION:4.0', 'FN:gone@example.net',
            'EMAIL:gone@example.net',
            'NOTE:Mail does not arrive since 2026-11-24: 550 5.1.1 No "such" '
            'user\\, =x', 'CATEGORIES:Bounced'])
        self.assertLessEqual(max(map(len, text.splitlines())), 75)

    def test_chosen(self):
        self.assertEqual(self.export('--as', 'mailman', '--state', 'released'),
                         'enable\tfree@example.net\n')
        # our own layouts, too
        line = self.export('--since', '2026-11-25', '--state', 'suppressed')
        since = [json.loads(text)['address'] for text in line.splitlines()]
        self.assertIn('gone@example.net', since)
        self.assertEqual(self.export('--since', str(2 ** 31 - 1)), '')

    def test_wrong(self):
        for args, error in ((('--as', 'mutt'), 'mutt is none of mailgun, listmonk, '
                             'mailman, vcard'),
                            (('--state', 'dead'), '--state dead is none of'),
                            (('--since', 'ever'), 'ever is no time'),
                            (('--as', 'vcard', 'csv'), 'csv is one too many')):
            done = self.run_bounce('export', '-u', self.user, *args, status=64)
            self.assertIn(error, done.stderr)


class Import(Doveadm):

    def run_import(self, user, service, content, status=0):
        path = pathlib.Path(self.dir, 'list')
        path.write_text(content if isinstance(content, str)
                        else json.dumps(content, indent=1), 'utf-8')
        done = self.doveadm('-f', 'json', 'bounce', 'import', '-u', user,
                            '--from', service, str(path), check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def check(self, service, content, expected):
        """expected: {address: (state, by, class)}"""
        user = self.new_user()
        row, = json.loads(self.run_import(user, service, content).stdout)
        self.assertEqual(int(row['wrong']), 0)
        found = {}
        for address in self.addresses(user):
            record = self.record(user, address)
            found[address] = record['state'], record['by'], record['class']
        self.assertEqual(found, expected)

    def test_mailgun(self):
        self.check('mailgun', {'items': [
            {'address': 'a@example.net', 'code': '550', 'error':
             '550 5.1.1 User unknown', 'created_at': 'Fri, 21 Oct 2026 11:02:55 UTC'},
            {'address': 'b@example.net', 'code': '452', 'error':
             '452 4.2.2 Mailbox full'}], 'paging': {'next': 'https://x'}},
            {'a@example.net': ('suppressed', 'import', 'hard'),
             'b@example.net': ('watched', 'import', 'soft')})
        self.check('mailgun', 'address,code,error,created_at\n'
                   'a@example.net,550,No such user,"Fri, 21 Oct 2026 11:02:55 UTC"\n',
                   {'a@example.net': ('suppressed', 'import', 'hard')})

    def test_sendgrid(self):
        self.check('sendgrid', [
            {'created': 1795478400, 'email': 'a@example.net', 'status': '5.1.1',
             'reason': '550 5.1.1 The email account does not exist'},
            # refused for our side: no fault of the address
            {'created': 1795478400, 'email': 'b@example.net', 'status': '5.7.1',
             'reason': '554 5.7.1 Service unavailable; Client host [192.0.2.1] '
             'blocked using zen.spamhaus.org'}],
            {'a@example.net': ('suppressed', 'import', 'hard'),
             'b@example.net': ('watched', 'import', 'soft')})

    def test_postmark(self):
        self.check('postmark', {'Suppressions': [
            {'EmailAddress': 'a@example.net', 'SuppressionReason': 'HardBounce',
             'Origin': 'Recipient', 'CreatedAt': '2026-10-17T08:58:33-05:00'},
            {'EmailAddress': 'b@example.net', 'SuppressionReason': 'SpamComplaint',
             'Origin': 'Recipient', 'CreatedAt': '2026-10-17T08:58:33-05:00'}]},
            {'a@example.net': ('suppressed', 'import', 'hard'),
             'b@example.net': ('suppressed', 'complaint', 'undetermined')})

    def test_ses(self):
        self.check('ses', {'SuppressedDestinationSummaries': [
            {'EmailAddress': 'a@example.net', 'Reason': 'BOUNCE',
             'LastUpdateTime': '2026-10-10T16:40:29.245000+00:00'},
            {'EmailAddress': 'b@example.net', 'Reason': 'COMPLAINT',
             'LastUpdateTime': 1790000000.5}]},
            {'a@example.net': ('suppressed', 'import', 'undetermined'),
             'b@example.net': ('suppressed', 'complaint', 'undetermined')})

    def test_listmonk(self):
        self.check('listmonk', {'data': {'results': [
            {'email': 'a@example.net', 'type': 'hard', 'source': 'api', 'meta': {}},
            {'email': 'b@microsoft.example', 'type': 'soft', 'source': 'ses'},
            {'email': 'c@example.net', 'type': 'complaint', 'source': 'ses'}],
            'total': 3}},
            {'a@example.net': ('suppressed', 'import', 'undetermined'),
             'b@microsoft.example': ('watched', 'import', 'soft'),
             'c@example.net': ('suppressed', 'complaint', 'undetermined')})
        # all subscribers: most of them are well
        self.check('listmonk', 'uuid,email,name,attributes,status\n'
                   '1,a@example.net,A,{},enabled\n2,b@example.net,B,{},blocklisted\n',
                   {'b@example.net': ('suppressed', 'import', 'undetermined')})

    def test_wrong(self):
        user = self.new_user()
        for service, content, error in (
                ('ses', {'items': []}, 'Not JSON of ses: it has no list '
                 'SuppressedDestinationSummaries'),
                ('sendgrid', '[{"email": "a@example.net"', 'Not JSON: line 1'),
                ('postmark', 'recipient,reason\nx@example.net,gone\n',
                 'Not a list of postmark: it has no EmailAddress'),
                ('sendgrid', [{'email': 'no address'}], 'no address is no address'),
                ('sendgrid', [1, {'mail': 'x@example.net'}],
                 'Not a list of sendgrid: it has no email')):
            done = self.run_import(user, service, content, status=65)
            self.assertIn(error, done.stderr)
        self.assertEqual(self.addresses(user), [])
        done = self.run_import(user, 'mailchimp', '', status=64)
        self.assertIn('mailchimp is none of mailgun, sendgrid, postmark, ses, '
                      'listmonk', done.stderr)
