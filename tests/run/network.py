"""Addresses of the tests' own network (run-tests makes it): an MTA sees a client come
from there, as from outside, and looks up its name.

    network.add(cls, '203.0.113.66')    # all of 203.0.113.0/24, until the class ends
    smtplib.SMTP('127.0.0.1', port, source_address=('203.0.113.66', 0))
"""

import fcntl
import os
import socket
import struct

SIOCSIFFLAGS, SIOCSIFADDR = 0x8914, 0x8916


def ioctl(request, name, rest):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, request, struct.pack('16s24s', name.encode(), rest))


def add(case, *addresses):
    """As aliases of loopback, each with the network of its class (A, B, C)."""
    if not os.environ.get('BOUNCE_OWN_NETWORK'):
        raise AssertionError('the network is the machine\'s, not run-tests\' own')
    for address in addresses:
        packed = socket.inet_aton(address)
        name = 'lo:' + packed.hex()
        ioctl(SIOCSIFADDR, name, struct.pack('HH4s', socket.AF_INET, 0, packed))
        # down, an alias is gone
        case.addClassCleanup(ioctl, SIOCSIFFLAGS, name, b'')
