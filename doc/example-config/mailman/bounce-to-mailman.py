"""Mailman 3 follows what dovecot-bounce knows: doveadm bounce export -A --as mailman >FILE
&& python3 bounce-to-mailman.py [--dry-run] STATE <FILE. Twice changes nothing more; a
member's own choice stays. STATE is a file that remembers who was disabled: whom the
whole export names no more is enabled again. It runs as root or list."""
import configparser, os, pathlib, sys, urllib.parse, requests   # noqa: E401
config = configparser.ConfigParser(strict=False, interpolation=None)
config.read(os.environ.get('MAILMAN_CONFIG_FILE', '/etc/mailman3/mailman.cfg'))
web, dry, wanted, failed = config['webservice'], '--dry-run' in sys.argv, {}, False
state, = [pathlib.Path(word) for word in sys.argv[1:] if word != '--dry-run']
disabled, states = set(state.read_text().split() if state.exists() else ()), ('enabled', 'by_bounces')
def ask(method, *path, **form):
    url = '/'.join(urllib.parse.quote(part, '') for part in ('3.1', *path))
    done = requests.request(method, f"http://{web['hostname']}:{web['port']}/{url}",
                            data=form, auth=(web['admin_user'], web['admin_pass']), timeout=60)
    method == 'POST' and done.status_code == 400 or done.raise_for_status()  # there already
    return done.json() if done.status_code == 200 else {}
def find(who): return ask('POST', 'members', 'find', subscriber=who, role='member').get('entries', [])
def switch(member, old, new):
    path = 'members', member['member_id'], 'preferences'
    if ask('GET', *path).get('delivery_status', 'enabled') == old:
        print(new, member['email'], member['list_id'])
        dry or ask('PATCH', *path, delivery_status=new) or disabled.add(member['email'])
def correct(member, new):
    if member['list_id'] in [other['list_id'] for other in find(new)]:
        return switch(member, *states)
    print('correct', member['email'], member['list_id'], new)
    dry or ask('POST', 'users', member['email'], 'addresses', email=new) or ask('POST',
        'addresses', new, 'verify') or ask('PATCH', 'members', member['member_id'], address=new)
    switch(member, *reversed(states))
for verb, address, *new in (line.rstrip('\n').split('\t') for line in sys.stdin):
    wanted[address] = max(wanted.get(address, (-1,)), ('dec'.index(verb.split()[-1][0]), *new))
for address, (rank, *new) in {**{gone: (1,) for gone in disabled}, **wanted}.items():
    try:
        for member in find(address):
            correct(member, *new) if new else switch(member, *states[::-rank or 1])
        rank and disabled.discard(address)
    except OSError as problem:
        failed = print(f'{address}: {problem}', file=sys.stderr) or True
dry or state.write_text('\n'.join(sorted(disabled)))
sys.exit(failed)
