"""What can be changed in a source."""

import collections
import difflib
import random
import re

NOT_CODE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
                      r'|^[ \t]*#(?:\\\n|[^\n])*', re.S | re.M)
SWAPS = {
    'bound': [('<', '<='), ('<=', '<'), ('>', '>='), ('>=', '>')],
    'equal': [('==', '!='), ('!=', '==')],
    'logic': [('&&', '||'), ('||', '&&')],
    'sum': [('+', '-'), ('-', '+'), ('+=', '-='), ('-=', '+=')],
    'truth': [('TRUE', 'FALSE'), ('FALSE', 'TRUE')],
    'leave': [('break', 'continue'), ('continue', 'break')],
}
NUMBER = re.compile(r'(?<![\w.-])(\d+)(?![\w.])')
# with the blanks that Dovecot's style has around operators of two sides
OPERATOR = re.compile(r'(?<=[\w)\]] )(<=|>=|==|!=|&&|\|\||\+=|-=|<|>|\+|-)(?=[ \n])')
WORD = re.compile(r'\b(TRUE|FALSE|break|continue)\b')
CONDITION = re.compile(r'\b(if|while) \(')
STATEMENT = re.compile(r'^\t+(?:\w[\w>.\[\]-]* [-+|&]?= [^;{}=]+|[a-z_]\w*\([^;{}]*\)'
                       r'|return [^;{}]+);$', re.M)


def blank(text):
    """Without comments, texts and macros, each byte where it was."""
    return NOT_CODE.sub(lambda found: re.sub(r'[^\n]', ' ', found[0])
                        if found[0][0] != '"' else
                        '"' + '_' * (len(found[0]) - 2) + '"', text)


def closing(text, start):
    """Where the bracket that opens at start ends."""
    depth = 0
    for index in range(start, len(text)):
        depth += {'(': 1, ')': -1}.get(text[index], 0)
        if depth == 0:
            return index
    return None


def changes(text):
    """[(kind, start, end, new text)] of a source."""
    code = blank(text)
    found = []
    swaps = {old: (kind, new) for kind, pairs in SWAPS.items()
             for old, new in pairs}
    for pattern in OPERATOR, WORD:
        for match in pattern.finditer(code):
            kind, new = swaps[match[1]]
            found.append((kind, match.start(1), match.end(1), new))
    for match in NUMBER.finditer(code):
        number = int(match[1])
        for other in {number + 1, max(number - 1, 0)} - {number}:
            found.append(('number', match.start(1), match.end(1), str(other)))
    for match in CONDITION.finditer(code):
        start = match.end() - 1
        end = closing(code, start)
        if end is None:
            continue
        inner = text[start:end + 1]
        found.append(('not', start, end + 1, f'(!{inner})'))
        if match[1] == 'if':
            found.append(('always', start, end + 1, f'(TRUE || {inner})'))
            found.append(('never', start, end + 1, f'(FALSE && {inner})'))
    for match in STATEMENT.finditer(code):
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        statement = text[start:match.end()]
        if not statement.startswith('return'):
            found.append(('gone', start, match.end(), ';'))
        elif statement == 'return -1;':
            found.append(('return', start, match.end(), 'return 0;'))
        elif statement in ('return 0;', 'return 1;'):
            other = '1' if '0' in statement else '0'
            found.append(('return', start, match.end(), f'return {other};'))
    return found


def context(text, start, end, new):
    """The change as people read it."""
    changed = text[:start] + new + text[end:]
    return '\n'.join(line for line in difflib.unified_diff(
        text.split('\n'), changed.split('\n'), lineterm='', n=0)
        if line[:2] not in ('--', '++', '@@'))


def order(top, files, seed):
    """All changes, in the seed's order: first a kind, then one of it."""
    chance = random.Random(seed)
    kinds = collections.defaultdict(list)
    for path in files:
        text = (top / path).read_text('utf-8')
        for kind, start, end, new in changes(text):
            kinds[kind].append((path, kind, start, end, new))
    for each in kinds.values():
        chance.shuffle(each)
    while kinds:
        kind = chance.choice(sorted(kinds))
        yield kinds[kind].pop()
        if not kinds[kind]:
            del kinds[kind]
