"""A terminal with somebody at it: answers the prompts of a command with toy credentials, or leaves with Ctrl-C."""

import fcntl, json, os, pty, re, select, struct, sys, termios, time

action, credentials = sys.argv[1], json.load(open(sys.argv[2]))
command = sys.argv[sys.argv.index('--') + 1:]
answers = [credentials['api_key'], '\x1b[200~' + credentials['secret'] + 'x\x7f\x1b[201~']

child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
if action == 'enter':
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))

seen, asked, deadline = '', 0, time.time() + 60
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
    prompts = len(re.findall(r'\(hidden\): ', seen))
    if prompts > asked:
        time.sleep(0.2)
        if action == 'leave' and prompts == 2:
            os.write(terminal, b'half\x03')
        else:
            os.write(terminal, answers[asked].encode() + b'\r')
        asked = prompts
    flags = termios.tcgetattr(terminal)[3]
    restored = bool(flags & termios.ECHO) and bool(flags & termios.ICANON)

_, status = os.waitpid(child, 0)
print(re.sub(r'\x1b\[[0-9;?]*[A-Za-z]', '', seen))
print('echo restored' if restored else 'echo lost')
if any(secret in seen for secret in (credentials['api_key'], credentials['secret'])) or 'half' in seen:
    print('secret shown')
sys.exit(os.waitstatus_to_exitcode(status))
