import { UsageError } from '../failure.ts'

/** The enclave API of a call. */
export const serviceUrlDefault = 'http://127.0.0.1:3000'

/** @throws {UsageError} when it is no http address */
export function readServiceUrl(given: string | undefined): string {
  const text = given ?? serviceUrlDefault
  const url = URL.canParse(text) ? new URL(text) : null
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new UsageError('URL_INVALID', '--service-url must be an http or https address', {
      hint: 'like https://enclave.example or http://127.0.0.1:3000',
    })
  }
  return url.href.replace(/\/+$/, '')
}
