import type { FlowKind } from '../../accounting/observation.ts'

/**
 * What the numbers of the funding account's bills mean. What lies in earn products, with lenders, with sub-accounts or
 * in custody lies elsewhere: to put it there is a transfer, and what it yields there is given. One that is not here
 * names nothing.
 */

/** From and to the trading account; dust that comes of its own accord too. */
export const tradingTypes: ReadonlySet<string> = new Set(['130', '131', '311'])

/** One coin for another, a bill for each. */
export const convertedTypes: ReadonlySet<string> = new Set(['61', '135', '200', '272', '273'])

/** Of a loan: owed elsewhere, and paid from here. */
export const interestTypes: ReadonlySet<string> = new Set(['346', '347'])

/** Of the account's own fees. */
export const rebateTypes: ReadonlySet<string> = new Set(['68', '300'])

const typesOf: Readonly<Record<FlowKind, string>> = {
  // from a chain or another client; what was paid for with money of a bank
  deposit: '1 117 197',
  // with its fee, and what comes back
  withdrawal: '2 13 116 118 195 196 221 222',
  transfer: [
    // sub-accounts
    '20 21 22 23 361',
    // gifts and what is held back
    '72 73 74 134 313 314 315 372 373',
    // earn, staking and structured products
    '75 76 77 78 80 82 124 137 138 160 161 163 174 202 203 205 207 208 210 225 226 228 240 241 243',
    '249 250 252 303 304 305 306 329 330 331 332 339 340 341 342 348 349',
    // loans and their collateral
    '175 176 177 178 179 180 212 215 217 218 345 351',
    // custody and brokers
    '187 270 284 285 286 287 288 289',
  ].join(' '),
  reward: [
    '28 48 49 146 150 151 152 172 173 181 185 189 223 229 232 233 265 266 271 299 333 354',
    // yields
    '83 89 139 162 204 209 227 242 251 307 308 309 328 343 344 350',
  ].join(' '),
}

export const fundingFlows: ReadonlyMap<string, FlowKind> = new Map(
  (Object.keys(typesOf) as FlowKind[]).flatMap((flow) =>
    typesOf[flow].split(' ').map((type) => [type, flow] as const),
  ),
)
