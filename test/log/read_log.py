"""Reads a published log by C2SP tlog-tiles, signed-note, tlog-checkpoint and tlog-cosignature, and nothing of ours.

python3 read_log.py URL LOG_VKEY [WITNESS_VKEY]: checks every tile of every level and every entry against the
checkpoint, and both signatures; prints size, number of files and the witness's time.
"""
import base64, hashlib, struct, sys, urllib.request
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

url, log_vkey, *witness_vkeys = sys.argv[1:]
files = 0


def fetch(path):
    global files
    files += 1
    with urllib.request.urlopen(f'{url}/{path}') as answer:
        return answer.read()


def parse_vkey(vkey, algorithm):
    name, key_hash, encoded = vkey.split('+', 2)
    data = base64.b64decode(encoded, validate=True)
    assert data[0] == algorithm and len(data) == 33, 'another algorithm'
    expected = hashlib.sha256(name.encode() + b'\n' + data).digest()[:4]
    assert key_hash == expected.hex(), 'the key hash is not of the key'
    return name, expected, Ed25519PublicKey.from_public_bytes(data[1:])


def signature_of(note, name, key_hash):
    text, _, tail = note.rpartition('\n\n')
    for line in tail.splitlines():
        dash, signer, encoded = line.split(' ')
        assert dash == '\u2014'
        data = base64.b64decode(encoded, validate=True)
        if signer == name and data[:4] == key_hash:
            return text + '\n', data[4:]
    raise AssertionError('not signed by ' + name)


def tree_hash(hashes):
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    left = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b'\x01' + tree_hash(hashes[:left]) + tree_hash(hashes[left:])).digest()


def spell(index):
    groups = [f'{index % 1000:03d}']
    while index >= 1000:
        index //= 1000
        groups.insert(0, f'x{index % 1000:03d}')
    return '/'.join(groups)


def tiles(count):
    for index in range((count + 255) // 256):
        width = min(256, count - index * 256)
        yield spell(index) + ('' if width == 256 else f'.p/{width}'), width


note = fetch('checkpoint').decode()
name, key_hash, key = parse_vkey(log_vkey, 1)
text, signature = signature_of(note, name, key_hash)
key.verify(signature, text.encode())
origin, size, root = text.splitlines()[:3]
assert origin == name, 'another log'
size, root = int(size), base64.b64decode(root, validate=True)

time = None
for vkey in witness_vkeys:
    witness, key_hash, key = parse_vkey(vkey, 4)
    text, signature = signature_of(note, witness, key_hash)
    (time,) = struct.unpack('>Q', signature[:8])
    key.verify(signature[8:], f'cosignature/v1\ntime {time}\n{text}'.encode())

rows = []
while size >> 8 * len(rows):
    row = []
    for path, width in tiles(size >> 8 * len(rows)):
        data = fetch(f'tile/{len(rows)}/{path}')
        assert len(data) == 32 * width, 'a tile of another width'
        row += [data[at:at + 32] for at in range(0, len(data), 32)]
    for at, above in enumerate(row if rows else []):
        assert above == tree_hash(rows[-1][at * 256:at * 256 + 256]), 'a tile is not of those below'
    rows.append(row)
leaves = rows[0] if rows else []
assert tree_hash(leaves) == root, 'the root is not of its leaves'

at = 0
for path, width in tiles(size):
    data = fetch(f'tile/entries/{path}')
    for _ in range(width):
        (length,) = struct.unpack('>H', data[:2])
        entry, data = data[2:2 + length], data[2 + length:]
        assert hashlib.sha256(b'\x00' + entry).digest() == leaves[at], f'entry {at} is not its leaf'
        at += 1
    assert not data, 'a bundle has bytes left over'
print(size, files, time)
