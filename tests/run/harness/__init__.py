"""A private Dovecot (2.3 or 2.4) for tests.

How to write a test: tests/run/test_NAME.py, stdlib unittest only.

    import harness

    class Filing(harness.TestCase):
        settings = {'bounce_mailbox': 'Bounces'}   # ours, the same on 2.3 and 2.4
        users = {'alice': {}, 'bob': {'bounce_record': 'no'}}   # userdb fields

        def test_filed(self):
            self.lmtp('alice', harness.dsn('bob@example.net'), sender='')
            self.assertEqual(self.messages('alice', 'Bounces'), 1)
            self.assertEqual(self.doveadm_json('bounce', 'list', '-u', 'alice')[0]
                             ['address'], 'bob@example.net')

One server per class, started before its first test and stopped after its last.
A test that wants an untouched user takes one:  user = self.new_user()  or
self.new_user(bounce_threshold='5')  (userdb fields).

Run one:      tests/run/in-namespace tests/run/run-tests [test_NAME[.Class[.test]]]...
On Debian 13: tests/run/in-root trixie tests/run/run-tests [...]

What a class may set (all optional):

    users         {name: {userdb field: value}}; password "pass"; default alice, bob
    bounce        False: our mail plugin is not loaded
    plugins       more mail plugins, for every process (not in conf: on 2.3 the first
                  mail_plugins line must hold them)
    sieve         False: Pigeonhole is not loaded
    sieve_bounce  our Sieve extension: True, False, None = if it is installed
    settings      our settings; booleans and numbers as strings; Setting names of
                  2.3 and 2.4 that differ go to conf23 / conf24
    dict23/dict24 the dictionary: a URI for bounce_dict on 2.3; the lines within
                  "bounce { ... }" on 2.4. @DIR@ etc. are filled in, see below
    conf          more lines for dovecot.conf, both versions; conf23, conf24: one
                  version only. @DIR@, @USER@, @LMTP@, @IMAP@ ... stand for the
                  temporary folder (0755), the mail user id, the ports
    relay         True: submission relays to self.relay, an SMTP sink (class Relay)
    environment   {name: value} for every process of Dovecot; @DIR@ is filled in
    services      extra protocols beyond imap lmtp submission sieve
    under_valgrind  True: run-tests runs this class under BOUNCE_VALGRIND, too; names:
                  of its tests only these (ten times slower: one for each way
                  into our code)
    mail_uid      the uid and gid of all users (5000)
    spare_users   how many users new_user() has ready (40); doveadm -A sees them
                  too, so a test of -A sets 0

What a test finds in self (and self.server):

    version       (2, 3) or (2, 4)          dir   the temporary folder
    ports         {'imap','lmtp','submission','sieve'}: on 127.0.0.1
    lmtp(to, message, sender='', rcpt_options=()) -> (code, text) or AssertionError
    lda(user, message, sender='', args=()) -> subprocess.CompletedProcess
    doveadm(*args, check=True, stdin=None, stderr=PIPE) -> CompletedProcess (text)
    doveadm_json(*args) -> the parsed output of doveadm -f json
    imap(user) -> imaplib.IMAP4, logged in; closed by itself
    managesieve(user) -> ManageSieve, logged in; .command('PUTSCRIPT ...')
    submission(user) -> smtplib.SMTP, logged in
    messages(user, mailbox) -> number;  mailboxes(user) -> list
    fetch(user, mailbox) -> [(flags, bytes)] of all messages; our notices are not
                  among them, in either; fetch(..., notices=True): these alone
    metadata(user, entry='') -> {name: record}, read through IMAP METADATA
    put_script(user, text): the user's active Sieve script, as a file
    log(pattern=None): the log's lines since the test began, matching
    count_log(pattern, wanted): so many match, once they have come
    expect_log(pattern): this warning or error is wanted; the test fails if it
                  does not come. Every other Error, Panic, Fatal or Warning line
                  fails the test.
    reload() / restart(): after self.server.write_conf(...) or a killed process

Without a server: harness.program('bounce-classify') is the path of a program of
the build tree, harness.SAMPLES the folder of sample mails, harness.dsn() makes
a report.

Under valgrind, with sanitizers or counters (environment variables):

    BOUNCE_VALGRIND=1    lmtp, imap, lda, doveadm, submission, managesieve run under
                         valgrind; a report in one of them fails the test
    BOUNCE_ASAN=1        the modules were built with --enable-sanitizers: libasan is
                         preloaded into every process; a report fails the test
    BOUNCE_COVERAGE=1    they were built with --coverage: who cannot write its counters
                         says so in log/gcov, not in Dovecot's log
    BOUNCE_KEEP=1        keep the temporary folder and say where it is
"""

from .case import TestCase
from .machine import (ASAN, HERE, LIBEXEC, MAIL_UID, MODULES, SAMPLES, SLOW, SOURCE,
                      VALGRIND, VERSION, free_ports, program, stop_socket,
                      wait_for_port)
from .mails import as_bytes, dsn, made_here, mail, stored
from .servers import Relay, Server

__all__ = [
    'ASAN', 'HERE', 'LIBEXEC', 'MAIL_UID', 'MODULES', 'Relay', 'SAMPLES', 'SLOW',
    'SOURCE', 'Server', 'TestCase', 'VALGRIND', 'VERSION', 'as_bytes', 'dsn',
    'free_ports', 'made_here', 'mail', 'program', 'stop_socket', 'stored',
    'wait_for_port']
