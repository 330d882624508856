import { existsSync } from 'node:fs'
import { PerfAggError } from '@perf-agg/sdk'
import type { Attester, Tee } from './attester.ts'
import { simulatedAttester } from './attesters/simulated.ts'

export interface TeeWish {
  /** `--tee`; `auto` takes what is there. */
  readonly tee: 'auto' | Tee
  readonly insecureSimulated: boolean
}

type HardwareTee = Exclude<Tee, 'simulated'>

/** Where each kind shows that it is there. */
const traces: Readonly<Record<HardwareTee, readonly string[]>> = {
  'dstack-tdx': ['/var/run/dstack.sock', '/run/dstack.sock', '/var/run/dstack/dstack.sock'],
  nitro: ['/dev/nsm'],
  tdx: ['/sys/kernel/config/tsm/report', '/dev/tdx_guest'],
  'sev-snp': ['/sys/kernel/config/tsm/report', '/dev/sev-guest'],
}

/** What makes evidence on each kind of hardware. A kind that stands here can be attested. */
const hardware: Readonly<Partial<Record<HardwareTee, () => Promise<Attester>>>> = {}

/**
 * Takes the attester for what is wished. Without a TEE nothing starts unless `--insecure-simulated` says so in as
 * many words.
 * @throws PerfAggError TEE_CONTRADICTION, TEE_NOT_FOUND, TEE_NOT_SUPPORTED
 */
export async function findAttester(
  wish: TeeWish,
  exists: (path: string) => boolean = existsSync,
): Promise<Attester> {
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
  const found = tee === 'auto' ? detect(exists) : traces[tee].some(exists) ? tee : null
  if (found === null) {
    throw new PerfAggError(
      'TEE_NOT_FOUND',
      tee === 'auto' ? 'this machine shows no trusted execution environment' : `this machine shows no ${tee}`,
      { hint: 'run it inside a TEE, or, to try things out, with --insecure-simulated' },
    )
  }
  const open = hardware[found]
  if (open === undefined) {
    throw new PerfAggError('TEE_NOT_SUPPORTED', `this version can not attest ${found}`, {
      action: 'stop',
      hint: 'use a version that can; to try things out, start with --insecure-simulated',
    })
  }
  return open()
}

/** The most telling trace first: dstack runs on TDX, and configfs-tsm is there for two kinds. */
function detect(exists: (path: string) => boolean): HardwareTee | null {
  if (traces['dstack-tdx'].some(exists)) return 'dstack-tdx'
  if (exists('/dev/nsm')) return 'nitro'
  if (exists('/dev/tdx_guest')) return 'tdx'
  if (exists('/dev/sev-guest')) return 'sev-snp'
  return null
}
