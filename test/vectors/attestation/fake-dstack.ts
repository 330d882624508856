import { concat, sha256, toBase64, toHex, utf8 } from '../../../sdk/bytes.ts'
import type { DstackEvidence } from '../../../sdk/evidence/dstack.ts'
import { replay, sha384 } from '../../../sdk/evidence/rtmr.ts'
import type { Roots } from '../../../sdk/evidence/roots.ts'
import { head } from './fake-nitro.ts'
import { makeFakeTdx, type FakeTdxChanges } from './fake-tdx.ts'

/** A dstack guest on a faked TDX platform: its event log, and an OS image that carries its measurements. */

export interface FakeEvent {
  readonly event: string
  readonly payload: Uint8Array
}

export interface FakeDstackChanges extends FakeTdxChanges {
  readonly composeHash?: Uint8Array
  /** Those the application adds once it runs. */
  readonly appEvents?: readonly FakeEvent[]
  /** Left out by the OS. */
  readonly without?: readonly string[]
  /** What the image's document says of its kernel, where it shall not be what runs. */
  readonly documentKernel?: Uint8Array
}

export interface FakeDstack {
  readonly roots: Roots
  readonly evidence: DstackEvidence
  readonly composeHash: string
  readonly osImageHash: string
}

export async function makeFakeDstack(changes: FakeDstackChanges = {}): Promise<FakeDstack> {
  const composeHash = changes.composeHash ?? new Uint8Array(32).fill(0xc0)
  const events = [
    { event: 'system-preparing', payload: new Uint8Array() },
    { event: 'app-id', payload: composeHash.subarray(0, 20) },
    { event: 'compose-hash', payload: composeHash },
    { event: 'instance-id', payload: new Uint8Array(20).fill(1) },
    { event: 'key-provider', payload: utf8('{"name":"kms","id":"3059"}') },
    { event: 'system-ready', payload: new Uint8Array() },
    ...(changes.appEvents ?? []),
  ].filter(({ event }) => changes.without?.includes(event) !== true)
  const log = await Promise.all(
    events.map(async ({ event, payload }) => ({
      imr: 3,
      event_type: 0x0800_0001,
      digest: toHex(await sha384(concat(Uint8Array.of(1, 0, 0, 8), utf8(`:${event}:`), payload))),
      event,
      event_payload: toHex(payload),
    })),
  )
  const [kernel, commandLine, initrd, firmware] = [1, 2, 3, 4].map((byte) =>
    new Uint8Array(48).fill(byte),
  ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  const boot = await Promise.all(
    [
      utf8('Calling EFI Application from Boot Option'),
      new Uint8Array(4),
      utf8('Exit Boot Services Invocation'),
      utf8('Exit Boot Services Returned with Success'),
    ].map(sha384),
  )
  const rtmr3 = await replay(
    log.map(({ digest }) => Uint8Array.from(digest.match(/../g)!, (hex) => Number.parseInt(hex, 16))),
  )
  const { roots, evidence } = await makeFakeTdx({
    mrTd: toHex(firmware),
    rtmr: [
      'b0'.repeat(48),
      toHex(await replay([kernel, ...boot])),
      toHex(await replay([commandLine, initrd])),
      toHex(rtmr3),
    ],
    ...changes,
  })
  const document = map({
    version: head(0, 3),
    image: map({
      cmdline_sha384: bytes(commandLine),
      kernel_authenticode: bytes(changes.documentKernel ?? kernel),
      initrd_sha384: bytes(initrd),
    }),
    tdvf: map({ mrtd: map({ single_pass: bytes(new Uint8Array(48)), two_pass: bytes(firmware) }) }),
  })
  const checksums = utf8(`${toHex(await sha256(document))}  measurement.tdx.cbor\n`)
  const osImageHash = toHex(await sha256(checksums))
  const config = {
    os_image_hash: osImageHash,
    tdx_measurement: { measurement: toBase64(document), checksum_file: toBase64(checksums) },
  }
  return {
    roots,
    composeHash: toHex(composeHash),
    osImageHash,
    evidence: { ...evidence, eventLog: utf8(JSON.stringify(log)), vmConfig: utf8(JSON.stringify(config)) },
  }
}

function bytes(value: Uint8Array): Uint8Array {
  return concat(head(2, value.length), value)
}

function map(members: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entries = Object.entries(members)
  return concat(
    head(5, entries.length),
    ...entries.flatMap(([name, value]) => [head(3, name.length), utf8(name), value]),
  )
}
