/**
 * `@perf-agg/sdk/verify`: all that judges and nothing that seals. No WebAssembly is in here, so that a page that
 * verifies needs no 'wasm-unsafe-eval' and loads a tenth of the bytes.
 */
export * from './appraise.ts'
export * from './bucket.ts'
export * from './bytes.ts'
export * from './canonical.ts'
export * from './decimal.ts'
export * from './errors.ts'
export * from './evidence/simulated.ts'
export * from './json.ts'
export * from './key.ts'
export * from './metadata.ts'
export * from './policy.ts'
export * from './quote.ts'
export * from './shape.ts'
export * from './signature.ts'
export * from './statement.ts'
export * from './step.ts'
export * from './time.ts'
export * from './verification.ts'
export * from './view.ts'
