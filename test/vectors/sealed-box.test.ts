import t from 'tap'
import { boxPublicKey, fromHex, openBox, sealBox, toHex } from '../../sdk/index.ts'
import { referenceText, unlessThere } from './reference.ts'

t.test(
  'sealed boxes of PyNaCl open, and nothing else of them does',
  { skip: unlessThere('sealed-box') },
  async (t) => {
    const lines = referenceText('sealed-box/sealed_box_ref.txt')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    t.equal(lines.length, 3)
    for (const line of lines) {
      const [sk, pk, plain, box] = line.split('\t') as [string, string, string, string]
      const [secretKey, publicKey] = [fromHex(sk), fromHex(pk)]
      const sealed = fromHex(box.slice(box.indexOf(':') + 1).trim())
      const plaintext = plain.slice(plain.indexOf(':') + 1)
      t.equal(toHex(await boxPublicKey(secretKey)), pk)
      t.equal(toHex((await openBox(publicKey, secretKey, sealed))!), plaintext)
      t.equal(await openBox(publicKey, secretKey, sealed.slice(0, -1)), null, 'cut off')
      t.equal(await openBox(publicKey, secretKey, new Uint8Array([...sealed, 0])), null, 'with a byte more')
      const ours = await sealBox(publicKey, fromHex(plaintext))
      t.equal(ours.length, sealed.length)
      t.equal(toHex((await openBox(publicKey, secretKey, ours))!), plaintext)
    }
  },
)
