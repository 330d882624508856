import {
  enclaveSignedBytes,
  handoverBytes,
  hourMs,
  hourOf,
  judgeAgainstLog,
  type KeyStartClaim,
  signedBytes,
  type Statement,
  toBase64,
} from '@perf-agg/sdk'
import t from 'tap'
import type { Hour } from '../../src/accounting/hour/hour.ts'
import type { Claim } from '../../src/statement/claim.ts'
import { newSigner } from '../../src/enclave/signer.ts'
import { hour } from '../statement/fixture.ts'
import { handOver, Scene, type SceneOptions } from './scene.ts'

/** What a verifier must see although every signature, every proof and all evidence hold: each by its own name. */

const registered = (scene: Scene): Claim => ({ type: 'registered', atMs: scene.atMs })
const closed = (scene: Scene): Claim => ({ type: 'closed', atMs: scene.atMs, reason: 'ended-by-client' })
/** The n-th hour after the scene's first. */
const hourAt = (scene: Scene, index: number, change: Partial<Hour> = {}): Hour =>
  hour(0, { startMs: hourOf(scene.atMs) - (24 - index) * hourMs, ...change })
const period = (...hours: Hour[]): Claim => ({ type: 'period', hours })

const keyStart = (scene: Scene, keyStart: Omit<KeyStartClaim, 'key'>): Claim => ({
  type: 'key_start',
  atMs: scene.atMs,
  keyStart: { key: scene.enclave.signer.jwk, ...keyStart },
})
const lost = { handover: null, log_size: null, continuity: 'broken' } as const

async function begun(options: SceneOptions = {}): Promise<Scene> {
  const scene = await Scene.open(options)
  await scene.say(registered(scene))
  return scene
}

/** Live hours of after the registration. */
async function lived(options: SceneOptions = {}): Promise<Scene> {
  const scene = await begun(options)
  scene.atMs += 30 * hourMs
  await scene.say(period(hourAt(scene, 10), hourAt(scene, 11)))
  return scene
}

t.test(
  'a sound record holds, with and without a handover, and after a death that evidence makes up for',
  async (t) => {
    const scene = await lived()
    t.same(await scene.judge(), { verdict: 'holds', wrong: [] })
    await handOver(scene)
    await scene.say(period(hourAt(scene, 12)))
    t.same(await scene.judge(), { verdict: 'holds', wrong: [] })
    const replaces = scene.enclave.signer.keyId
    await scene.start()
    await scene.say(keyStart(scene, { replaces, ...lost }))
    t.same(
      await scene.judge(),
      { verdict: 'holds', wrong: [] },
      'a death, with trusted evidence and a witnessed log',
    )
  },
)

t.test('a handover without the old key, or beyond what it says', async (t) => {
  const cases: Record<
    string,
    (scene: Scene, old: Scene['enclave']['signer'], size: number) => Promise<Claim>
  > = {
    'signed by the new key': async (scene, old, size) =>
      keyStart(scene, {
        replaces: old.keyId,
        handover: await scene.handover(scene.enclave.signer.keyId, size),
        log_size: size,
        continuity: 'handover',
      }),
    'for another key': async (scene, old, size) =>
      keyStart(scene, {
        replaces: old.keyId,
        handover: await handedOver(old, newSigner().keyId, size),
        log_size: size,
        continuity: 'handover',
      }),
    'of another size': async (scene, old, size) =>
      keyStart(scene, {
        replaces: old.keyId,
        handover: await handedOver(old, scene.enclave.signer.keyId, size),
        log_size: size + 1,
        continuity: 'handover',
      }),
    'after which the old key went on': async (scene, old) =>
      keyStart(scene, {
        replaces: old.keyId,
        handover: await handedOver(old, scene.enclave.signer.keyId, 1),
        log_size: 1,
        continuity: 'handover',
      }),
    'before the new one began': async (scene, old) =>
      keyStart(scene, {
        replaces: old.keyId,
        handover: await handedOver(old, scene.enclave.signer.keyId, 1_000),
        log_size: 1_000,
        continuity: 'handover',
      }),
    'that is none': async (scene, old) =>
      keyStart(scene, { replaces: old.keyId, handover: null, log_size: null, continuity: 'handover' }),
    'that calls itself broken': async (scene, old, size) =>
      keyStart(scene, {
        replaces: old.keyId,
        handover: await handedOver(old, scene.enclave.signer.keyId, size),
        log_size: size,
        continuity: 'broken',
      }),
    'of another key than the last': async (scene) =>
      keyStart(scene, { replaces: newSigner().keyId, ...lost }),
  }
  for (const [what, claim] of Object.entries(cases)) {
    const scene = await lived()
    const { signer: old } = scene.enclave
    const { size } = scene.log
    await scene.start()
    await scene.say(await claim(scene, old, size))
    t.same(await scene.judge(), { verdict: 'broken', wrong: ['HANDOVER_INVALID'] }, what)
  }
  const silent = await lived()
  await silent.start()
  await silent.say(period(hourAt(silent, 13)))
  t.same(await silent.judge(), { verdict: 'broken', wrong: ['KEY_CHANGED'] }, 'no word of a new key')
})

t.test('a death that nothing makes up for', async (t) => {
  const scene = await lived({ unwitnessed: true })
  const replaces = scene.enclave.signer.keyId
  await scene.start()
  await scene.say(keyStart(scene, { replaces, ...lost }))
  const { verdict, wrong } = await scene.judge()
  t.equal(verdict, 'untrusted')
  t.same(wrong, ['NO_WITNESS', 'TIME_SELF_ASSERTED', 'CONTINUITY_BROKEN'])
})

t.test('evidence without a witnessed time', async (t) => {
  const scene = await lived({ unwitnessed: true })
  t.same(await scene.judge(), { verdict: 'untrusted', wrong: ['NO_WITNESS', 'TIME_SELF_ASSERTED'] })
  const alone = await scene.policy({ witnesses: { keys: [], min: 0 } })
  t.same(await scene.judge(undefined, alone), { verdict: 'untrusted', wrong: ['TIME_SELF_ASSERTED'] })
})

t.test('a record under the operator’s mounted key alone', async (t) => {
  const sound = await lived({ mounted: true })
  t.same(await sound.judge(), { verdict: 'holds', wrong: [] }, 'with the enclave’s signature beside it')
  const scene = await begun({ mounted: true })
  scene.atMs += 30 * hourMs
  await scene.say(period(hourAt(scene, 10)), async ({ metadata, ...statement }) => {
    const { enclave_signature: _, ...alone } = metadata
    return resigned(scene, { ...statement, metadata: alone } as Statement)
  })
  t.same(await scene.judge(), { verdict: 'untrusted', wrong: ['OPERATOR_COULD_FORGE'] })
  const forged = await begun({ mounted: true })
  forged.atMs += 30 * hourMs
  await forged.say(period(hourAt(forged, 10)), async ({ metadata, ...statement }) => {
    const own = newSigner()
    const body = { ...statement, metadata }
    const signature = toBase64(await own.sign(enclaveSignedBytes(body)))
    return resigned(forged, { ...statement, metadata: { ...metadata, enclave_signature: signature } })
  })
  t.same(await forged.judge(), { verdict: 'broken', wrong: ['SIGNATURE_INVALID'] }, 'nor one of anybody’s')
})

t.test('a fork and a record cut at its peak are seen in the log', async (t) => {
  const scene = await lived()
  const record = await scene.record()
  t.match(await judgeAgainstLog(record, scene.entries), [{ code: 'OK' }])
  const story = [...scene.said]
  await scene.say(period(hourAt(scene, 12)))
  const longer = await scene.record()
  t.match(await judgeAgainstLog({ ...longer, statements: longer.statements.slice(0, -1) }, scene.entries), [
    { code: 'RECORD_TRUNCATED' },
  ])
  scene.said = story
  const other = await scene.say(period(hourAt(scene, 12, { returnPct: 50 })))
  t.equal(other.statement.metadata.sequence, 3)
  const forked = await scene.record()
  t.same((await scene.judge(forked)).wrong, [], 'in itself the better story holds')
  t.match(await judgeAgainstLog(forked, scene.entries), [{ code: 'RECORD_FORKED' }])
})

/** Each is signed and logged by a sound enclave: its own code must never write it, and a verifier never take it. */
const impossible: Record<
  string,
  { code: string; play: (scene: Scene) => Promise<void>; options?: SceneOptions }
> = {
  'a second registration of an open chain': {
    code: 'CHAIN_OUT_OF_TURN',
    play: async (scene) => void (await scene.say(registered(scene))),
  },
  'hours of a closed one': {
    code: 'CHAIN_OUT_OF_TURN',
    play: async (scene) => {
      await scene.say(closed(scene))
      await scene.say(period(hourAt(scene, 13)))
    },
  },
  'an hour twice': {
    code: 'HOUR_TWICE',
    play: async (scene) => void (await scene.say(period(hourAt(scene, 9)))),
  },
  'an hour that is missing and stated': {
    code: 'GAP_OVERLAP',
    play: async (scene) => {
      const { startMs } = hourAt(scene, 14)
      await scene.say({ type: 'gap', gaps: [{ fromMs: startMs, toMs: startMs + hourMs, reason: 'no-poll' }] })
      await scene.say(period(hour(0, { startMs })))
    },
  },
  'an hour that is stated and missing': {
    code: 'GAP_OVERLAP',
    play: async (scene) => {
      const { startMs } = hourAt(scene, 9)
      await scene.say({ type: 'gap', gaps: [{ fromMs: startMs, toMs: startMs + hourMs, reason: 'no-poll' }] })
    },
  },
  'hours of before that claim to be live': {
    code: 'BACKFILL_MISLABELLED',
    play: async (scene) => void (await scene.say(period(hourAt(scene, -30)))),
  },
  'live hours that claim to be of before': {
    code: 'BACKFILL_MISLABELLED',
    play: async (scene) => void (await scene.say(period(hourAt(scene, 14, { origin: 'backfilled' })))),
  },
  'a wallet that is no longer watched': {
    code: 'SCOPE_SHRUNK',
    options: { subject: { scope: ['spot', 'margin'] } },
    play: async (scene) => {
      scene.subject = { ...scene.subject, scope: ['spot'] }
      await scene.say(period(hourAt(scene, 14)))
    },
  },
  'a wallet that is watched without a word': {
    code: 'SCOPE_UNSTATED',
    play: async (scene) => {
      scene.subject = { ...scene.subject, scope: ['spot', 'margin'] }
      await scene.say(period(hourAt(scene, 14)))
    },
  },
  'another environment': {
    code: 'SOURCE_CHANGED',
    play: async (scene) => {
      scene.subject = { ...scene.subject, source: { ...scene.subject.source, environment: 'sandbox' } }
      await scene.say(period(hourAt(scene, 14)))
    },
  },
  'another way to count returns': {
    code: 'SOURCE_CHANGED',
    play: async (scene) => {
      scene.subject = { ...scene.subject, returnMethod: 'capital-in-use' }
      await scene.say(period(hourAt(scene, 14)))
    },
  },
  'an account fewer': {
    code: 'CLIENT_ACCOUNTS_SHRUNK',
    play: async (scene) => {
      scene.subject = { ...scene.subject, clientAccounts: 1 }
      await scene.say(period(hourAt(scene, 14)))
    },
  },
  'a longer history than before': {
    code: 'FIRST_OBSERVED_CHANGED',
    options: { subject: { firstObservedAtMs: Date.UTC(2026, 0, 1) } },
    play: async (scene) => {
      scene.subject = { ...scene.subject, firstObservedAtMs: Date.UTC(2025, 0, 1) }
      await scene.say(period(hourAt(scene, 14)))
    },
  },
  'a correction of what was never said': {
    code: 'CORRECTION_UNKNOWN',
    play: async (scene) => {
      const correction = { hours: [hourAt(scene, 14)], cause: 'late-fill', records: ['1'] } as const
      await scene.say({ type: 'correction', correction, corrects: [`sha256:${'0'.repeat(64)}`] })
    },
  },
}

for (const [what, { code, play, options }] of Object.entries(impossible)) {
  t.test(`${what} is ${code}`, async (t) => {
    const scene = await lived(options)
    t.same((await scene.judge()).wrong, [])
    await play(scene)
    const { verdict, wrong } = await scene.judge()
    t.same([verdict, wrong.includes(code)], ['broken', true], wrong.join())
  })
}

t.test('a key that was replaced does not come back', async (t) => {
  const scene = await lived()
  const first = scene.enclave.signer
  await scene.start()
  await scene.say(keyStart(scene, { replaces: first.keyId, ...lost }))
  const second = scene.enclave.signer
  const record = await scene.record()
  t.same((await scene.judge(record)).wrong, [])
  await scene.say(keyStart(scene, { replaces: second.keyId, ...lost }))
  t.ok((await scene.judge()).wrong.includes('KEY_RETURNED'))
})

async function handedOver(old: Scene['enclave']['signer'], keyId: string, logSize: number): Promise<string> {
  const what = { origin: 'perf-agg.example/log', replaces: old.keyId, keyId, logSize }
  return toBase64(await old.sign(handoverBytes(what)))
}

async function resigned(scene: Scene, statement: Statement): Promise<Statement> {
  return { ...statement, signature: toBase64(await scene.mounted!.sign(signedBytes(statement))) }
}
