import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { readCbor, toHex } from '@perf-agg/sdk'
import { concat, fromHex, utf8 } from '../../../sdk/bytes.ts'
import type { Roots } from '../../../sdk/evidence/roots.ts'
import type { TdxEvidence } from '../../../sdk/evidence/tdx.ts'
import { collateralFiles } from '../../../src/enclave/attesters/endorsement-folder.ts'
import type { NsmDevice } from '../../../src/enclave/attesters/nsm-device.ts'
import { tsmRoot } from '../../../src/enclave/attesters/tsm-report.ts'
import type { Machine } from '../../../src/enclave/detection.ts'
import { makeFakeDstack } from '../../vectors/attestation/fake-dstack.ts'
import { head, makeFakeNitro, type FakeNitroChanges } from '../../vectors/attestation/fake-nitro.ts'
import { makeFakeSnp, type FakeSnpChanges } from '../../vectors/attestation/fake-snp.ts'
import { makeFakeTdx, type FakeTdxChanges } from '../../vectors/attestation/fake-tdx.ts'
import { fakeKernel } from './fake-kernel.ts'

/**
 * Machines of each kind, faked at the interface that the daemon uses, under roots of their own. Each report is made
 * by a platform of its own, so that `roots()` are those of the last one.
 */
export interface FakeMachine {
  readonly machine: Partial<Machine>
  readonly roots: () => Roots
  readonly close?: () => Promise<void>
}

interface Last {
  roots: Roots | null
}

function rootsOf(last: Last): () => Roots {
  return () => {
    if (last.roots === null) throw new Error('nothing was attested yet')
    return last.roots
  }
}

const guids = {
  vcek: '63da758de6644564adc5f4b93be8accd',
  vlek: 'a8074bc2a25a483eaae639c045a0b8a1',
  ask: '4ab7b379bbac4fe4a02f05aef327c782',
  ark: 'c0b406a4a803495297433fb6014cd0ae',
  crl: '92f81bc358114d3d97ffd19f88dc67ea',
  other: '00112233445566778899aabbccddeeff',
} as const

/** A host's certificate table. */
export function certificateTable(
  entries: readonly (readonly [keyof typeof guids, Uint8Array])[],
): Uint8Array {
  const heads: Uint8Array[] = []
  let offset = (entries.length + 1) * 24
  for (const [name, bytes] of entries) {
    const place = new Uint8Array(8)
    new DataView(place.buffer).setUint32(0, offset, true)
    new DataView(place.buffer).setUint32(4, bytes.length, true)
    heads.push(concat(fromHex(guids[name]), place))
    offset += bytes.length
  }
  return concat(...heads, new Uint8Array(24), ...entries.map(([, bytes]) => bytes))
}

export function fakeSnpMachine(
  folder: string,
  changes: FakeSnpChanges = {},
  endorsementFolder: string | null = null,
): FakeMachine {
  const last: Last = { roots: null }
  const { files } = fakeKernel({
    folder,
    provider: 'sev_guest',
    report: async (reportData) => {
      const { roots, evidence } = await makeFakeSnp({ ...changes, reportData })
      last.roots = roots
      const [ask, ark] = evidence.chain!
      if (endorsementFolder !== null) {
        writeFileSync(`${endorsementFolder}/ask.der`, ask!)
        writeFileSync(`${endorsementFolder}/ark.der`, ark!)
      }
      const leaf = changes.signingKey === 'VLEK' ? 'vlek' : 'vcek'
      return {
        outblob: evidence.report,
        auxblob: certificateTable([
          ['other', utf8('something of the host')],
          [leaf, evidence.leaf],
          ['ask', ask!],
          ['ark', ark!],
          ['crl', evidence.crl!],
        ]),
      }
    },
  })
  return { machine: { exists: (path) => path === tsmRoot, tsmFiles: files }, roots: rootsOf(last) }
}

export function writeCollateral(folder: string, { collateral }: TdxEvidence): void {
  const files: Readonly<Record<string, Uint8Array | undefined>> = {
    tcb_info: collateral.tcbInfo,
    tcb_info_issuer_chain: collateral.tcbInfoIssuerChain,
    qe_identity: collateral.qeIdentity,
    qe_identity_issuer_chain: collateral.qeIdentityIssuerChain,
    root_ca_crl: collateral.rootCaCrl,
    pck_crl: collateral.pckCrl,
    pck_crl_issuer_chain: collateral.pckCrlIssuerChain,
  }
  for (const [name, bytes] of Object.entries(files)) {
    if (bytes !== undefined) writeFileSync(`${folder}/${collateralFiles[name]}`, bytes)
  }
}

export function fakeTdxMachine(
  folder: string,
  endorsementFolder: string | null,
  changes: FakeTdxChanges = {},
): FakeMachine {
  const last: Last = { roots: null }
  const { files } = fakeKernel({
    folder,
    provider: 'tdx_guest',
    report: async (reportData) => {
      const { roots, evidence } = await makeFakeTdx({ ...changes, reportData })
      last.roots = roots
      if (endorsementFolder !== null) writeCollateral(endorsementFolder, evidence)
      // The kernel's buffer is larger than the quote in it.
      return { outblob: concat(evidence.quote, new Uint8Array(100)) }
    },
  })
  return { machine: { exists: (path) => path === tsmRoot, tsmFiles: files }, roots: rootsOf(last) }
}

/** What the agent derives, whatever it is asked for. */
export const fakeDstackKey: string = process.env['FAKE_DSTACK_KEY'] ?? '5a'.repeat(32)

/** A guest agent at its socket. `answer` may say something else to a path than it would. */
export async function fakeDstackMachine(
  endorsementFolder: string | null,
  answer: (path: string, good: object) => { status: number; body: string } | null = () => null,
): Promise<FakeMachine & { readonly socketPath: string }> {
  // A socket's path is short.
  const folder = mkdtempSync(`${tmpdir()}/dstack-`)
  const socketPath = `${folder}/dstack.sock`
  const last: Last = { roots: null }
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.once('end', () => {
      void (async () => {
        const path = request.url ?? ''
        const body = JSON.parse(Buffer.concat(pieces).toString()) as { report_data?: string }
        let good: object = { app_id: 'ab', tcb_info: '{}' }
        if (path === '/GetKey') good = { key: fakeDstackKey, signature_chain: [] }
        if (path === '/GetQuote') {
          const { roots, evidence } = await makeFakeDstack({ reportData: fromHex(body.report_data ?? '') })
          last.roots = roots
          if (endorsementFolder !== null) writeCollateral(endorsementFolder, evidence)
          good = {
            quote: toHex(evidence.quote),
            event_log: Buffer.from(evidence.eventLog).toString(),
            report_data: body.report_data,
            vm_config: Buffer.from(evidence.vmConfig).toString(),
          }
        }
        const { status, body: text } = answer(path, good) ?? { status: 200, body: JSON.stringify(good) }
        response.writeHead(status, { 'content-type': 'application/json' }).end(text)
      })()
    })
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return {
    socketPath,
    machine: { exists: (path) => path === socketPath, dstackSockets: [socketPath] },
    roots: rootsOf(last),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          rmSync(folder, { recursive: true })
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

const name = (text: string): Uint8Array => concat(head(3, text.length), utf8(text))
const bytesItem = (bytes: Uint8Array): Uint8Array => concat(head(2, bytes.length), bytes)

/** `{"Attestation":{"document":…}}` */
export function nsmAnswer(document: Uint8Array): Uint8Array {
  return concat(head(5, 1), name('Attestation'), head(5, 1), name('document'), bytesItem(document))
}

export function fakeNitroMachine(
  changes: FakeNitroChanges = {},
): FakeMachine & { readonly device: NsmDevice } {
  const last: Last = { roots: null }
  const device: NsmDevice = {
    async request(cbor) {
      const request = readCbor(cbor)
      const members = request instanceof Map ? request.get('Attestation') : undefined
      const userData = members instanceof Map ? members.get('user_data') : undefined
      if (!(members instanceof Map) || members.size !== 3 || !(userData instanceof Uint8Array)) {
        return concat(head(5, 1), name('Error'), name('InvalidArgument'))
      }
      const { roots, document } = await makeFakeNitro({ ...changes, userData })
      last.roots = roots
      return nsmAnswer(document)
    },
    close() {},
  }
  return {
    device,
    machine: { exists: (path) => path === '/dev/nsm', openNsm: async () => device },
    roots: rootsOf(last),
  }
}
