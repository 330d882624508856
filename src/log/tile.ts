import { type LogSource, rowHashes, tileWidth } from './source.ts'

/**
 * Tiles as they are published (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]` with the hashes of a level, and
 * `tile/entries/<N>[.p/<W>]` with the entries, each after its length. One spelling for each: no other is answered.
 */
export interface TilePath {
  readonly kind: 'hashes' | 'entries'
  readonly level: number
  /** Index among the tiles of its level. */
  readonly index: number
  /** 256: a full one. */
  readonly width: number
}

const form = /^tile\/(0|[1-9]\d?|entries)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** Null for what is no path of a tile. */
export function parseTilePath(path: string): TilePath | null {
  const [, where, elements, partial] = form.exec(path) ?? []
  if (where === undefined || elements === undefined) return null
  const width = partial === undefined ? tileWidth : Number(partial)
  if (partial !== undefined && width >= tileWidth) return null
  const level = where === 'entries' ? 0 : Number(where)
  // a leading element of zeros is a second spelling
  if (level > 63 || elements.startsWith('x000/')) return null
  const index = Number(elements.replaceAll(/[x/]/g, ''))
  if (!Number.isSafeInteger(index)) return null
  return { kind: where === 'entries' ? 'entries' : 'hashes', level, index, width }
}

/** `1234067` is `x001/x234/067`. */
export function formatTilePath({ kind, level, index, width }: TilePath): string {
  let elements = String(index % 1_000).padStart(3, '0')
  for (let rest = Math.floor(index / 1_000); rest > 0; rest = Math.floor(rest / 1_000)) {
    elements = `x${String(rest % 1_000).padStart(3, '0')}/${elements}`
  }
  const where = kind === 'entries' ? 'entries' : String(level)
  return `tile/${where}/${elements}${width === tileWidth ? '' : `.p/${width}`}`
}

/** The tile's bytes; null where a tree of that size has no such tile. */
export async function readTile(source: LogSource, path: TilePath, size: number): Promise<Buffer | null> {
  const from = path.index * tileWidth
  const to = from + path.width
  if (to > Math.floor(size / tileWidth ** path.level)) return null
  if (path.kind === 'hashes') return Buffer.concat(await rowHashes(source, path.level, from, to))
  const parts: Uint8Array[] = []
  for (const entry of await source.logEntries(from, to)) {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(entry.length)
    parts.push(length, entry)
  }
  return Buffer.concat(parts)
}
