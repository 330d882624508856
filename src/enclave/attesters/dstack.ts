import { request } from 'node:http'
import {
  evidenceTypes,
  fromHex,
  parseJson,
  PerfAggError,
  readRecord,
  readString,
  toBase64url,
  utf8,
} from '@perf-agg/sdk'
import { limits } from '../../limits.ts'
import type { Attestation, Attester, PlatformKeys } from '../attester.ts'
import { collateralFiles, openEndorsementFolder } from './endorsement-folder.ts'
import { attestationFailed, errnoOf } from './failure.ts'
import { Turns } from './turns.ts'

/** Sockets of dstack's guest agent. An address from the environment would let an operator put a simulator there. */
export const dstackSockets: readonly string[] = [
  '/var/run/dstack.sock',
  '/run/dstack.sock',
  '/var/run/dstack/dstack.sock',
]

export interface DstackOptions {
  readonly socketPath: string
  readonly endorsementFolder: string | null
}

/**
 * Evidence of an application in a dstack guest: a TDX quote, and the event log and machine configuration that lead
 * from its registers to the compose file.
 * @throws PerfAggError ATTESTATION_FAILED where the agent does not answer
 */
export async function openDstack({ socketPath, endorsementFolder }: DstackOptions): Promise<Attester> {
  const turns = new Turns()
  const folder = openEndorsementFolder(endorsementFolder, collateralFiles)
  const info = await call(socketPath, '/Info', {})
  const configOfInfo = textMember(info, 'vm_config')
  return {
    tee: 'dstack-tdx',
    keys: dstackKeys(socketPath),
    attest: (reportData) =>
      turns.take(async (): Promise<Attestation> => {
        const reportHex = Buffer.from(reportData).toString('hex')
        const answer = await call(socketPath, '/GetQuote', { report_data: reportHex })
        const quote = quoteOf(answer)
        if (!Buffer.from(quote).includes(reportData)) {
          throw attestationFailed('the dstack agent made a quote of something else')
        }
        const eventLog = textMember(answer, 'event_log')
        if (eventLog === null) throw malformed()
        // Agents before 0.5 have no such member: the image is then not proven, which verifiers say.
        const vmConfig = textMember(answer, 'vm_config') ?? configOfInfo ?? '{}'
        return {
          evidence: { type: evidenceTypes['dstack-tdx'], value: toBase64url(quote) },
          endorsements: {
            ...folder.read(),
            event_log: toBase64url(utf8(eventLog)),
            vm_config: toBase64url(utf8(vmConfig)),
          },
        }
      }),
  }
}

/** The path names the version: another one gives another key. */
const keyPaths: Readonly<Record<string, string>> = { v1: 'perf-agg/data-key/v1' }

/** Keys of the application: its KMS gives them to whatever compose hash the application's owner approves. */
function dstackKeys(socketPath: string): PlatformKeys {
  return {
    platform: 'dstack',
    newestVersion: async () => 'v1',
    async derive(version) {
      const path = Object.hasOwn(keyPaths, version) ? keyPaths[version] : undefined
      if (path === undefined) {
        throw new PerfAggError('KEY_VERSION_UNKNOWN', 'this platform derives no key of that version')
      }
      const answer = await call(socketPath, '/GetKey', { path, purpose: 'storage' })
      try {
        const key = fromHex(readString(answer['key'], 'key', { min: 64, max: 64 }))
        if (key.some((byte) => byte !== 0)) return key
      } catch {
        // said below
      }
      throw attestationFailed('the dstack agent answered something that is no key')
    },
  }
}

type Answer = Readonly<Record<string, unknown>>

function quoteOf(answer: Answer): Uint8Array {
  try {
    return fromHex(readString(answer['quote'], 'quote', { min: 2, max: 2 * limits.attestation.blobBytesMax }))
  } catch {
    throw malformed()
  }
}

/** An empty text is the agent's way to leave one out. */
function textMember(answer: Answer, name: string): string | null {
  const value = answer[name]
  if (value === undefined || value === null || value === '') return null
  if (typeof value !== 'string') throw malformed()
  return value
}

function malformed(): PerfAggError {
  return attestationFailed('the dstack agent answered something that is no quote')
}

function call(socketPath: string, path: string, body: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(JSON.stringify(body))
    const fail = (why: string): void =>
      reject(
        attestationFailed(
          `the dstack agent gives no answer (${why})`,
          'is the socket mounted into the container?',
        ),
      )
    const outgoing = request(
      {
        socketPath,
        path,
        method: 'POST',
        agent: false,
        signal: AbortSignal.timeout(limits.attestation.dstackTimeoutMs),
        headers: { host: 'dstack', 'content-type': 'application/json', 'content-length': bytes.length },
      },
      (incoming) => {
        const pieces: Buffer[] = []
        let length = 0
        incoming.on('data', (piece: Buffer) => {
          length += piece.length
          if (length > limits.attestation.dstackAnswerBytesMax) {
            outgoing.destroy()
            fail('too long')
          } else pieces.push(piece)
        })
        incoming.once('error', (error) => fail(errnoOf(error)))
        incoming.once('end', () => {
          if (incoming.statusCode !== 200) return fail(`status ${incoming.statusCode ?? 0}`)
          try {
            resolve(
              readRecord(
                parseJson(Buffer.concat(pieces), { bytesMax: limits.attestation.dstackAnswerBytesMax }),
                'answer',
              ),
            )
          } catch {
            reject(malformed())
          }
        })
      },
    )
    outgoing.once('error', (error) => fail(error.name === 'AbortError' ? 'timeout' : errnoOf(error)))
    outgoing.end(bytes)
  })
}
