import { BlockList, isIP, isIPv4 } from 'node:net'
import { InputError } from '@perf-agg/sdk'

/** Proxies whose X-Forwarded-For is believed. */
export interface TrustedProxies {
  has(address: string): boolean
}

/** From addresses and CIDR ranges. @throws {InputError} TRUSTED_PROXY_INVALID */
export function trustedProxies(ranges: readonly string[]): TrustedProxies {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', bits, ...rest] = range.split('/')
    const family = familyOf(network)
    const bitsMax = family === 'ipv4' ? 32 : 128
    const prefix = bits === undefined ? bitsMax : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
    if (family === null || rest.length > 0 || prefix < 0 || prefix > bitsMax) {
      throw new InputError('TRUSTED_PROXY_INVALID', 'a trusted proxy is an address or a CIDR range', {
        hint: 'write it like 10.0.0.1 or 10.0.0.0/8',
      })
    }
    list.addSubnet(network, prefix, family)
  }
  return {
    has(address) {
      const family = familyOf(address)
      return family !== null && list.check(address, family)
    },
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  const version = isIP(address)
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : null
}

/**
 * The address that rates are counted for: the peer's, or behind trusted proxies the rightmost hop that is none of
 * them. What stands further left was written by whoever sent it.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  proxies: TrustedProxies,
): string {
  let address = plainAddress(peer ?? '') ?? 'unknown'
  if (forwardedFor === undefined || !proxies.has(address)) return address
  const hops = forwardedFor.split(',')
  while (hops.length > 0) {
    const hop = plainAddress((hops.pop() ?? '').trim())
    // a hop that is no address: the last one that was is as far as can be believed
    if (hop === null) return address
    address = hop
    if (!proxies.has(address)) return address
  }
  return address
}

/** Without port, brackets and zone; an IPv4 address mapped into IPv6 is one of IPv4. */
export function plainAddress(text: string): string | null {
  const bare =
    /^\[([0-9a-fA-F:.]+)\](?::\d{1,5})?$/.exec(text)?.[1] ??
    /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(text)?.[1] ??
    text
  const address = bare.replace(/%.*$/, '').toLowerCase()
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(address)?.[1]
  if (mapped !== undefined && isIPv4(mapped)) return mapped
  return isIP(address) === 0 ? null : address
}

// a dotted end stands for two groups
function width(groups: readonly string[]): number {
  return groups.reduce((sum, group) => sum + (group.includes('.') ? 2 : 1), 0)
}

/** What one client holds: an IPv4 address, or in IPv6 a network of 64 bits. */
export function rateKey(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - width(left) - width(right))
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}

/** Is this where only the same machine can connect? */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address)
  return (
    address === 'localhost' ||
    plain === '::1' ||
    (plain !== null && isIPv4(plain) && plain.startsWith('127.'))
  )
}
