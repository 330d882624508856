import type { Server } from 'node:http'
import { PerfAggError } from '@perf-agg/sdk'

/**
 * Binds, and resolves with the port that was taken.
 * @throws PerfAggError PORT_TAKEN, PORT_REFUSED, HOST_UNKNOWN; each names `flag`
 */
export async function listen(server: Server, host: string, port: number, flag: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(refusal(error, host, port, flag)))
    server.listen({ host, port, backlog: 511 }, resolve)
  })
  server.removeAllListeners('error')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

function refusal(error: Error, host: string, port: number, flag: string): PerfAggError {
  const code = 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    return new PerfAggError('PORT_TAKEN', `port ${port} of ${host} is taken by another program`, {
      hint: `choose another with ${flag}, or ${flag} 0 for a free one`,
    })
  }
  if (code === 'EACCES') {
    return new PerfAggError('PORT_REFUSED', `port ${port} of ${host} may not be used by this user`, {
      hint: `choose one above 1023 with ${flag}`,
    })
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new PerfAggError('HOST_UNKNOWN', `${host} is no address of this machine`, {
      hint: 'use 127.0.0.1 for this machine only, 0.0.0.0 for all its networks',
    })
  }
  return new PerfAggError('LISTEN_FAILED', `${host}:${port} could not be opened`, {
    hint: `try another ${flag}`,
  })
}

/** An address as it stands in a URL: an unspecified one is reached as loopback. */
export function urlOf(scheme: string, host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${scheme}://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}
