// Cheat: a sandbox, or an exchange of the operator's own, is shown as the real one. Defeated by the effective host.
import t from 'tap'
import { judgeRecord, Stage } from './stage.ts'

t.test('sandbox and fake exchange as live', async (t) => {
  const stage = await Stage.open(t, { accounts: [{}, {}] })
  const { access } = await stage.join(0)
  const sandbox = await stage.join(1, undefined, { sandbox: true })
  await stage.until(3)
  const nowMs = stage.composed.clock.nowMs()
  for (const each of [access, sandbox.access]) {
    const { record } = await stage.judge(each)
    for (const { statement } of record.statements) {
      const { environment, host } = statement.metadata.source
      t.equal(environment, 'simulated')
      t.ok(host === null || host.startsWith('127.0.0.1'), `${host}: where it really came from`)
    }
    const live = await judgeRecord(record, stage.witness, nowMs, { config: { environments: ['live'] } })
    t.ok(live.wrong.includes('CONFIG_NOT_ACCEPTED'), live.wrong.join())
    const claimed = structuredClone(record)
    for (const { statement } of claimed.statements)
      Object.assign(statement.metadata.source, { environment: 'live' })
    const lied = await judgeRecord(claimed, stage.witness, nowMs, { config: { environments: ['live'] } })
    t.ok(
      lied.wrong.includes('SIGNATURE_INVALID') && lied.wrong.includes('INCLUSION_INVALID'),
      lied.wrong.join(),
    )
  }
})
