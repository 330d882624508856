import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalBytes, parseJson, PerfAggError, readInteger, readObject, readString } from '@perf-agg/sdk'
import { makerRules } from '../../egress/hosts.ts'
import type { Attester } from '../../enclave/attester.ts'
import {
  type EndorsementSource,
  endorsementSources,
  makerServices,
  type MakerServices,
  ownServices,
} from '../../enclave/endorsement-sources.ts'
import { endorsementFiles } from '../../enclave/attesters/endorsement-folder.ts'
import type { Log } from '../../http/log.ts'
import { limits } from '../../limits.ts'
import type { Configuration } from '../configuration/config.ts'
import type { ChildUser } from './child-user.ts'
import { type FetchedFile, withFetcher } from './fetcher.ts'

interface Parts {
  readonly attester: Attester
  /** The files lie here, as an operator's own would; the attester reads them from here. */
  readonly folder: string
  /** A service that stands for the makers' own; null asks those. */
  readonly serviceUrl: string | null
  readonly childUser: ChildUser | null
  readonly log: Log
}

type Settings = Pick<Configuration, 'endorsementFolder' | 'endorsementUrl' | 'stateFolder'>

/** The operator's own, or the one that is kept here. */
export function endorsementFolderOf({ endorsementFolder, stateFolder }: Settings): string {
  return endorsementFolder ?? join(stateFolder, 'endorsements')
}

/** When the files in the folder were fetched, and what for: those of another platform must not stay. */
const indexName = 'index.json'

/**
 * Gathers what makers of the hardware publish about this platform, and keeps it fresh: once at the start, then once a
 * day. Nothing of it is trusted here, so that a service that lies, or is away, costs a quote its worth and no more.
 */
export class EndorsementKeeper {
  readonly #parts: Parts
  readonly #services: MakerServices
  #dueAtMs = 0
  #underWay: Promise<void> | null = null
  readonly #stopped = new AbortController()

  private constructor(parts: Parts) {
    this.#parts = parts
    this.#services = parts.serviceUrl === null ? makerServices : ownServices(parts.serviceUrl)
  }

  /** Null where evidence carries all it needs, or where the operator keeps a folder. */
  static of(
    configuration: Settings,
    parts: Pick<Parts, 'attester' | 'childUser' | 'log'>,
  ): EndorsementKeeper | null {
    const { endorsementFolder, endorsementUrl: serviceUrl } = configuration
    const { tee } = parts.attester
    if (endorsementFolder !== null || tee === 'nitro' || tee === 'simulated') return null
    return new EndorsementKeeper({ ...parts, folder: endorsementFolderOf(configuration), serviceUrl })
  }

  /** To be called every minute or so; waits for nothing. */
  tick(nowMs: number): void {
    if (this.#underWay === null && nowMs >= this.#dueAtMs) void this.gather(nowMs)
  }

  /** Breaks off what is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#underWay
  }

  /** Fetches all that is published about this platform. Never rejects: what did not come is asked for again. */
  async gather(nowMs: number): Promise<void> {
    this.#underWay ??= this.#gather(nowMs).finally(() => {
      this.#underWay = null
    })
    return this.#underWay
  }

  async #gather(nowMs: number): Promise<void> {
    const { attester, log } = this.#parts
    let missing: readonly string[]
    try {
      const { evidence } = await attester.attest(randomBytes(64))
      if (attester.tee === 'simulated') return
      const sources = endorsementSources(attester.tee, evidence.value, this.#services)
      const freshUntilMs = await this.#freshUntilMs(sources, nowMs)
      if (freshUntilMs !== null) {
        this.#dueAtMs = freshUntilMs
        return
      }
      missing = await this.#fetch(sources)
      if (missing.length === 0) await this.#write(indexName, indexOf(sources, nowMs))
    } catch (error) {
      missing = [error instanceof PerfAggError ? error.code : 'INTERNAL']
    }
    const { gatherPauseMs, gatherRetryMs } = limits.attestation
    this.#dueAtMs = nowMs + (missing.length === 0 ? gatherPauseMs : gatherRetryMs)
    if (missing.length === 0) log.info('endorsements-gathered', {})
    else log.warn('endorsements-missing', { what: missing.join(' ') })
  }

  async #fetch(sources: readonly EndorsementSource[]): Promise<readonly string[]> {
    const { folder, childUser, serviceUrl } = this.#parts
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    await this.#forgetOthers(sources)
    return withFetcher(makerRules(serviceUrl), childUser, this.#stopped.signal, async (fetchFile) => {
      const outcomes = await Promise.all(
        sources.map(async (source) => {
          const file = await firstOf(source.urls, fetchFile)
          if (file === null) return [source.body]
          await this.#keep(source, file)
          return []
        }),
      )
      return outcomes.flat()
    })
  }

  /** Null where they have to be fetched. A daemon that is started again and again must not ask each time. */
  async #freshUntilMs(sources: readonly EndorsementSource[], nowMs: number): Promise<number | null> {
    const index = await this.#readIndex()
    if (index === null || index.urls !== urlsOf(sources)) return null
    const endMs = index.atMs + limits.attestation.gatherPauseMs
    return index.atMs <= nowMs && nowMs < endMs ? endMs : null
  }

  /** Files of another platform, whose state folder this was: the host may have moved us. */
  async #forgetOthers(sources: readonly EndorsementSource[]): Promise<void> {
    if ((await this.#readIndex())?.urls === urlsOf(sources)) return
    for (const file of Object.values(endorsementFiles)) {
      await rm(join(this.#parts.folder, file), { force: true })
    }
    // of what comes now nothing is fresh until all of it is there
    await this.#write(indexName, indexOf(sources, 0))
  }

  async #readIndex(): Promise<{ readonly atMs: number; readonly urls: string } | null> {
    try {
      const index = readObject(parseJson(await readFile(join(this.#parts.folder, indexName))), 'index', {
        required: ['at_ms', 'urls'],
      })
      return { atMs: readInteger(index.at_ms, 'at_ms'), urls: readString(index.urls, 'urls', { max: 8_192 }) }
    } catch {
      return null
    }
  }

  async #keep({ body, chain }: EndorsementSource, file: FetchedFile): Promise<void> {
    const members: [string, Uint8Array][] = [[body, bytesOf(file.body)]]
    const header = chain === undefined ? undefined : file.headers.get(chain.header)
    if (chain !== undefined && header !== undefined) {
      members.push([chain.member, Buffer.from(decoded(header), 'latin1')])
    }
    for (const [member, bytes] of members) {
      const name = endorsementFiles[member]
      if (name !== undefined) await this.#write(name, bytes)
    }
  }

  /** Never half of one: a quote may read it at any time. */
  async #write(name: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.#parts.folder, name)
    const part = `${path}.part`
    await writeFile(part, bytes, { mode: 0o600 })
    await rename(part, path)
  }
}

function urlsOf(sources: readonly EndorsementSource[]): string {
  return sources.flatMap(({ urls }) => urls).join(' ')
}

function indexOf(sources: readonly EndorsementSource[], atMs: number): Uint8Array {
  return canonicalBytes({ at_ms: atMs, urls: urlsOf(sources) })
}

async function firstOf(
  urls: readonly string[],
  fetchFile: (url: string) => Promise<FetchedFile | null>,
): Promise<FetchedFile | null> {
  for (const url of urls) {
    const file = await fetchFile(url)
    const isGood =
      file !== null &&
      file.status === 200 &&
      file.body.length > 0 &&
      file.body.length <= limits.attestation.endorsementBytesMax
    if (isGood) return file
  }
  return null
}

/** Caching services write revocation lists in hexadecimal. */
function bytesOf(body: Uint8Array): Uint8Array {
  const text = body[0] === 0x33 ? Buffer.from(body).toString('latin1').trim() : ''
  return /^30(?:[0-9a-fA-F]{2})+$/.test(text) ? Buffer.from(text, 'hex') : body
}

function decoded(header: string): string {
  try {
    return decodeURIComponent(header)
  } catch {
    return header
  }
}
