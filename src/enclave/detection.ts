import { existsSync } from 'node:fs'
import { PerfAggError } from '@perf-agg/sdk'
import type { Attester, Tee } from './attester.ts'
import { openConfigfsTsm, teeOfTsm } from './attesters/configfs-tsm.ts'
import { dstackSockets, openDstack } from './attesters/dstack.ts'
import { nitroAttester } from './attesters/nitro.ts'
import { type NsmDevice, nsmPath, openNsmDevice } from './attesters/nsm-device.ts'
import { simulatedAttester } from './attesters/simulated.ts'
import { openSevGuestDevice, type SevGuestDevice } from './attesters/sev-guest-device.ts'
import { systemTsmFiles, type TsmFiles } from './attesters/tsm-files.ts'
import { tsmRoot } from './attesters/tsm-report.ts'

export interface TeeWish {
  /** `--tee`; `auto` takes what is there. */
  readonly tee: 'auto' | Tee
  readonly insecureSimulated: boolean
  /** Where the operator keeps what makers of hardware publish; null: nowhere. */
  readonly endorsementFolder?: string | null
}

/** What of the machine is looked at. Another one is given by tests, in code. */
export interface Machine {
  exists(path: string): boolean
  readonly tsmFiles: TsmFiles
  openNsm(): Promise<NsmDevice>
  openSevGuest(): Promise<SevGuestDevice>
  readonly dstackSockets: readonly string[]
}

const thisMachine: Machine = {
  exists: existsSync,
  tsmFiles: systemTsmFiles,
  openNsm: () => openNsmDevice(),
  openSevGuest: () => openSevGuestDevice(),
  dstackSockets,
}

type HardwareTee = Exclude<Tee, 'simulated'>

/**
 * Takes the attester for what is wished. Without a TEE nothing starts unless `--insecure-simulated` says so in as
 * many words.
 * @throws PerfAggError TEE_CONTRADICTION, TEE_NOT_FOUND, NATIVE_LIBRARY_MISSING, DEVICE_UNREADABLE, ATTESTATION_FAILED
 */
export async function findAttester(wish: TeeWish, machine: Partial<Machine> = {}): Promise<Attester> {
  const { tee, insecureSimulated } = wish
  if (insecureSimulated) {
    if (tee === 'auto' || tee === 'simulated') return simulatedAttester()
    throw new PerfAggError('TEE_CONTRADICTION', `--tee ${tee} and --insecure-simulated exclude each other`, {
      hint: 'leave one of them out',
    })
  }
  if (tee === 'simulated') {
    throw new PerfAggError('TEE_NOT_FOUND', 'a simulated TEE protects nothing and proves nothing', {
      hint: 'to try things out, start with --insecure-simulated',
    })
  }
  const around = { ...thisMachine, ...machine }
  const found = tee === 'auto' ? await detect(around) : isThere(tee, around) ? tee : null
  if (found === null) {
    throw new PerfAggError(
      'TEE_NOT_FOUND',
      tee === 'auto' ? 'this machine shows no trusted execution environment' : `this machine shows no ${tee}`,
      { hint: hintOf(around) },
    )
  }
  return open(found, wish.endorsementFolder ?? null, around)
}

function hintOf({ exists }: Machine): string {
  return exists('/dev/tdx_guest') || exists('/dev/sev-guest')
    ? 'reports are made through configfs-tsm: Linux 6.7 or later, mount -t configfs none /sys/kernel/config'
    : 'run it inside a TEE, or, to try things out, with --insecure-simulated'
}

/** Where each kind shows that it is there. */
function isThere(tee: HardwareTee, { exists, dstackSockets: sockets }: Machine): boolean {
  switch (tee) {
    case 'dstack-tdx':
      return sockets.some(exists)
    case 'nitro':
      return exists(nsmPath)
    case 'tdx':
    case 'sev-snp':
      return exists(tsmRoot)
  }
}

/** The most telling trace first: dstack runs on TDX, and only the kernel knows for which kind it makes reports. */
async function detect(machine: Machine): Promise<HardwareTee | null> {
  if (isThere('dstack-tdx', machine)) return 'dstack-tdx'
  if (isThere('nitro', machine)) return 'nitro'
  return isThere('tdx', machine) ? teeOfTsm({ files: machine.tsmFiles }) : null
}

async function open(tee: HardwareTee, endorsementFolder: string | null, machine: Machine): Promise<Attester> {
  switch (tee) {
    case 'dstack-tdx': {
      const socketPath = machine.dstackSockets.find((path) => machine.exists(path)) ?? ''
      return openDstack({ socketPath, endorsementFolder })
    }
    case 'nitro':
      return nitroAttester(await machine.openNsm())
    case 'tdx':
    case 'sev-snp':
      return openConfigfsTsm(tee, {
        endorsementFolder,
        files: machine.tsmFiles,
        openSevGuest: () => machine.openSevGuest(),
      })
  }
}
