import { endorsementNeedOf, type EndorsementNeed, fromBase64url, type HardwareTee } from '@perf-agg/sdk'

/** Where makers of hardware publish what evidence needs beside it, and what of an answer is which member of a quote. */
export interface EndorsementSource {
  /** Tried in order; the first that answers is taken. */
  readonly urls: readonly string[]
  /** The member of `endorsements` that is the body. */
  readonly body: string
  /** The header that holds a chain in percent-encoded PEM, and its member. */
  readonly chain?: { readonly header: string; readonly member: string }
}

export interface MakerServices {
  readonly intel: string
  /** Intel's revocation list of its root lies elsewhere than all else. */
  readonly intelRootCrl: string
  readonly amd: string
}

export const makerServices: MakerServices = {
  intel: 'https://api.trustedservices.intel.com',
  intelRootCrl: 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der',
  amd: 'https://kdsintf.amd.com',
}

/** A service of the operator's that answers as the makers' do (Intel's PCCS, a mirror of AMD's). */
export function ownServices(url: string): MakerServices {
  const base = url.replace(/\/$/, '')
  return { intel: base, intelRootCrl: `${base}/sgx/certification/v4/rootcacrl`, amd: base }
}

/**
 * What to fetch for evidence of a TEE; nothing for those that carry all of it.
 * @param evidence base64url, as a quote has it
 * @throws {VerificationError} where the evidence can't be read
 */
export function endorsementSources(
  tee: HardwareTee,
  evidence: string,
  services: MakerServices,
): readonly EndorsementSource[] {
  if (tee === 'nitro') return []
  const need = endorsementNeedOf(tee === 'sev-snp' ? 'report' : 'quote', fromBase64url(evidence))
  return need.maker === 'intel' ? intelSources(need, services) : amdSources(need, services)
}

function intelSources(
  { fmspc, authority }: EndorsementNeed & { maker: 'intel' },
  { intel, intelRootCrl }: MakerServices,
): readonly EndorsementSource[] {
  return [
    {
      urls: [`${intel}/tdx/certification/v4/tcb?fmspc=${fmspc}`],
      body: 'tcb_info',
      chain: { header: 'tcb-info-issuer-chain', member: 'tcb_info_issuer_chain' },
    },
    {
      urls: [`${intel}/tdx/certification/v4/qe/identity`],
      body: 'qe_identity',
      chain: { header: 'sgx-enclave-identity-issuer-chain', member: 'qe_identity_issuer_chain' },
    },
    {
      urls: [`${intel}/sgx/certification/v4/pckcrl?ca=${authority}&encoding=der`],
      body: 'pck_crl',
      chain: { header: 'sgx-pck-crl-issuer-chain', member: 'pck_crl_issuer_chain' },
    },
    { urls: [intelRootCrl], body: 'root_ca_crl' },
  ]
}

function amdSources(
  { signingKey, chips }: EndorsementNeed & { maker: 'amd' },
  { amd }: MakerServices,
): readonly EndorsementSource[] {
  const kind = signingKey.toLowerCase()
  const revoked = {
    urls: chips.map(({ product }) => `${amd}/${kind}/v1/${product}/crl`),
    body: 'crl',
  }
  // A provider's key is the provider's to hand out: hosts put its certificate into their table.
  if (signingKey === 'VLEK') return [revoked]
  const names = {
    fmc: 'fmcSPL',
    bootloader: 'blSPL',
    tee: 'teeSPL',
    snp: 'snpSPL',
    microcode: 'ucodeSPL',
  } as const
  const urls = chips.map(({ product, hardwareId, tcb }) => {
    const levels = Object.entries(names).flatMap(([part, name]) => {
      const level = tcb[part as keyof typeof names]
      return level === undefined ? [] : [`${name}=${level}`]
    })
    return `${amd}/vcek/v1/${product}/${hardwareId}?${levels.join('&')}`
  })
  return [{ urls, body: 'leaf' }, revoked]
}
