import t from 'tap'
import { findWeaknesses } from '../../src/enclave/hardening.ts'
import { readPage } from './page.ts'

/** What the page says is refused at the start is refused. */

const page = readPage('perf-agg-threats.7.md')
const section = /## WHAT SERVE REFUSES, AND WHY\n([^]*?)\nWhatever the surroundings/.exec(page)?.[1] ?? ''
const named = [...section.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
const safe = { nodeFlags: ['--disable-sigusr1'], environment: {}, inspectorOpen: false, coreDumps: false }

t.test('each variable and flag that it names', async (t) => {
  const variables = named.filter((name) => /^[A-Z]+_?[A-Z_]*$/.test(name) && name !== 'SURROUNDINGS_UNSAFE')
  const flags = named.filter((name) => name.startsWith('--') && name !== '--disable-sigusr1')
  t.ok(variables.length > 20, `${variables.length} variables`)
  t.ok(flags.length > 20, `${flags.length} flags`)
  for (const name of variables) {
    const whole = name.endsWith('_') ? `${name}SOMETHING` : name
    for (const each of whole.endsWith('PROXY') ? [whole, whole.toLowerCase()] : [whole]) {
      // Node's own switch is in capitals only
      if (each === 'node_use_env_proxy') continue
      t.equal(findWeaknesses({ ...safe, environment: { [each]: 'x' } }).length, 1, each)
    }
  }
  for (const flag of flags) {
    t.equal(findWeaknesses({ ...safe, nodeFlags: [...safe.nodeFlags, `${flag}=x`] }).length, 1, flag)
  }
})

t.test('every attack has its line, and what is not protected is said', async (t) => {
  for (const name of [
    'WHO IS TRUSTED WITH WHAT',
    'WHAT A MEASUREMENT COVERS, AND WHAT MUST BE TRUE OF THE IMAGE',
    'FOUR PROCESSES',
    'A BETTER RECORD THAN WAS EARNED',
    'STEALING CREDENTIALS',
    'TALKING TO THE ENCLAVE',
    'TIME, DISK AND NETWORK',
    'NOT PROTECTED',
  ]) {
    t.match(page, new RegExp(`^## ${name}$`, 'm'))
  }
  for (const tee of ['SEV-SNP', 'TDX', 'dstack', 'Nitro']) t.match(page, new RegExp(`^\\| ${tee} \\|`, 'm'))
})
