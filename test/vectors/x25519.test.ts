import t from 'tap'
import { concat, fromHex, InputError, newBoxKeyPair, openBox, sealBox } from '../../sdk/index.ts'
import { referenceText, unlessThere } from './reference.ts'

interface Wycheproof {
  readonly testGroups: readonly {
    readonly tests: readonly {
      readonly tcId: number
      readonly public: string
      readonly private: string
      readonly shared: string
    }[]
  }[]
}

t.test(
  'wycheproof: a zero shared secret opens nothing and is sealed to by nobody',
  { skip: unlessThere('wycheproof') },
  async (t) => {
    const vectors = JSON.parse(referenceText('wycheproof/x25519_test.json')) as Wycheproof
    const zero = vectors.testGroups.flatMap((group) => group.tests).filter((each) => /^0+$/.test(each.shared))
    t.equal(zero.length, 31)
    const { publicKey } = await newBoxKeyPair()
    for (const { tcId, public: low, private: secret } of zero) {
      const sealed = concat(fromHex(low), new Uint8Array(48))
      t.equal(await openBox(publicKey, fromHex(secret), sealed), null, `case ${tcId} is refused`)
      await t.rejects(
        sealBox(fromHex(low), new Uint8Array(3)),
        new InputError('BOX_KEY_INVALID', 'not a key that a box can be sealed to'),
      )
    }
  },
)
