"""A terminal with somebody at it: answers the prompts of a command with toy credentials, or leaves with Ctrl-C.

Of an address it answers with lines of its own, and with what its wallet signed where one of them says `sign`.
"""

import fcntl, json, os, pty, re, select, struct, subprocess, sys, termios, time

action, credentials = sys.argv[1], json.load(open(sys.argv[2]))
command = sys.argv[sys.argv.index('--') + 1:]
secrets = [credentials[name] for name in ('api_key', 'secret') if name in credentials]
prompt = r'(?:address .*|signature.*): $' if action == 'wallet' else r'\(hidden\): '
answers = (
    credentials['lines']
    if action == 'wallet'
    else [credentials['api_key'], '\x1b[200~' + credentials['secret'] + 'x\x7f\x1b[201~']
)


def signed(shown):
    """By the wallet, what is shown as its own JSON."""
    typed = re.findall(r'^\{$.*?^\}$', shown.replace('\r', ''), re.M | re.S)[-1]
    return subprocess.run(credentials['wallet'], input=typed.encode(), capture_output=True, check=True).stdout.decode().strip()


child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
if action == 'enter':
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))

seen, asked, answered, deadline = '', 0, 0, time.time() + 300
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
    prompts = len(re.findall(prompt, seen)) if action != 'wallet' else asked + bool(re.search(prompt, seen[answered:]))
    if prompts > asked:
        if action == 'leave' and prompts == 2:
            os.write(terminal, b'half\x03')
        else:
            answer = answers[asked]
            os.write(terminal, (signed(seen) if answer == 'sign' else answer).encode() + b'\r')
        asked, answered = prompts, len(seen)

flags = termios.tcgetattr(terminal)[3]
restored = bool(flags & termios.ECHO) and bool(flags & termios.ICANON)
_, status = os.waitpid(child, 0)
print(re.sub(r'\x1b\[[0-9;?]*[A-Za-z]', '', seen))
print('echo restored' if restored else 'echo lost')
if any(secret in seen for secret in secrets) or 'half' in seen:
    print('secret shown')
sys.exit(os.waitstatus_to_exitcode(status))
