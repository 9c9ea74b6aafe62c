"""Mails and reports for tests, and how they lie in a mailbox."""

import email.utils
import os
import pathlib
import re
import time


def dsn(recipient, status='5.1.1', diagnostic=None, action='failed',
        user='alice@example.org', message_id=None, original_id=None,
        reporting_mta='mx.example.org', trace=True):
    """A plain RFC 3464 report (bytes) to user about mail to recipient. Several
    recipients: a list. trace: the returned mail bears our site's Received."""
    recipients = [recipient] if isinstance(recipient, str) else recipient
    code = '550' if status.startswith('5') else '450'
    boundary = 'b1_%d' % time.monotonic_ns()
    message_id = message_id or email.utils.make_msgid(domain=reporting_mta)
    original_id = original_id or email.utils.make_msgid(domain='example.org')
    text = diagnostic or f'{code} {status} No such user here'
    groups = '\n'.join(f'''Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; {text}
''' for address in recipients)
    received = ('Received: from client.example.org by mx.example.org with ESMTPSA;'
                ' Mon, 1 Sep 2025 10:00:00 +0000\n') if trace else ''
    said = '\n'.join(f'<{address}>: host mx.example.net said: {text}'
                     for address in recipients)
    return f'''From: MAILER-DAEMON@{reporting_mta} (Mail Delivery System)
To: {user}
Subject: Undelivered Mail Returned to Sender
Date: Mon, 1 Sep 2025 10:00:10 +0000
Message-ID: {message_id}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

{said}

--{boundary}
Content-Type: message/delivery-status

Reporting-MTA: dns; {reporting_mta}
Arrival-Date: Mon, 1 Sep 2025 10:00:00 +0000

{groups}
--{boundary}
Content-Type: message/rfc822

{received}From: {user}
To: {', '.join(recipients)}
Subject: Lunch
Date: Mon, 1 Sep 2025 10:00:00 +0000
Message-ID: {original_id}

Shall we?
--{boundary}--
'''.replace('\n', '\r\n').encode()


def made_here(message, host='mx.example.org'):
    """As our own MTA hands over what it made itself; what bears a trace already
    is left as it is."""
    # as it lay in a mailbox: Dovecot will write its line anew
    message = re.sub(rb'(?i)^(Return-Path: <>\r?\n)?Received: from \S+ by \S+ with '
                     rb'LMTP\r?\n.*\r?\n', b'', as_bytes(message))
    head = re.split(rb'\r?\n\r?\n', message, maxsplit=1)[0]
    if re.search(rb'(?mi)^Received:', head):
        return message
    return (f'Received: by {host} (Postfix)\r\n\tid 4bTEST; Mon, 1 Sep 2025 '
            '10:00:10 +0000\r\n').encode() + message


def stored(message):
    """The same as it lies in a mailbox, delivered by LMTP."""
    return (b'Return-Path: <>\r\nReceived: from mx.example.org\r\n\tby mx.example.org '
            b'with LMTP\r\n\tid 1; Mon, 1 Sep 2025 10:00:11 +0000\r\n' +
            made_here(message))


def mail(subject='Hello', sender='carol@example.net', to='alice@example.org',
         body='Just a mail.\n'):
    """An ordinary mail (bytes)."""
    return f'''From: {sender}
To: {to}
Subject: {subject}
Date: {email.utils.formatdate()}
Message-ID: {email.utils.make_msgid(domain='example.net')}

{body}'''.replace('\n', '\r\n').encode()


def as_bytes(message):
    """str, bytes, a path or an email.message -> bytes."""
    if isinstance(message, os.PathLike):
        return pathlib.Path(message).read_bytes()
    if isinstance(message, str):
        return message.encode('utf-8', 'surrogateescape')
    return message if isinstance(message, bytes) else message.as_bytes()
