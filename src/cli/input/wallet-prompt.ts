import { InputError, type OwnershipTypedData } from '@perf-agg/sdk'
import { askOpen } from '../terminal/prompt.ts'
import { remark } from '../terminal/terminal.ts'

/** An account that is a public address: which, and, where its wallet signs, that it is the asker's. */

const triesMax = 5

export function isAddress(text: string): boolean {
  return /^0x[0-9a-fA-F]{40}$/.test(text)
}

/** @throws {InputError} where a private key stands instead, or nothing that is an address comes */
export async function askAddress(): Promise<string> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const answer = (await askOpen('wallet address (0x…, never a private key): ')).trim()
    if (answer === '') break
    if (isAddress(answer)) return answer
    refusePrivateKey(answer)
    remark(`an address is 0x and 40 hexadecimal digits; that has ${answer.length} characters`)
  }
  throw new InputError('CREDENTIALS_INVALID', 'nothing was entered; nothing was sent')
}

/** @throws {InputError} */
function refusePrivateKey(answer: string): void {
  if (!/^(?:0x)?[0-9a-fA-F]{64}$/.test(answer)) return
  throw new InputError('CREDENTIALS_INVALID', 'that is as long as a private key; nothing was sent', {
    hint: 'it stood on this screen: move what it holds to another wallet',
  })
}

/** Shows what the wallet is to sign, and takes what it signed; null where nothing is entered, or nobody can be asked. */
export async function askOwnership(typedData: OwnershipTypedData): Promise<string | null> {
  if (!process.stdin.isTTY) return null
  remark(
    'to prove that the address is yours, have its wallet sign this within 5 minutes (eth_signTypedData_v4):',
  )
  remark(textOf(typedData))
  for (let tries = 0; tries < triesMax; tries += 1) {
    const question =
      tries === 0 ? 'signature (0x…, or Enter for a record that says unproven): ' : 'signature: '
    const answer = (await askOpen(question)).trim()
    if (answer === '') return null
    refusePrivateKey(answer)
    const wrong = await faultOf(answer, typedData)
    if (wrong === null) return answer
    remark(wrong)
  }
  return null
}

/** To be read and to be copied: members of a type on one line. */
function textOf(typedData: OwnershipTypedData): string {
  return JSON.stringify(typedData, null, 2).replaceAll(
    /\{\s+("name": "\w+"),\s+("type": "\w+")\s+\}/g,
    '{ $1, $2 }',
  )
}

/** What is not right about a signature, before it is sent; null where nothing is. */
async function faultOf(signature: string, { message }: OwnershipTypedData): Promise<string | null> {
  if (!/^0x[0-9a-fA-F]{130}$/.test(signature)) {
    return `a signature is 0x and 130 hexadecimal digits; that has ${signature.length} characters`
  }
  // loaded where it is needed: nobody else waits for it
  const { ownershipHash, signerOf } = await import('../../session/wallet.ts')
  const { wallet, claims_digest, nonce } = message
  const signer = signerOf(ownershipHash(wallet, claims_digest, nonce), signature)
  if (signer === wallet.toLowerCase()) return null
  return signer === null
    ? 'that is no signature of what stands above'
    : `that was signed by ${signer}, if it was this that was signed: choose ${wallet} in the wallet`
}
