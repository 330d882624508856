import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Configuration } from '../../daemon/configuration/config.ts'
import { createLog, errorFields } from '../../http/log.ts'
import { startDaemon } from '../../daemon/daemon.ts'

/** A stop that takes longer than this is cut off; what was acknowledged is durable already. */
const stopTimeoutMs = 9_500

/**
 * Runs the daemon until it is told to stop: one line on stdout when ready, logs on stderr, exit code 0 after a
 * stop that finished what it had begun.
 */
export async function runDaemon(configuration: Configuration): Promise<void> {
  const log = createLog({
    level: configuration.logLevel,
    readable: process.stderr.isTTY,
    colour: process.stderr.isTTY && process.stderr.hasColors(),
    write: (line) => process.stderr.write(line),
    nowMs: Date.now,
  })
  outliveReaders()
  process.once('uncaughtException', (error) => {
    // a defect: its text may quote what it worked on, and what was acknowledged is durable
    log.error('defect', errorFields(error))
    process.exit(1)
  })
  if (configuration.insecureSimulated) process.stderr.write(banner)
  const { promise: stopped, resolve: tellStop } = Promise.withResolvers<string>()
  // Before the start: a signal during a slow start must stop it too.
  process.on('SIGTERM', tellStop)
  process.on('SIGINT', tellStop)
  if (configuration.dataKeyFile !== null && configuration.dataKeyCreate) {
    mkdirSync(dirname(configuration.dataKeyFile), { recursive: true, mode: 0o700 })
  }
  const daemon = await startDaemon(configuration, { log })
  process.stdout.write(`${JSON.stringify({ event: 'ready', ...daemon.urls })}\n`)
  const signal = await Promise.race([stopped, daemon.asked.then(() => 'handover')])
  log.info('stopping', { signal })
  // A second Ctrl-C means: now.
  process.once('SIGINT', () => process.exit(1))
  const cut = setTimeout(() => {
    log.error('stop-cut-off', { after_ms: stopTimeoutMs })
    process.exit(1)
  }, stopTimeoutMs)
  await daemon.stop()
  clearTimeout(cut)
  log.info('stopped')
  // All that matters is on disk; an idle connection of somebody must not hold the process up.
  process.exit(0)
}

/** Whoever read the log or the ready line may go away: the enclave goes on without them. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error')
    stream.on('error', () => undefined)
  }
}

const banner = `
  ********************************************************************
  *  --insecure-simulated: there is no hardware behind this enclave.  *
  *  Whoever runs it can read the credentials and forge the record.   *
  *  For trying things out only.                                      *
  ********************************************************************

`
