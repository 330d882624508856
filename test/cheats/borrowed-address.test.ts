// Cheat: the public address of a famous trader is registered as one's own. Defeated by its wallet's signature, else marked.
import { newSigningKey, type OwnershipTypedData } from '@perf-agg/sdk'
import t from 'tap'
import { hyperliquid, sign, wallet } from '../e2e/address.ts'
import { startBackend } from '../e2e/enclave.ts'
import { House, until } from '../e2e/house.ts'
import { typesOf as typesAt } from '../e2e/chains.ts'
import { SmallWitness } from '../log/small-witness.ts'
import { judgeRecord } from './stage.ts'

t.test('a borrowed public address', async (t) => {
  const witness = await SmallWitness.start(t, () => [])
  witness.trusting = true
  witness.live = true
  const backend = await startBackend()
  t.teardown(() => backend.close())
  const exchanges = { hyperliquid: { base_url: await hyperliquid(t) } }
  const config = { exchanges, witnesses: [witness.entry] }
  const house = await House.open(t, { config, flags: { backend_url: backend.url } })
  const register = async (more: object) =>
    house.client.register({
      insecureSimulated: true,
      clientId: 'somebody',
      exchange: 'hyperliquid',
      credentials: { wallet_address: wallet },
      config: { accountType: 'futures' },
      clientKey: await newSigningKey(),
      ...more,
    })
  const signed = { signOwnership: (typed: OwnershipTypedData) => Promise.resolve(sign(typed)) }
  const forged = { signOwnership: () => Promise.resolve(`0x${'11'.repeat(65)}`) }
  await t.rejects(register(forged), { code: 'WALLET_SIGNATURE_INVALID' })

  const borrower = await register({})
  t.equal(borrower.receipt.ownership, 'unproven')
  const record = await house.client.record(borrower.access)
  for (const { statement } of record.statements) t.equal(statement.metadata.source.ownership, 'unproven')
  const asked = { record: { ownership: ['key-holder', 'proven'] } }
  const { wrong } = await judgeRecord(record, witness, Date.now(), asked)
  t.same(wrong, ['CONFIG_NOT_ACCEPTED'], 'a policy that asks for an owner refuses it')

  const owner = await register(signed)
  t.match(owner.receipt, { ownership: 'proven', account: borrower.receipt.account })
  await t.rejects(house.client.metrics(borrower.access), { code: 'SESSION_UNKNOWN' })
  await until('it is delivered', () => typesAt(backend, owner.receipt.account).length === 3)
  t.same(
    typesAt(backend, owner.receipt.account),
    ['registered', 'closed', 'registered'],
    'and the chain tells that somebody else was there first',
  )
})
