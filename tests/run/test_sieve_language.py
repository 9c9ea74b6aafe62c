"""The Sieve extension's language, by sieve-test and sievec: no delivery here."""

import os
import pathlib
import re

import harness

ALL = ('"vnd.dovecot-bounce", "fileinto", "variables", "relational", '
       '"comparator-i;ascii-numeric", "envelope", "regex"')

GROUPS = [
    ('failed', 'Bob@Example.net', '5.1.1', '550 5.1.1 <bob>: No such user here',
     'mx.example.net'),
    ('failed', 'carol@second.example', '5.2.2',
     '552 5.2.2 Mailbox full, quota exceeded', 'mx.second.example'),
    ('delayed', 'dave@third.example', '4.4.1',
     '451 4.4.1 Connection timed out', 'mx.third.example'),
]


def report(groups, message_id='<report-1@mx.example.org>', subject='Lunch',
           user='alice@example.org', original_id='<lunch-1@example.org>'):
    """A DSN (bytes) with a group for each (action, recipient, status,
    diagnostic, remote)."""
    text = '\n'.join(f'''Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; {remote}
Diagnostic-Code: smtp; {diagnostic}
''' for action, recipient, status, diagnostic, remote in groups)
    said = '\n'.join(f'<{g[1]}>: host {g[4]} said: {g[3]}' for g in groups)
    return f'''Return-Path: <>
Received: from mx.example.org by mx.example.org with LMTP
 id 1; Mon, 1 Sep 2025 10:00:11 +0000
Received: by mx.example.org (Postfix)
 id 4bTEST; Mon, 1 Sep 2025 10:00:11 +0000
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: {user}
Subject: Undelivered Mail Returned to Sender
Date: Mon, 1 Sep 2025 10:00:10 +0000
Message-ID: {message_id}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

{said}

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Mon, 1 Sep 2025 10:00:00 +0000

{text}
--b1
Content-Type: message/rfc822

Received: from client.example.org by mx.example.org with ESMTPSA;
 Mon, 1 Sep 2025 10:00:00 +0000
From: {user}
To: {', '.join(g[1] for g in groups)}
Subject: {subject}
Date: Mon, 1 Sep 2025 10:00:00 +0000
Message-ID: {original_id}

Shall we?
--b1--
'''.encode()


EDITHEADER_23 = '''
plugin {
  sieve_extensions = +vnd.dovecot-bounce +editheader
}
'''
EDITHEADER_24 = '''
sieve_extensions {
  editheader = yes
}
'''


class SieveCase(harness.TestCase):
    """What the Sieve tests share."""

    sieve_bounce = True
    spare_users = 0
    users = {'alice': {}}

    def setUp(self):
        super().setUp()
        self.work = pathlib.Path(self.dir, 'work')
        if not self.work.exists():
            self.work.mkdir()
            self.work.chmod(0o777)

    def file(self, name, content):
        path = self.work / name
        path.unlink(missing_ok=True)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        path.chmod(0o644)
        return str(path)

    def tool(self, name, *args, check=True, stdin=None):
        return self.run_program(
            ['/usr/bin/' + name, '-c', self.server.conf_path, *args], check,
            stdin)

    def sieve_test(self, script, mail, *args, user='alice', check=True):
        """The output of sieve-test."""
        script = self.file('script.sieve', script)
        pathlib.Path(script + 'bin').unlink(missing_ok=True)
        mail = self.file('mail.eml', mail)
        done = self.tool('sieve-test', '-u', user, *args, script, mail,
                         check=check)
        return done.stdout + done.stderr

    def compile(self, script, check=True):
        """(exit status, what sievec said)."""
        source = self.file('compile.sieve', script)
        done = self.tool('sievec', source, source + 'bin', check=check)
        return done.returncode, done.stdout + done.stderr

    def truth(self, tests, mail, *args, require=ALL):
        """Which of the tests (Sieve expressions) are true of the mail."""
        script = 'require [%s];\nset "true" "=";\n' % require
        script += ''.join('if %s { set "true" "${true} %d"; }\n' % (test, n)
                          for n, test in enumerate(tests))
        script += 'fileinto "${true}";\n'
        out = self.sieve_test(script, mail, *args)
        true = re.search(r"(?:folder|mailbox)[: ]+'?=([ 0-9]*)", out)
        self.assertIsNotNone(true, out)
        return {tests[int(n)] for n in true.group(1).split()}

    def assert_truth(self, table, mail, *args, **kwargs):
        """table: [(expression, wanted)]"""
        tests = [test for test, _ in table]
        self.assertEqual(len(tests), len(set(tests)), 'a test stands twice')
        true = self.truth(tests, mail, *args, **kwargs)
        wrong = [(test, wanted) for test, wanted in table
                 if (test in true) != wanted]
        self.assertEqual(wrong, [], 'wanted')


class Bounce(SieveCase):
    """The test "bounce" and the variables."""

    bounce = False
    conf23 = EDITHEADER_23
    conf24 = EDITHEADER_24

    def test_fields(self):
        self.assert_truth([
            ('bounce "kind" "failure"', True),
            ('bounce "kind" "delay"', False),
            ('bounce "KIND" "Failure"', True),
            ('bounce "format" "dsn"', True),
            ('bounce "class" "hard"', True),
            ('bounce "class" "soft"', True),
            ('bounce "class" "undetermined"', False),
            ('bounce "side" "recipient"', True),
            ('bounce "side" "sender"', False),
            ('bounce "reason" "mailbox-unknown"', True),
            ('bounce "reason" "mailbox-full"', True),
            ('bounce "reason" ["virus", "spam-content"]', False),
            ('bounce "status" "5.1.1"', True),
            ('bounce "status" "5.2.2"', True),
            ('bounce "status" "5.7.1"', False),
            ('bounce "reply" "550"', True),
            ('bounce "reply" "552"', True),
            ('bounce "reply" "250"', False),
            ('bounce "action" "failed"', True),
            ('bounce "action" "delayed"', True),
            ('bounce "action" "delivered"', False),
            ('bounce "recipient" "bob@example.net"', True),
            ('bounce "recipient" "carol@second.example"', True),
            ('bounce "recipient" "eve@example.net"', False),
            ('bounce "recipient.domain" "second.example"', True),
            ('bounce "recipient.domain" "example.org"', False),
            ('bounce :contains "diagnostic" "no such user"', True),
            ('bounce :contains "diagnostic" "quota"', True),
            ('bounce :contains "diagnostic" "greylisted"', False),
            ('bounce "remote-mta" "mx.second.example"', True),
            ('bounce "remote-mta" "mx.example.org"', False),
            ('bounce "reporting-mta" "mx.example.org"', True),
            ('bounce "original.message-id" "<lunch-1@example.org>"', True),
            ('bounce "original.subject" "lunch"', True),
            ('bounce "original.subject" "Undelivered Mail"', False),
            ('bounce ["format", "class"] "hard"', True),
            ('bounce "evidence" ["verified", "plausible", "unverified"]', True),
        ], report(GROUPS))

    def test_no_bounce_has_no_values(self):
        fields = ('kind format class side reason status reply action recipient '
                  'recipient.domain diagnostic remote-mta reporting-mta '
                  'original.message-id original.subject evidence').split()
        table = [(f'bounce :matches "{field}" "*"', False) for field in fields]
        table += [(f'bounce :count "eq" "{field}" "0"', True) for field in fields]
        table += [('bounce "kind" "none"', False)]
        self.assert_truth(table, harness.mail())

    def test_match_types(self):
        self.assert_truth([
            ('bounce :is "status" "5.1"', False),
            ('bounce :contains "status" "5.1"', True),
            ('bounce :matches "status" "5.*.2"', True),
            ('bounce :matches "status" "4.2.?"', False),
            ('bounce :regex "status" "^5\\\\.[12]\\\\.2$"', True),
            ('bounce :regex "status" "^4\\\\.2"', False),
            ('bounce :value "ge" "status" "5.2"', True),
            ('bounce :value "gt" :comparator "i;ascii-numeric" "reply" "551"',
             True),
            ('bounce :value "gt" :comparator "i;ascii-numeric" "reply" "552"',
             False),
            ('bounce :count "eq" "recipient" "3"', True),
            ('bounce :count "ge" :comparator "i;ascii-numeric" "recipient" "2"',
             True),
            ('bounce :count "gt" :comparator "i;ascii-numeric" "recipient" "3"',
             False),
            ('bounce :count "eq" ["recipient", "kind"] "4"', True),
            ('bounce :is :comparator "i;octet" "recipient" "bob@example.net"',
             False),
            ('bounce :is :comparator "i;octet" "recipient" "Bob@Example.net"',
             True),
            ('bounce :comparator "i;ascii-casemap" :is "class" "HARD"', True),
        ], report(GROUPS))

    def test_match_variables(self):
        out = self.sieve_test(
            'require [%s];\n' % ALL +
            'if bounce :matches "recipient" "*@second.*" '
            '{ fileinto "${1} at ${2}"; }\n', report(GROUPS))
        self.assertIn('carol at example', out)

    def test_control_structures(self):
        self.assert_truth([
            ('anyof (bounce "class" "undetermined", bounce "class" "hard")', True),
            ('anyof (bounce "class" "undetermined", bounce "side" "sender")',
             False),
            ('allof (bounce "class" "hard", bounce "kind" "failure")', True),
            ('allof (bounce "class" "hard", not bounce "kind" "failure")', False),
            ('not bounce "kind" "delay"', True),
        ], report(GROUPS))

    def test_field_in_variable(self):
        out = self.sieve_test(
            'require [%s];\nset "f" "class";\nset "g" "clas";\n'
            'if bounce "${f}" "hard" { fileinto "known"; }\n'
            'if bounce_record "${f}" "a@b.example" "hard" { stop; }\n'
            'if bounce "${g}" "hard" { fileinto "unknown"; }\n' % ALL,
            report(GROUPS))
        self.assertIn('known', out)
        self.assertNotRegex(out, r"folder: unknown|mailbox 'unknown'")
        self.assertIn("bounce test: unknown field 'clas'", out)

    def test_variables(self):
        names = ('kind recipient class side reason status diagnostic meaning '
                 'advice remedy').split()
        script = 'require [%s];\n' % ALL + ''.join(
            'fileinto "%s=${bounce.%s}|";\n' % (name, name) for name in names)
        out = self.sieve_test(script, report(GROUPS))
        for wanted in ('kind=failure|', 'recipient=Bob@Example.net|',
                       'class=hard|', 'side=recipient|', 'status=5.1.1|',
                       'reason=mailbox-unknown|', 'No such user here|',
                       'meaning=Nobody has this address at that domain.|',
                       'advice=Check the spelling and correct it'):
            self.assertIn(wanted, out)
        self.assertIn("'remedy=|'", out.replace('folder: remedy=|', "'remedy=|'"))
        # the first that failed, not the first
        out = self.sieve_test(script, report(GROUPS[::-1]))
        for wanted in ('recipient=carol@second.example|', 'class=soft|',
                       'reason=mailbox-full|', 'status=5.2.2|'):
            self.assertIn(wanted, out)
        # nothing failed: the first
        out = self.sieve_test(script, report(GROUPS[2:]))
        self.assertIn('kind=delay|', out)
        self.assertIn('recipient=dave@third.example|', out)

    def test_variables_are_empty_without_bounce(self):
        out = self.sieve_test(
            'require [%s];\nfileinto "<${bounce.kind}${bounce.recipient}'
            '${bounce.class}${bounce.meaning}>";\n' % ALL, harness.mail())
        self.assertIn('<>', out)

    def test_foreverypart(self):
        out = self.sieve_test(
            'require [%s, "mime", "foreverypart"];\n' % ALL +
            'set "n" "";\n'
            'foreverypart { if bounce "class" "hard" { set "n" "${n}x"; } }\n'
            'fileinto "${n}";\n', report(GROUPS))
        # the multipart, text, status, returned mail and its text
        self.assertRegex(out, 'xxxx')

    def test_include(self):
        home = pathlib.Path(self.home('alice'), 'sieve')
        home.mkdir(exist_ok=True)
        (home / 'inner.sieve').write_text(
            'require [%s];\nif bounce "class" "hard" '
            '{ fileinto "inner ${bounce.status}"; }\n' % ALL)
        os.chown(home, harness.MAIL_UID, harness.MAIL_UID)
        out = self.sieve_test(
            'require ["include", %s];\ninclude :personal "inner";\n'
            'if bounce "class" "hard" { fileinto "outer"; }\n' % ALL,
            report(GROUPS))
        self.assertIn('inner 5.1.1', out)
        self.assertIn('outer', out)

    def test_ihave(self):
        self.assert_truth([
            ('ihave "vnd.dovecot-bounce"', True),
            ('ihave "vnd.dovecot-no-bounce"', False),
            ('allof (ihave "vnd.dovecot-bounce", true)', True),
        ], report(GROUPS), require=ALL + ', "ihave"')
        out = self.sieve_test(
            'require ["ihave", "fileinto"];\n'
            'if ihave "vnd.dovecot-bounce" {\n'
            '  if bounce "class" "hard" { fileinto "yes"; }\n}\n',
            report(GROUPS))
        self.assertRegex(out, r"folder: yes|mailbox 'yes'")

    def test_imap4flags(self):
        out = self.sieve_test(
            'require [%s, "imap4flags"];\n' % ALL +
            'if bounce "side" "recipient" { addflag "$Theirs-${bounce.class}"; }\n',
            report(GROUPS))
        self.assertIn('$Theirs-hard', out)

    def test_editheader(self):
        script = ('require [%s, "editheader"];\n' % ALL +
                  'addheader "X-Before" "x";\ndeleteheader "Content-Type";\n'
                  'if bounce "class" "hard" '
                  '{ addheader "X-Bounce" "${bounce.reason}"; }\n'
                  'if bounce "kind" "failure" { fileinto "after"; }\n')
        out = self.sieve_test(script, report(GROUPS))
        self.assertIn('after', out)
        out = self.sieve_test(script.replace(
            'addheader "X-Before" "x";\ndeleteheader "Content-Type";\n', '') +
            'if header "X-Bounce" "mailbox-unknown" { fileinto "marked"; }\n',
            report(GROUPS))
        self.assertIn('marked', out)

    def test_duplicate_and_notify(self):
        out = self.sieve_test(
            'require [%s, "duplicate", "enotify"];\n' % ALL +
            'if allof (bounce "class" "hard", not duplicate :uniqueid '
            '"${bounce.recipient}") { notify :message "${bounce.meaning}" '
            '"mailto:postmaster@example.org"; }\n', report(GROUPS))
        self.assertIn('To: postmaster@example.org', out)
        self.assertIn('Nobody has this address', out)

    def test_trace(self):
        path = f'{self.work}/trace'
        # a variable names no field: the next one is asked all the same
        script = 'require [%s];\nif bounce ["${no}", "kind", "class"] "hard" ' \
            '{ bounce_ignore; }\nif bounce_record ["${no}", "state"] "bad" "x" ' \
            '{ bounce_learn; }\nbounce_forget;\n' % ALL
        for mail, count in ((report(GROUPS), 3), (harness.mail(), 0)):
            pathlib.Path(path).unlink(missing_ok=True)
            self.sieve_test(script, mail, '-t', path, '-T', 'level=matching')
            text = pathlib.Path(path).read_text()
            for wanted in ('2: bounce test\n',
                           "2:   field 'class' has %d values\n" % count,
                           '3: bounce_record test\n',
                           "3:   field 'state' of 'bad' has no record\n",
                           '4: bounce_forget action\n'):
                self.assertIn(wanted, text)
            for wanted in ('matching value .hard', 'bounce_ignore action'):
                self.assertEqual(count > 0, bool(re.search(wanted, text)), text)

    def test_ignore_in_the_result(self):
        out = self.sieve_test('require [%s];\nbounce_ignore;\nbounce_ignore;\n'
                              % ALL, report(GROUPS))
        self.assertEqual(out.count('do not record this bounce'), 1, out)
        self.assertRegex(out, r'(?s)Implicit keep:.*(store|mailbox)')
        out = self.sieve_test('require [%s];\nbounce_ignore;\nfileinto "x";\n'
                              % ALL, report(GROUPS))
        self.assertRegex(out, r'Implicit keep:\s+\(none\)')


class Whole(SieveCase):
    """All of the language in one script: for valgrind."""

    bounce = False
    under_valgrind = True

    def test_whole(self):
        fields = Compile.FIELDS.split(', ')
        script = 'require [%s];\nset "f" "reason";\nset "n" "";\n' % ALL
        for match in (':is', ':contains', ':matches', ':regex', ':value "ge"',
                      ':count "ge" :comparator "i;ascii-numeric"'):
            for field in [*fields, '${f}', 'no${f}']:
                script += 'if not bounce %s "%s" ["nothing", "nix"] ' \
                    '{ set "n" "${n}x"; }\n' % (match, field)
            script += 'if bounce_record %s ["%s"] ["bob@example.net", ""] ' \
                '"nix" { set "n" "${n}y"; }\n' % (
                    match, Compile.RECORD_FIELDS.replace(', ', '", "'))
        script += ''.join('set "f" "${bounce.%s}";\n' % name for name in
                          ('kind', 'recipient', 'class', 'side', 'reason',
                           'status', 'diagnostic', 'meaning', 'advice', 'remedy',
                           'no'))
        script += 'bounce_ignore;\nbounce_learn;\nbounce_forget;\n'
        for mail in (report(GROUPS), harness.mail()):
            out = self.sieve_test(script, mail, '-e')
            self.assertIn('success', out)
        self.assertIn('BOUNCE_FORGET', self.tool(
            'sievec', '-d', self.file('whole.sieve', script), '-').stdout)


class Compile(SieveCase):
    """sievec: errors and dumps."""

    bounce = False

    FIELDS = ('kind, format, class, side, reason, status, reply, action, '
              'recipient, recipient.domain, diagnostic, remote-mta, '
              'reporting-mta, original.message-id, original.subject, evidence')
    RECORD_FIELDS = ('state, class, side, reason, score, count, evidence, '
                     'unproven, held')

    def test_errors(self):
        bounce = "bounce test: unknown field 'clas' (known fields: %s)" \
            % self.FIELDS
        for script, wanted in [
                ('if bounce "clas" "hard" { keep; }', bounce),
                ('if bounce ["class", "clas"] "hard" { keep; }', bounce),
                ('if bounce "%s" "hard" { keep; }' % (81 * 'x'),
                 "unknown field '%s...' (" % (77 * 'x')),
                ('if bounce_record "foo" "a@b.c" "x" { keep; }',
                 "bounce_record test: unknown field 'foo' (known fields: %s)"
                 % self.RECORD_FIELDS),
                ('if bounce 3 "hard" { keep; }',
                 'the bounce test expects a string list as argument 1 (field), '
                 'but a number was found'),
                ('if bounce "class" { keep; }',
                 'the bounce test requires 2 positional argument(s), but 1 is/are '
                 'specified'),
                ('if bounce "class" 3 { keep; }',
                 'the bounce test expects a string list as argument 2 (key list), '
                 'but a number was found'),
                ('if bounce_record "state" "a@b.c" { keep; }',
                 'the bounce_record test requires 3 positional argument(s), but '
                 '2 is/are specified'),
                ('if bounce :foo "class" "hard" { keep; }',
                 "unknown tagged argument ':foo' for the bounce test"),
                ('bounce "class" "hard";', 'bounce'),
                ('if bounce_ignore { keep; }', 'bounce_ignore'),
                ('bounce_ignore "x";',
                 'the bounce_ignore command requires 0 positional argument(s), but '
                 '1 is/are specified'),
                ('set "bounce.kind" "x";',
                 "vnd.dovecot-bounce: cannot assign to '${bounce.kind}'"),
        ]:
            with self.subTest(script=script):
                status, out = self.compile('require [%s];\n%s\n' % (ALL, script),
                                           check=False)
                self.assertNotEqual(status, 0, out)
                self.assertIn(wanted, out)
                self.assertRegex(out, r'line 2: error: ')

    def test_unknown_variable(self):
        """A warning: unknown variables are empty, says RFC 5229."""
        status, out = self.compile(
            'require ["vnd.dovecot-bounce", "variables"];\n'
            'set "x" "${bounce.foo.bar}";\n')
        self.assertEqual(status, 0)
        self.assertIn("line 2: warning: vnd.dovecot-bounce: unknown variable "
                      "'${bounce.foo.bar}' is always empty (known after "
                      "'bounce.': kind, recipient, class, side, reason, status, "
                      "diagnostic, meaning, advice, remedy)", out)
        out = self.sieve_test(
            'require ["vnd.dovecot-bounce", "variables", "fileinto"];\n'
            'fileinto "<${bounce.foo}>";\n', report(GROUPS))
        self.assertIn('<>', out)

    def test_needs_require(self):
        status, out = self.compile('if bounce "class" "hard" { keep; }\n',
                                   check=False)
        self.assertNotEqual(status, 0)
        self.assertIn("unknown test 'bounce'", out)
        # without "variables" it is plain text
        status, out = self.compile('require ["vnd.dovecot-bounce"];\n'
                                   'if header "x" "${bounce.foo}" { keep; }\n')
        self.assertEqual(status, 0, out)

    def test_dump(self):
        source = self.file('dump.sieve', 'require [%s];\n' % ALL + '''
if bounce :contains ["class", "reason"] "hard" { keep; }
if bounce_record :value "ge" :comparator "i;ascii-numeric" "score" "${bounce.recipient}" "3" { keep; }
bounce_ignore;
bounce_learn;
bounce_forget;
''')
        out = self.tool('sievec', '-d', source, '-').stdout
        for wanted in (r'\bBOUNCE\b', r'match type: contains', r'field: STRLIST',
                       r'"reason"', r'key list: STR\[\d+\] "hard"',
                       r'\bBOUNCE_RECORD\b', r'field: STR\[\d+\] "score"',
                       r'address: VAR \$\{bounce\.recipient\}',
                       r'\bBOUNCE_IGNORE\b', r'\bBOUNCE_LEARN\b',
                       r'\bBOUNCE_FORGET\b'):
            self.assertRegex(out, wanted)

    def test_binary_of_another_version(self):
        """It is compiled anew, and used as it is when it fits."""
        source = self.file('version.sieve', 'require [%s];\n'
                           'if bounce "class" "hard" { fileinto "source"; }\n'
                           % ALL)
        mail = self.file('version.eml', report(GROUPS))
        binary = pathlib.Path(source).with_suffix('.svbin')
        self.tool('sievec', source, str(binary))
        # shows which of the two runs
        good = binary.read_bytes().replace(b'source', b'binary')
        name = b'vnd.dovecot-bounce'
        at = good.index(name) + len(name) + 1       # and a NUL
        self.assertEqual(good[at:at + 1], b'\x01', 'the version is not there')
        for content, wanted in (
                (good, 'binary'),
                (good[:at] + b'\x7f' + good[at + 1:], 'source'),
                (good[:at] + b'\x00' + good[at + 1:], 'source'),
                (b'', 'source')):
            binary.write_bytes(content)
            binary.chmod(0o644)
            os.utime(binary, (os.stat(source).st_mtime + 10,) * 2)
            out = self.tool('sieve-test', '-u', 'alice', source, mail).stdout
            self.assertRegex(out, f"(folder: |mailbox '){wanted}")

    def test_damaged_binary(self):
        """What cannot be read decides nothing."""
        source = self.file('damaged.sieve', 'require [%s];\n'
                           'if not bounce "class" "hard" { fileinto "source"; }\n'
                           % ALL)
        mail = self.file('damaged.eml', report(GROUPS))
        binary = pathlib.Path(source).with_suffix('.svbin')
        self.tool('sievec', source, str(binary))
        # where the field was stands a number, and then a key
        damaged = re.sub(rb'(?s).\x05class', b'\x01\x02\x04lass',
                         binary.read_bytes())
        self.assertIn(b'lass', damaged)
        binary.write_bytes(damaged)
        binary.chmod(0o644)
        os.utime(binary, (os.stat(source).st_mtime + 10,) * 2)
        done = self.tool('sieve-test', '-u', 'alice', source, mail, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ''))
        self.assertRegex(done.stderr, 'corrupt binary deleted')
        self.assertFalse(binary.exists())
