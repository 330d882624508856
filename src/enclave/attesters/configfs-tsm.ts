import { evidenceTypes, PerfAggError, toBase64url } from '@perf-agg/sdk'
import type { Attestation, Attester, Endorsements } from '../attester.ts'
import { readCertificateTable } from './certificate-table.ts'
import {
  amdFiles,
  collateralFiles,
  type EndorsementFolder,
  openEndorsementFolder,
} from './endorsement-folder.ts'
import { attestationFailed } from './failure.ts'
import { openSevGuestDevice, type SevGuestDevice } from './sev-guest-device.ts'
import { snpKeys } from './snp-keys.ts'
import { systemTsmFiles, type TsmFiles } from './tsm-files.ts'
import { makeTsmReport, type TsmOptions, tsmProvider } from './tsm-report.ts'
import { Turns } from './turns.ts'

/** Evidence of TDX and SEV-SNP guests through Linux's one interface for both (configfs-tsm, since 6.7). */
export interface ConfigfsTsmOptions {
  readonly endorsementFolder: string | null
  /** Another kernel than this one's, for tests. */
  readonly files?: TsmFiles
  readonly root?: string
  readonly pauseMs?: number
  /** Where AMD's firmware is asked for keys. */
  readonly openSevGuest?: () => Promise<SevGuestDevice>
}

type TsmTee = 'tdx' | 'sev-snp'

const providers: Readonly<Record<string, TsmTee>> = { tdx_guest: 'tdx', sev_guest: 'sev-snp' }

/** Which of the two the kernel speaks for; null for none, or one that is not known here. */
export async function teeOfTsm(options: Partial<ConfigfsTsmOptions> = {}): Promise<TsmTee | null> {
  const provider = await tsmProvider(tsmOptionsOf(options))
  return provider === null ? null : (providers[provider] ?? null)
}

/** @throws PerfAggError TEE_NOT_FOUND: the kernel speaks for another kind of hardware; ATTESTATION_FAILED */
export async function openConfigfsTsm(tee: TsmTee, options: ConfigfsTsmOptions): Promise<Attester> {
  if ((await teeOfTsm(options)) !== tee) throw otherHardware(tee)
  const tsm = tsmOptionsOf(options)
  const turns = new Turns()
  const folder = openEndorsementFolder(options.endorsementFolder, tee === 'tdx' ? collateralFiles : amdFiles)
  let table: Uint8Array = new Uint8Array()
  return {
    tee,
    // TDX has nothing of the kind
    keys:
      tee === 'tdx'
        ? null
        : snpKeys(options.openSevGuest ?? (() => openSevGuestDevice()), (reportData) =>
            turns.take(async () => (await makeTsmReport(reportData, tsm)).outblob),
          ),
    attest: (reportData) =>
      turns.take(async (): Promise<Attestation> => {
        const { provider, outblob, auxblob } = await makeTsmReport(reportData, tsm)
        if (providers[provider] !== tee) throw otherHardware(tee)
        if (!Buffer.from(outblob).includes(reportData)) {
          throw attestationFailed('the platform made a report of something else')
        }
        // A host hands its table out now and then only: the last one is kept.
        if (auxblob.length > 0) table = auxblob
        return {
          evidence: { type: evidenceTypes[tee], value: toBase64url(outblob) },
          endorsements: tee === 'tdx' ? folder.read() : amdEndorsements(outblob, table, folder),
        }
      }),
  }
}

function tsmOptionsOf({ files = systemTsmFiles, root, pauseMs }: Partial<ConfigfsTsmOptions>): TsmOptions {
  return { files, ...(root === undefined ? {} : { root }), ...(pauseMs === undefined ? {} : { pauseMs }) }
}

function otherHardware(tee: TsmTee): PerfAggError {
  return new PerfAggError('TEE_NOT_FOUND', `the kernel makes no reports of ${tee}`, {
    hint: '--tee auto takes what is there',
  })
}

/**
 * The folder where it has the certificate, the host's table for what is missing: hosts forget theirs after an update. Authorities above a provider's key
 * (VLEK) are not what hosts put into their tables: verifiers know the published ones.
 */
function amdEndorsements(report: Uint8Array, table: Uint8Array, folder: EndorsementFolder): Endorsements {
  const certificates = readCertificateTable(table)
  const files = folder.read()
  // KEY_INFO, bits 2 to 4: which key signed.
  const isVlek = ((report[0x48] ?? 0) & 0b11100) === 0b00100
  const fromHost = certificates.get(isVlek ? 'vlek' : 'vcek')
  const leaf = files['leaf'] ?? text(fromHost)
  const ask = files['ask'] ?? (isVlek ? undefined : text(certificates.get('ask')))
  const ark = files['ark'] ?? (isVlek ? undefined : text(certificates.get('ark')))
  const crl = files['crl'] ?? text(certificates.get('crl'))
  return {
    ...(leaf === undefined ? {} : { leaf }),
    ...(ask === undefined ? {} : { chain: ark === undefined ? [ask] : [ask, ark] }),
    ...(crl === undefined ? {} : { crl }),
  }
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : toBase64url(bytes)
}
