import { newSigningKey, type OwnershipTypedData } from '@perf-agg/sdk'
import t from 'tap'
import { hyperliquid, sign, wallet } from './address.ts'
import { House, until } from './house.ts'

/** An address at hyperliquid, which everybody may read: whose record it is, through the whole daemon. */

t.test('an address is whoever says so until its wallet has signed', async (t) => {
  const exchanges = { hyperliquid: { base_url: await hyperliquid(t) } }
  const house = await House.open(t, { config: { exchanges } })
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
  const stranger = await register({ clientKey: await newSigningKey() })
  t.match(stranger.receipt, { status: 'active', ownership: 'unproven', permissions: 'unverified' })
  await t.rejects(register({}), { code: 'ACCOUNT_BOUND' }, 'no better than the first')
  await t.rejects(register({ signOwnership: () => Promise.resolve(`0x${'11'.repeat(65)}`) }), {
    code: 'WALLET_SIGNATURE_INVALID',
  })
  const elsewhere = (typed: OwnershipTypedData) =>
    sign({ ...typed, message: { ...typed.message, nonce: typed.message.nonce.replace(/^./, 'x') } })
  await t.rejects(
    register({ signOwnership: (typed: OwnershipTypedData) => Promise.resolve(elsewhere(typed)) }),
    { code: 'WALLET_SIGNATURE_INVALID' },
    'one for another quote',
  )
  const ownerKey = await newSigningKey()
  const owner = await register({
    clientKey: ownerKey,
    signOwnership: (typed: OwnershipTypedData) => Promise.resolve(sign(typed)),
  })
  t.match(owner.receipt, { status: 'active', ownership: 'proven', account: stranger.receipt.account })
  await t.rejects(house.client.metrics(stranger.access), { code: 'SESSION_UNKNOWN' }, 'who was first is out')
  await t.rejects(
    register({ signOwnership: (typed: OwnershipTypedData) => Promise.resolve(sign(typed)) }),
    { code: 'ACCOUNT_BOUND' },
    'and the owner stays bound to one key',
  )
  const view = await until('a poll', async () => {
    const seen = await house.client.metrics(owner.access)
    return seen.status === 'active' ? seen : null
  })
  t.match(view, { exchange: 'hyperliquid', environment: 'simulated', account: owner.receipt.account })
})
