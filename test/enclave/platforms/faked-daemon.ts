import { createLog } from '../../../src/http/log.ts'
import { loadConfiguration } from '../../../src/daemon/configuration/config.ts'
import { startDaemon } from '../../../src/daemon/daemon.ts'
import { errorFields } from '../../../src/http/log.ts'
import { fakeDstackMachine } from './fake-machine.ts'

/**
 * The daemon as `serve` runs it, on a machine whose dstack agent is faked. It ends when its input does. Arguments: the
 * state folder and the folder of endorsements.
 */
const [state = '', endorsements = ''] = process.argv.slice(2)
const log = createLog({
  level: 'warn',
  readable: false,
  write: (line) => process.stderr.write(line),
  nowMs: Date.now,
})
const { machine } = await fakeDstackMachine(endorsements)
try {
  const configuration = loadConfiguration({
    flags: { tee: 'dstack-tdx', state, endorsements, port: '0', operations_port: '0', ws_port: '0' },
    environment: {},
    home: state,
    cwd: state,
  })
  const daemon = await startDaemon(configuration, { log, machine })
  process.stdout.write(`${JSON.stringify(daemon.urls)}\n`)
  for await (const _ of process.stdin) continue
  await daemon.stop()
  process.exit(0)
} catch (error) {
  const hint = error instanceof Error && 'hint' in error ? error.hint : ''
  process.stdout.write(`${JSON.stringify({ ...errorFields(error), message: String(error), hint })}\n`)
  process.exit(1)
}
