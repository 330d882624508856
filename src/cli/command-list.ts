import type { Command } from 'commander'

/** What a command's file gives: it describes itself on a commander `Command` and does its work in its action. */
export interface CommandModule {
  define(command: Command): void | Promise<void>
  /** Does a plain call at once. @returns false when it is for the argument parser after all */
  runPlain?(argv: readonly string[]): Promise<boolean>
}

export interface Entry {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<CommandModule>
}

/**
 * Every command with the file that holds it. Files are loaded when their command is called, so that what one
 * command needs (a web framework, a database) never slows another down.
 */
export const commandGroups: readonly { readonly title: string; readonly commands: readonly Entry[] }[] = [
  {
    title: 'For the owner of an exchange account',
    commands: [
      {
        name: 'register',
        summary: 'appraise an enclave, seal credentials to it, start a record',
        load: () => import('./commands/register.ts'),
      },
      {
        name: 'metrics',
        summary: 'the figures of an account, signature checked',
        load: () => import('./commands/metrics.ts'),
      },
      {
        name: 'summary',
        summary: 'what may be shown to others',
        load: () => import('./commands/summary.ts'),
      },
      {
        name: 'watch',
        summary: 'an account, live in the terminal',
        load: () => import('./commands/watch.ts'),
      },
      {
        name: 'sessions',
        summary: 'what is registered from here',
        load: () => import('./commands/sessions.ts'),
      },
      {
        name: 'export',
        summary: 'the whole track record in one file',
        load: () => import('./commands/export.ts'),
      },
      {
        name: 'publish',
        summary: 'show the record to everybody, in percentages',
        load: () => import('./commands/publish.ts'),
      },
      {
        name: 'unpublish',
        summary: 'show nothing more of it; what was shown stays',
        load: () => import('./commands/unpublish.ts'),
      },
      {
        name: 'tearsheet',
        summary: 'a record as one page that verifies itself',
        load: () => import('./commands/tearsheet.ts'),
      },
      {
        name: 'end',
        summary: 'end a session; its credentials are wiped',
        load: () => import('./commands/end.ts'),
      },
      {
        name: 'analyze',
        summary: 'the metrics engine over a file of your own',
        load: () => import('./commands/analyze.ts'),
      },
    ],
  },
  {
    title: 'For whoever checks',
    commands: [
      {
        name: 'quote',
        summary: "an enclave's evidence, appraised step by step",
        load: () => import('./commands/quote.ts'),
      },
      {
        name: 'appraise',
        summary: 'raw evidence of a TEE, judged offline',
        load: () => import('./commands/appraise.ts'),
      },
      {
        name: 'verify',
        summary: 'check a record or a statement offline',
        load: () => import('./commands/verify.ts'),
      },
    ],
  },
  {
    title: 'For the operator',
    commands: [
      { name: 'serve', summary: 'run the enclave', load: () => import('./commands/serve.ts') },
      {
        name: 'status',
        summary: 'health, queues, gaps, parked deliveries',
        load: () => import('./commands/status.ts'),
      },
      {
        name: 'keys',
        summary: 'Ed25519 keys for AGGREGATOR_PRIVATE_KEY',
        load: () => import('./commands/keys.ts'),
      },
      {
        name: 'doctor',
        summary: 'what on this machine would stop serve or register',
        load: () => import('./commands/doctor.ts'),
      },
    ],
  },
  {
    title: 'To try it',
    commands: [
      { name: 'demo', summary: 'the whole story in under a minute', load: () => import('./demo/demo.ts') },
      { name: 'simulate', summary: 'an exchange on loopback', load: () => import('./commands/simulate.ts') },
      { name: 'help', summary: 'the manual, in the terminal', load: () => import('./terminal/help.ts') },
      {
        name: 'completion',
        summary: 'completion for bash, zsh or fish',
        load: () => import('./commands/completion.ts'),
      },
    ],
  },
]

export const commandEntries: readonly Entry[] = commandGroups.flatMap(({ commands }) => commands)
