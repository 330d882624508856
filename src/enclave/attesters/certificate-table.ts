/**
 * The certificate table that an SEV-SNP host hands to its guests beside a report (GHCB specification, "SNP Extended
 * Guest Request"): 24-byte entries of GUID, offset and length, up to one of zeros, then the certificates. All of it
 * is the host's word and only passed on: a verifier checks what it holds.
 */
export type AmdCertificate = 'vcek' | 'vlek' | 'ask' | 'ark' | 'crl'

const names: Readonly<Record<string, AmdCertificate>> = {
  '63da758de6644564adc5f4b93be8accd': 'vcek',
  a8074bc2a25a483eaae639c045a0b8a1: 'vlek',
  '4ab7b379bbac4fe4a02f05aef327c782': 'ask',
  c0b406a4a803495297433fb6014cd0ae: 'ark',
  '92f81bc358114d3d97ffd19f88dc67ea': 'crl',
}

const entryBytes = 24
const entriesMax = 32

/** The known certificates of the table; what does not fit into it is left out. */
export function readCertificateTable(table: Uint8Array): ReadonlyMap<AmdCertificate, Uint8Array> {
  const found = new Map<AmdCertificate, Uint8Array>()
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  for (let index = 0; index < entriesMax; index += 1) {
    const at = index * entryBytes
    if (at + entryBytes > table.length) break
    const guid = Buffer.from(table.subarray(at, at + 16))
    if (guid.every((byte) => byte === 0)) break
    const offset = view.getUint32(at + 16, true)
    const length = view.getUint32(at + 20, true)
    const name = names[guid.toString('hex')] ?? names[mixedEndian(guid)]
    if (name === undefined || length === 0 || offset + length > table.length) continue
    found.set(name, table.slice(offset, offset + length))
  }
  return found
}

/** Some hosts write the first three fields of a GUID as Windows does. */
function mixedEndian(guid: Buffer): string {
  const bytes = Buffer.from(guid)
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
  return bytes.toString('hex')
}
