/**
 * Node's permissions stop at files, sockets and children: a signal could still end the daemon. What could send one, or
 * load anything, is taken away before ccxt is there.
 */
export function confine(): void {
  for (const name of ['kill', '_kill', '_debugProcess', 'abort', 'dlopen', 'binding']) {
    Object.defineProperty(process, name, { value: undefined, writable: false, configurable: false })
  }
}
