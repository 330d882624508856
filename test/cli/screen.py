"""A terminal of a size with somebody at it: waits until a word is shown, leaves in some way, and tells what was left."""

import fcntl, json, os, pty, re, select, signal, struct, sys, termios, time

columns, rows, word, way = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
command = sys.argv[sys.argv.index('--') + 1:]

sized, tell_sized = os.pipe()
child, terminal = pty.fork()
if child == 0:
    os.read(sized, 1)
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
os.write(tell_sized, b'!')

frame_end = '\x1b[?2026l'
seen, left, resized, deadline = '', False, None, time.time() + 300
while time.time() < deadline:
    ready, _, _ = select.select([terminal], [], [], 0.1)
    if ready:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk.decode('utf-8', 'replace')
    # the first may have been on its way
    if resized is not None and seen.count(frame_end, resized) >= 2:
        resized = None
        os.write(terminal, b'q')
    if word in seen and not left:
        left = True
        if way == 'resize':
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows - 6, columns - 30, 0, 0))
            os.kill(child, signal.SIGWINCH)
            resized = len(seen)
        elif way == 'term':
            os.kill(child, signal.SIGTERM)
        else:
            os.write(terminal, {'q': b'q', 'ctrl-c': b'\x03'}[way])

flags = termios.tcgetattr(terminal)[3]
restored = bool(flags & termios.ECHO) and bool(flags & termios.ICANON)
_, status = os.waitpid(child, 0)
frames = re.findall(r'\x1b\[\?2026h\x1b\[H(.*?)\x1b\[J\x1b\[\?2026l', seen, re.S)
plain = [re.sub(r'\x1b\[[0-9;?]*[A-Za-z]', '', frame).replace('\r', '').split('\n') for frame in frames]
print(json.dumps({
    'code': os.waitstatus_to_exitcode(status),
    'begins': seen.startswith('\x1b[?1049h\x1b[?25l'),
    'ends': seen.endswith('\x1b[?25h\x1b[?1049l'),
    'restored': restored,
    'coloured': bool(re.search(r'\x1b\[\d+m', seen)),
    'frames': plain,
}))
