import {
  claimsDigestOf,
  clientSignedBytes,
  credentialsSchema,
  encodeCredentials,
  newBoxKeyPair,
  openReply,
  parseReceipt,
  type PerfAggClient,
  publicKeyOf,
  type Registered,
  Service,
  type SigningKey,
  toBase64,
  toBase64url,
  toInstant,
  VerificationError,
  verifyView,
  wipeBytes,
} from '@perf-agg/sdk'
import { readServiceUrl } from '../input/service-url.ts'
import { Interrupted } from '../failure.ts'
import { confirm } from '../terminal/prompt.ts'
import { accountOf, obtainCredentials, type RegisterFlags } from './register.ts'
import { remark } from '../terminal/terminal.ts'

/**
 * Registration in clear: no box between this machine and the daemon. Whoever runs the daemon's machine, or a proxy in
 * front of it, can read the exchange's secrets; every statement says `registration: "plain"`.
 */

const answerBytesMax = 65_536

export async function registerPlain(
  client: PerfAggClient,
  flags: RegisterFlags,
  clientKey: SigningKey,
): Promise<Registered> {
  const operationsUrl = readServiceUrl(flags.operationsUrl)
  remark(`--plain: the credentials go to ${operationsUrl} unsealed.`)
  remark(
    "Whoever runs that machine, or a proxy before it, can read them; every statement says 'plain' for good.",
  )
  if (flags.yes !== true && !(await confirm('Go on?'))) throw new Interrupted()
  const { quote, nonce, appraisal } = await client.appraise({ insecureSimulated: true })
  if (appraisal.claims === null) throw new VerificationError('CLAIMS_INVALID', 'the claims can not be read')
  const signingKey = publicKeyOf(appraisal.claims.sig_key)
  const replyKey = await newBoxKeyPair()
  const claimsDigest = await claimsDigestOf(quote)
  const { clientId, label, exchange, config, ttlSeconds } = accountOf(flags)
  const body = encodeCredentials(
    {
      schema: credentialsSchema,
      claims_digest: claimsDigest,
      nonce,
      issued_at: toInstant(Date.now()),
      client_id: clientId,
      label,
      exchange,
      config,
      ttl_seconds: ttlSeconds ?? null,
      reply_key: toBase64(replyKey.publicKey),
      client_key: toBase64(clientKey.publicKey),
      client_signature: toBase64(await clientKey.sign(clientSignedBytes(claimsDigest, nonce))),
    },
    await obtainCredentials(flags),
  )
  const answer = await post(operationsUrl, body)
  const receipt = parseReceipt(await openReply(answer, replyKey))
  if (!(await verifyView(receipt, signingKey))) {
    throw new VerificationError('SIGNATURE_INVALID', 'the answer is not signed by the enclave')
  }
  const access = {
    sessionId: receipt.session_id,
    viewId: receipt.view_id,
    replyKey: { publicKey: toBase64url(replyKey.publicKey), secretKey: toBase64url(replyKey.secretKey) },
    signingKey: toBase64url(signingKey),
  }
  return { receipt, access, appraisal }
}

async function post(serviceUrl: string, body: Uint8Array): Promise<unknown> {
  // The service speaks JSON objects; this one exists already, as bytes.
  const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
  wipeBytes(body)
  return new Service({ serviceUrl }).request({
    method: 'POST',
    path: '/register',
    body: parsed as object,
    answerBytesMax,
  })
}
