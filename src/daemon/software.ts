import { readFileSync } from 'node:fs'

/** Which version of perf-agg this is, as its package says. */
export const softwareVersion: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version
