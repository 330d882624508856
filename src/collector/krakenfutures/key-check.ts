import type { CcxtInstance } from '../adapter.ts'

/**
 * What a key may do is told by a service of its own beside the others, which ccxt does not list: its place is given to
 * the instance, which signs for it as for the rest.
 */
export const keyCheckPath = 'api-keys/v3/check'

export function addKeyCheck(exchange: CcxtInstance): void {
  const { urls, options } = exchange
  urls['api'] = { ...(urls['api'] as object), auth: 'https://futures.kraken.com/api/auth/' }
  urls['test'] = { ...(urls['test'] as object), auth: 'https://demo-futures.kraken.com/api/auth/' }
  options['access'] = { ...(options['access'] as object), auth: { GET: { [keyCheckPath]: 'private' } } }
  options['versions'] = { ...(options['versions'] as object), auth: { GET: { [keyCheckPath]: 'v1' } } }
}
