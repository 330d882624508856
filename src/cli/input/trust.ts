import { Option } from 'commander'
import { PolicyError, type Trust } from '@perf-agg/sdk'
import { readPolicyFile } from './file.ts'
import { remark } from '../terminal/terminal.ts'

/** What the person trusts: the same two flags wherever an enclave is appraised. */

export interface TrustFlags {
  policy?: string
  insecureSimulated?: true
}

export function policyFlag(): Option {
  return new Option('--policy <file>', 'what you trust; an enclave that is not in it is refused')
}

export function insecureFlag(): Option {
  return new Option(
    '--insecure-simulated',
    'take a simulated enclave, whose operator can read and forge everything',
  )
}

export function trustOf(flags: TrustFlags): Required<Trust> {
  return {
    policy: flags.policy === undefined ? null : readPolicyFile(flags.policy),
    insecureSimulated: flags.insecureSimulated === true,
  }
}

/** Says what to do about a refusal, which the judgement itself can't know. */
export function withTrustHint(error: unknown, trust: Trust): unknown {
  if (!(error instanceof PolicyError) || error.hint !== undefined) return error
  const hint =
    error.code === 'TEE_SIMULATED'
      ? 'nothing protects credentials there; to try things out with toy ones: --insecure-simulated'
      : trust.policy == null
        ? 'say what you trust with --policy FILE; nothing was sent'
        : 'the enclave is not what your policy trusts; nothing was sent'
  return new PolicyError(error.code, error.message, { hint })
}

export function warnOfPlainHttp(serviceUrl: string): void {
  const { protocol, hostname } = new URL(serviceUrl)
  if (protocol !== 'http:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) return
  remark(
    'perf-agg: without https others can see that you talk to this enclave; credentials and answers are sealed either way',
  )
}
