export * from './bytes.ts'
export * from './decimal.ts'
export * from './errors.ts'
export * from './time.ts'
