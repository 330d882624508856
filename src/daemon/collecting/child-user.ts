import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { InputError } from '@perf-agg/sdk'
import { bundleOf, childEnvironment } from '../child.ts'

/** Whom the children run as, where it is not the daemon's own user. */
export interface ChildUser {
  readonly uid: number
  readonly gid: number
}

/** Of nobody's: systemd and the distributions leave 60706 to 61183 free. No entry in /etc/passwd is needed. */
export const childUidDefault = 61_000

/** What decides whether another user is possible. Another one is given by tests. */
export interface UserSystem {
  /** Null where the platform has no such thing. */
  readonly ownUid: number | null
  /** Whether a process of that user can be started from here, and can run Node and read the children's programs. */
  canRunAs(user: ChildUser): boolean
}

/**
 * What such a process must be able to do, and must not: rights that were handed to the daemon outlive a change of user
 * (ambient ones, and those of Node's own file), and with them it would be no other user at all.
 */
const probe = `
  const { accessSync, constants, readFileSync } = require('node:fs')
  for (const file of process.argv.slice(1)) accessSync(file, constants.R_OK)
  const rights = readFileSync('/proc/self/status', 'latin1').match(/^Cap(Prm|Eff|Amb):.*$/gm)
  process.exit(rights.length === 3 && rights.every((line) => /:\\s*0+$/.test(line)) ? 0 : 1)`

const thisSystem: UserSystem = {
  ownUid: process.getuid?.() ?? null,
  canRunAs(user) {
    if (!mayChangeUsers()) return false
    const files = [bundleOf('collector'), bundleOf('egress'), bundleOf('listener')].filter((file) =>
      existsSync(file),
    )
    const { status } = spawnSync(process.execPath, ['--eval', probe, ...files], {
      ...user,
      env: { ...childEnvironment },
      stdio: 'ignore',
      timeout: 10_000,
    })
    return status === 0
  },
}

/** CAP_KILL, CAP_SETGID and CAP_SETUID: children of another user that can't be ended would be worse than none. */
const capabilities = 0b1110_0000n

function mayChangeUsers(): boolean {
  try {
    const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))
    return match?.[1] !== undefined && (BigInt(`0x${match[1]}`) & capabilities) === capabilities
  } catch {
    return false
  }
}

/**
 * Another user for collector and egress, so that neither can signal the daemon or look into it through what the
 * kernel shows to processes of one user. Null where the platform allows none: only root may choose.
 * @param given `child_uid` of the configuration; null takes what is possible
 * @throws {InputError} CHILD_USER_REFUSED: one was asked for and can't be had
 */
export function findChildUser(given: number | null, system: UserSystem = thisSystem): ChildUser | null {
  const uid = given ?? (system.ownUid === 0 ? childUidDefault : null)
  if (uid === null) return null
  const user = { uid, gid: uid }
  if (system.ownUid !== null && uid !== system.ownUid && system.canRunAs(user)) return user
  if (given === null) return null
  throw new InputError('CHILD_USER_REFUSED', `the children can not be run as user ${uid}`, {
    hint: 'start as root, name a user other than the own one, and let it read Node and perf-agg',
  })
}
