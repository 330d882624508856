import { toHex } from '../bytes.ts'
import { readDcapQuote } from './dcap-quote.ts'
import { readPckPlatform } from './pck.ts'
import { readPemCertificates } from './pem.ts'
import type { AmdProduct } from './roots.ts'
import { readSnpReport, readSnpTcb, type SnpTcb } from './snp-report.ts'
import { commonNameOf, readCertificate } from './x509.ts'

/** What of a maker's publications belongs to one piece of evidence. */
export type EndorsementNeed =
  | {
      readonly maker: 'intel'
      /** Lower-case hex. */
      readonly fmspc: string
      /** Which of Intel's two authorities certified the platform. */
      readonly authority: 'platform' | 'processor'
    }
  | {
      readonly maker: 'amd'
      readonly signingKey: 'VCEK' | 'VLEK'
      /** As AMD's service writes them, each of the products that it may be of. */
      readonly chips: readonly {
        readonly product: AmdProduct
        /** Lower-case hex. */
        readonly hardwareId: string
        readonly tcb: SnpTcb
      }[]
    }

/**
 * Reads from evidence which publications are about its platform. Says nothing about whether it holds.
 * @throws {VerificationError} where the evidence can't be read
 */
export function endorsementNeedOf(kind: 'quote' | 'report', evidence: Uint8Array): EndorsementNeed {
  return kind === 'quote' ? ofQuote(evidence) : ofReport(evidence)
}

function ofQuote(bytes: Uint8Array): EndorsementNeed {
  const [pck, authority] = readPemCertificates(readDcapQuote(bytes).pckChain, 'c-string').map(readCertificate)
  const isProcessor = authority !== undefined && commonNameOf(authority) === 'Intel SGX PCK Processor CA'
  return {
    maker: 'intel',
    fmspc: readPckPlatform(pck!).fmspc,
    authority: isProcessor ? 'processor' : 'platform',
  }
}

function ofReport(bytes: Uint8Array): EndorsementNeed {
  const report = readSnpReport(bytes)
  // Reports of version 2 don't say what they are of, and Turin never made any.
  const products: readonly AmdProduct[] = report.product === null ? ['Milan', 'Genoa'] : [report.product]
  return {
    maker: 'amd',
    signingKey: report.signingKey,
    chips: products.map((product) => ({
      product,
      hardwareId: toHex(product === 'Turin' ? report.chipId.subarray(0, 8) : report.chipId),
      tcb: readSnpTcb(report.reportedTcb, product),
    })),
  }
}
