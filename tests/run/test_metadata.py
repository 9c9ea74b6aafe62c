"""The dictionary read through IMAP METADATA."""

import pathlib

import harness

PREFIX = '/private/vendor/vendor.dovecot-bounce/address'
# An address as a report names it: the entry's name.
NASTY = {
    'plain@example.net': 'plain@example.net',
    'Big.Case@Example.NET': 'big.case@example.net',
    'a/b@example.net': 'a=2fb@example.net',
    'a*b%c=d@example.net': 'a=2ab=25c=3dd@example.net',
    '"two words"@example.net': '=22two=20words=22@example.net',
    "o'neil+x@example.net": "o'neil+x@example.net",
}


class Metadata(harness.TestCase):

    under_valgrind = ('test_all', 'test_each_by_its_name', 'test_read_only')

    def filled(self, *addresses):
        user = self.new_user()
        for address in addresses or NASTY:
            self.lmtp(user, harness.dsn(address, user=f'{user}@example.org'))
        return user

    def test_all(self):
        records = self.metadata(self.filled())
        self.assertEqual(sorted(records), sorted(NASTY.values()))
        record = records['plain@example.net']
        self.assertEqual((record['address'], record['state'],
                          record['reason'], record['count']),
                         ('plain@example.net', 'suppressed',
                          'mailbox-unknown', 1))

    def test_each_by_its_name(self):
        user = self.filled()
        client = self.imap(user)
        for name in NASTY.values():
            self.assertEqual(list(self.metadata(user, name, client)), [name])

    def test_as_it_is(self):
        """What needs no = may be written with one, and what IMAP lets through
        without."""
        user = self.filled()
        client = self.imap(user)
        for name in ('a/b@example.net', '=70lain@example.net'):
            self.assertEqual(len(self.metadata(user, name, client)), 1, name)

    def test_upper_case_is_the_same_entry(self):
        user = self.filled('plain@example.net')
        self.assertEqual(len(self.metadata(user, 'PLAIN@EXAMPLE.NET')), 1)

    def test_damaged(self):
        """The others are there; the log says that one is not, without its address."""
        user = self.filled('plain@example.net', 'other@example.net')
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        path.write_text(path.read_text(encoding='utf-8') +
                        'priv/bounce/address/other@example.net\n{"state":,\n',
                        encoding='utf-8')
        self.assertEqual(list(self.metadata(user)), ['plain@example.net'])
        said = 'METADATA: records that cannot be read, and are left out: 1 '
        self.assertEqual(len(self.log(said)), 1)
        self.expect_log(said)
        self.assertEqual(self.log('ERROR.*other@|Error.*other@'), [])

    def test_none(self):
        user = self.filled('plain@example.net')
        self.assertEqual(self.metadata(user, 'other@example.net'), {})
        for name in ('=', '=zz', '=00', 'nobody', '@'):
            self.assertEqual(self.metadata(user, name), {}, name)

    def test_read_only(self):
        user = self.filled('plain@example.net')
        client = self.imap(user)
        for value in ('"x"', 'NIL'):
            for name in ('plain@example.net', 'new@example.net'):
                status, _ = client.xatom('SETMETADATA', '""',
                                         f'({PREFIX}/{name} {value})')
                self.assertEqual(status, 'NO')
        self.assertEqual(list(self.metadata(user)), ['plain@example.net'])

    def test_not_of_another(self):
        self.filled('plain@example.net')
        self.assertEqual(self.metadata(self.new_user()), {})

    def test_only_on_the_server_entry(self):
        user = self.filled('plain@example.net')
        client = self.imap(user)
        status, _ = client.xatom('GETMETADATA', 'INBOX',
                                 f'{PREFIX}/plain@example.net')
        _, data = client.response('METADATA')
        self.assertNotIn('suppressed', str(data), status)


class Announced(Metadata):
    """With METADATA on for all."""

    conf23 = ('mail_attribute_dict = file:%h/attributes\n'
              'protocol imap {\n  imap_metadata = yes\n}\n')
    conf24 = ('mail_attribute {\n  dict file {\n    path = %{home}/attributes\n'
              '  }\n}\nprotocol imap {\n  imap_metadata = yes\n}\n')
    under_valgrind = False

    def test_capability(self):
        _, data = self.imap(self.new_user()).capability()
        self.assertIn(b'METADATA', data[0])
