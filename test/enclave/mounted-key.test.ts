import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { PerfAggError, utf8, verifySignature } from '@perf-agg/sdk'
import { openMountedKey } from '../../src/enclave/mounted-key.ts'

const folder = mkdtempSync(join(tmpdir(), 'perf-agg-key-'))
const pkcs8 = { format: 'pem', type: 'pkcs8' } as const
const pem = String(generateKeyPairSync('ed25519').privateKey.export(pkcs8))

let files = 0
function file(content: string, mode = 0o600): string {
  files += 1
  const path = join(folder, `key-${files}.pem`)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

function refusal(path: string): PerfAggError {
  try {
    openMountedKey(path)
  } catch (error) {
    if (error instanceof PerfAggError) return error
    throw error
  }
  throw new Error('it was taken')
}

t.test('a key that only its owner reads signs', async (t) => {
  for (const mode of [0o400, 0o600, 0o440, 0o640]) {
    const signer = openMountedKey(file(pem, mode))
    const signature = await signer.sign(utf8('x'))
    t.ok(await verifySignature(signer.publicKey, utf8('x'), signature), mode.toString(8))
  }
  t.ok(openMountedKey(file(`# comment\n${pem}\n`)))
})

t.test(
  'a key that others read, or more than its owner writes, is refused with the way out',
  { skip: process.platform === 'win32' },
  async (t) => {
    for (const [mode, what] of [
      [0o644, /others can read it \(mode 0644\)/],
      [0o604, /others can read it/],
      [0o620, /its group can write it \(mode 0620\)/],
      [0o660, /its group can write it/],
      [0o602, /others can write it/],
      [0o666, /others can read it, others can write it, its group can write it/],
    ] as const) {
      const path = file(pem, mode)
      t.match(refusal(path), { code: 'PRIVATE_KEY_EXPOSED', message: what, hint: `chmod 600 ${path}` })
    }
  },
)

t.test('a PEM instead of a path is not repeated', async (t) => {
  const secret = pem.split('\n')[1] ?? ''
  for (const given of [
    pem,
    pem.replaceAll('\n', ''),
    pem.replaceAll('\n', '\\n'),
    secret,
    `{"kty":"OKP","d":"${secret}"}`,
    '',
  ]) {
    const error = refusal(given)
    t.ok(['PRIVATE_KEY_NOT_A_PATH', 'PRIVATE_KEY_MISSING'].includes(error.code), error.code)
    t.notMatch(
      `${error.message} ${error.hint} ${error.stack} ${JSON.stringify(error)}`,
      secret.slice(0, 20) || '-----BEGIN',
    )
  }
  t.equal(refusal(pem).code, 'PRIVATE_KEY_NOT_A_PATH')
})

t.test('what is there but no such key is refused by what it is', async (t) => {
  t.match(refusal(join(folder, 'none.pem')), { code: 'PRIVATE_KEY_MISSING', message: /none\.pem/ })
  t.match(refusal('none.pem'), { code: 'PRIVATE_KEY_MISSING', hint: /absolute/ })
  const inside = join(folder, 'folder')
  mkdirSync(inside)
  t.match(refusal(inside), { code: 'PRIVATE_KEY_NOT_A_FILE', message: /directory/ })
  t.equal(refusal(join(file(pem), 'x')).code, 'PRIVATE_KEY_MISSING')
  const path = file(pem)
  const link = join(folder, 'link.pem')
  symlinkSync(path, link)
  t.match(refusal(link), { code: 'PRIVATE_KEY_SYMLINK', hint: new RegExp(path) })
  t.equal(refusal(file('x'.repeat(20_000))).code, 'PRIVATE_KEY_TOO_LARGE')
  t.equal(refusal(file('')).code, 'PRIVATE_KEY_INVALID')
  t.equal(refusal(file('no key')).code, 'PRIVATE_KEY_INVALID')
  t.match(refusal(file(pem.replace('MC4', 'MC5'))), { code: 'PRIVATE_KEY_INVALID', message: /damaged/ })
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const encrypted = String(privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' }))
  t.equal(refusal(file(encrypted)).code, 'PRIVATE_KEY_ENCRYPTED')
  t.match(refusal(file(String(publicKey.export({ format: 'pem', type: 'spki' })))), {
    code: 'PRIVATE_KEY_WRONG_TYPE',
    message: /public key/,
  })
  const x25519 = String(generateKeyPairSync('x25519').privateKey.export(pkcs8))
  t.match(refusal(file(x25519)), { code: 'PRIVATE_KEY_WRONG_TYPE', message: /x25519/ })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  t.match(refusal(file(String(ec.export(pkcs8)))), { code: 'PRIVATE_KEY_WRONG_TYPE', message: /type ec/ })
  t.match(refusal(file(String(ec.export({ format: 'pem', type: 'sec1' })))), {
    code: 'PRIVATE_KEY_WRONG_TYPE',
    message: /PKCS#8/,
  })
})

t.test('a pipe under the name does not hang the start', { skip: process.platform === 'win32' }, async (t) => {
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', ['-m', '600', pipe])
  t.match(refusal(pipe), { code: 'PRIVATE_KEY_NOT_A_FILE' })
})
