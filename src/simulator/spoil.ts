import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { minuteMs } from '@perf-agg/sdk'
import type { SpokenFault, WireFault } from './faults.ts'

const page =
  '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>'

/** Says nothing for as long as was ordered, then hangs up. */
export function hang(socket: Duplex, { holdMs = minuteMs }: Extract<WireFault, { kind: 'hang' }>): void {
  const timer = setTimeout(() => socket.destroy(), holdMs)
  timer.unref()
  socket.on('close', () => clearTimeout(timer))
}

/** Answers as a broken exchange does; `body` is what a sound one would have said. */
export function spoil(fault: Exclude<WireFault, SpokenFault>, response: ServerResponse, body: string): void {
  switch (fault.kind) {
    case 'refuse':
      response.socket?.destroy()
      return
    case 'hang':
      if (response.socket !== null) hang(response.socket, fault)
      return
    case 'bad-gateway':
      response.writeHead(502, { 'Content-Type': 'text/html' }).end(page)
      return
    case 'html':
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(page)
      return
    case 'truncate':
      response.writeHead(200, { 'Content-Type': 'application/json;charset=UTF-8' })
      response.end(body.slice(0, Math.floor(body.length / 2)))
      return
  }
}
