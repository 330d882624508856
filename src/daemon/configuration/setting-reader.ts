import { resolve } from 'node:path'
import { isIP } from 'node:net'
import { type Given, type Reader, refuse } from './setting.ts'

/** Readers of single configuration values: strict, and each refusal names its source and the way on. */

export const readSwitch: Reader<boolean> = (given) => {
  if (typeof given.value === 'boolean') return given.value
  throw refuse(
    'SWITCH_INVALID',
    given,
    'must be true or false',
    'a switch takes no value: give it or leave it out',
  )
}

export function integerReader(min: number, max: number, code = 'NUMBER_INVALID'): Reader<number> {
  return (given) => {
    const { value, text } = given
    const number =
      text && typeof value === 'string' && /^(0|[1-9]\d{0,15})$/.test(value)
        ? Number(value)
        : text
          ? null
          : value
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= min && number <= max)
      return number
    throw refuse(code, given, `must be a whole number from ${min} to ${max}`)
  }
}

/** A user that is not root. */
export const readUid: Reader<number | null> = integerReader(1, 4_294_967_293)

export const readPort: Reader<number> = (given) => {
  try {
    return integerReader(0, 65_535)(given)
  } catch {
    throw refuse('PORT_INVALID', given, 'must be a port from 0 to 65535', '0 takes a free port and prints it')
  }
}

export function choiceReader<const T extends string>(choices: readonly T[]): Reader<T> {
  return (given) => {
    const choice = choices.find((one) => one === given.value)
    if (choice !== undefined) return choice
    throw refuse('CHOICE_UNKNOWN', given, `must be one of ${choices.join(', ')}`)
  }
}

function readText(given: Given, lengthMax = 1_024): string {
  const { value } = given
  // oxlint-disable-next-line no-control-regex
  if (typeof value === 'string' && value !== '' && value.length <= lengthMax && !/[\0-\x1f\x7f]/.test(value))
    return value
  throw refuse('TEXT_INVALID', given, `must be a text of 1 to ${lengthMax} characters on one line`)
}

/** An address or a host name, without a port. */
export const readHost: Reader<string> = (given) => {
  const { value } = given
  if (typeof value === 'string' && isIP(value) !== 0) return value
  const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
  const looksNumeric = typeof value === 'string' && /^[\d.]+$/.test(value)
  if (
    typeof value === 'string' &&
    !looksNumeric &&
    value.length <= 253 &&
    new RegExp(`^${label}(?:\\.${label})*$`).test(value)
  ) {
    return value
  }
  throw refuse(
    'HOST_INVALID',
    given,
    'must be an address or a host name',
    'without scheme and port: 127.0.0.1, 0.0.0.0, ::',
  )
}

export const readPath: Reader<string | null> = (given) => resolve(given.folder, readText(given, 4_096))

/** A path to a secret. What holds the secret itself is refused and never repeated. */
export const readSecretPath: Reader<string | null> = (given) => {
  if (typeof given.value === 'string' && /-----BEGIN|^[A-Za-z0-9+/=\s]{80,}$/.test(given.value)) {
    throw refuse('SECRET_IN_THE_OPEN', given, 'holds a key, not the path of a file that holds it', secretHint)
  }
  return readPath(given)
}
const secretHint =
  'write the key to a file of mode 0600, give its path, and make a new key: this one was seen'

export const readHttpUrl: Reader<string | null> = (given) => {
  const { value } = given
  const url =
    typeof value === 'string' && value.length <= 2_048 && URL.canParse(value) ? new URL(value) : null
  if (url !== null && (url.username !== '' || url.password !== '')) {
    throw refuse(
      'URL_WITH_CREDENTIALS',
      given,
      'must not hold a name or a password',
      'addresses are logged and signed',
    )
  }
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw refuse(
      'URL_INVALID',
      given,
      'must be an http or https address',
      'like https://backend.example, without ? and #',
    )
  }
  return url.href.replace(/\/+$/, '')
}

export const readDatabaseUrl: Reader<string | null> = (given) => {
  const { value } = given
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw refuse(
      'URL_INVALID',
      given,
      'must be a postgres address',
      'like postgres://perf_agg@db.internal/perf_agg',
    )
  }
  if (url.password !== '' || url.searchParams.has('password')) {
    throw refuse(
      'URL_WITH_CREDENTIALS',
      given,
      'must not hold a password',
      'put it into a file of mode 0600 and name it in PGPASSFILE',
    )
  }
  return url.href
}

/** Strings of a list; a flag may be given several times, the file has an array. */
export function listReader(readOne: Reader<string>, countMax: number): Reader<readonly string[]> {
  return (given) => {
    const items = Array.isArray(given.value) ? given.value : given.text ? [given.value] : null
    if (items === null || items.length > countMax) {
      throw refuse('LIST_INVALID', given, `must be a list of at most ${countMax}`)
    }
    const list = items.map((value: unknown) => readOne({ ...given, value }))
    return [...new Set(list)]
  }
}

/** `BTC/USDT`: a spot market. */
export const readSymbol: Reader<string> = (given) => {
  const { value } = given
  if (typeof value === 'string' && /^[A-Z0-9]{1,20}\/[A-Z0-9]{1,20}$/.test(value)) return value
  throw refuse('SYMBOL_INVALID', given, 'must be a symbol like BTC/USDT')
}

/** `https://app.example`: what a browser sends as Origin. No wildcard: who may read sealed answers is a decision. */
export const readOrigin: Reader<string> = (given) => {
  const { value } = given
  const origin = typeof value === 'string' && URL.canParse(value) ? new URL(value).origin : null
  if (origin !== null && origin !== 'null' && /^https?:/.test(origin) && origin === value) return origin
  throw refuse(
    'ORIGIN_INVALID',
    given,
    'must be an origin',
    'like https://app.example: scheme, host, port, no path; no *',
  )
}

/** An address or a CIDR range. */
export const readNetwork: Reader<string> = (given) => {
  const [address, prefix, ...rest] = typeof given.value === 'string' ? given.value.split('/') : []
  const family = isIP(address ?? '')
  const bits = prefix === undefined ? 0 : /^(0|[1-9]\d{0,2})$/.test(prefix) ? Number(prefix) : Infinity
  if (address !== undefined && family !== 0 && rest.length === 0 && bits <= (family === 4 ? 32 : 128)) {
    return prefix === undefined ? address : `${address}/${prefix}`
  }
  throw refuse('NETWORK_INVALID', given, 'must be an address or a range', 'like 10.0.0.7 or 10.0.0.0/8')
}

/** An address of this machine. */
export const readAddress: Reader<string> = (given) => {
  if (typeof given.value === 'string' && isIP(given.value) !== 0) return given.value
  throw refuse('ADDRESS_INVALID', given, 'must be an address of this machine', 'like 192.0.2.7')
}

/** A C2SP verifier key, `name+8 hex digits+base64`, and after a space the address that co-signing is asked at. */
export const readWitness: Reader<string> = (given) => {
  const { value } = given
  const [vkey = '', url, ...rest] = typeof value === 'string' ? value.split(' ') : []
  if (/^[^\s+]{1,253}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{40,}={0,2}$/.test(vkey) && rest.length === 0) {
    return url === undefined ? vkey : `${vkey} ${readHttpUrl({ ...given, value: url })}`
  }
  throw refuse(
    'WITNESS_INVALID',
    given,
    'must be a verifier key',
    'like witness.example+1a2b3c4d+BA… https://witness.example, as its maker publishes it',
  )
}
