import { InputError } from '@perf-agg/sdk'

/**
 * One value as one source gave it. `where` names the culprit in the source's own words (`--port`,
 * `ENCLAVE_PORT`, `port in perf-agg.json`); `text` says that the source knows only strings.
 */
export interface Given {
  readonly value: unknown
  readonly where: string
  readonly text: boolean
  /** Relative paths start here. */
  readonly folder: string
}

export type Reader<T> = (given: Given) => T

/** Flags by their name in snake_case; absent ones are undefined. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

export interface Setting<T> {
  readonly read: Reader<T>
  readonly fallback: T
  /** The environment variable that gives it, where there is one. */
  readonly environment?: string
}

export function setting<T>(read: Reader<T>, fallback: NoInfer<T>, environment?: string): Setting<T> {
  return environment === undefined ? { read, fallback } : { read, fallback, environment }
}

export type Values<S> = { readonly [Name in keyof S]: S[Name] extends Setting<infer T> ? T : never }

/** For each setting the value of the strongest source that gives one: flag, environment, file, fallback. */
export function collect<S extends Readonly<Record<string, Setting<unknown>>>>(
  settings: S,
  sources: {
    readonly flags: Flags
    readonly environment: Readonly<Record<string, string | undefined>>
    readonly cwd: string
    readonly file: {
      readonly name: string
      readonly folder: string
      readonly members: ReadonlyMap<string, unknown>
    } | null
  },
): Values<S> {
  const values: Record<string, unknown> = {}
  for (const [name, { read, fallback, environment }] of Object.entries(settings)) {
    const flag = sources.flags[name]
    const variable = environment === undefined ? undefined : sources.environment[environment]
    const inFile = sources.file?.members.get(name)
    // Every source is checked, the overruled ones too: a typo should show before the day it matters.
    const given: Given[] = []
    if (sources.file !== null && inFile !== undefined) {
      given.push({
        value: inFile,
        where: `${name} in ${sources.file.name}`,
        text: false,
        folder: sources.file.folder,
      })
    }
    // Compose files pass on unset variables as empty ones.
    if (environment !== undefined && variable !== undefined && variable !== '') {
      given.push({ value: variable, where: environment, text: true, folder: sources.cwd })
    }
    if (flag !== undefined)
      given.push({ value: flag, where: flagName(name), text: true, folder: sources.cwd })
    let value: unknown = fallback
    for (const one of given) value = read(one)
    values[name] = value
  }
  return values as Values<S>
}

export function flagName(name: string): string {
  return `--${name.replaceAll('_', '-')}`
}

export function refuse(code: string, given: Given, must: string, hint?: string): InputError {
  return new InputError(code, `${given.where} ${must}`, hint === undefined ? {} : { hint })
}
