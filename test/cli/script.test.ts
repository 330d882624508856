import { readdirSync } from 'node:fs'
import t from 'tap'
import { differenceOf, readScript, readScriptFile, runStep, sandbox } from './script.ts'

/** Scripts that need nothing but the command itself. Those under `daemon/` have a test of their own. */

for (const name of readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.script'))) {
  t.test(name, async (t) => {
    const folder = t.testdir()
    const env = sandbox(folder)
    const steps = readScriptFile(name)
    t.ok(steps.length > 0, 'has steps')
    for (const step of steps) {
      const difference = differenceOf(step, await runStep(step, folder, env))
      t.equal(difference, null, `${name}:${step.line} ${step.command}`)
    }
  })
}

t.test('a difference is seen', async (t) => {
  const [step] = readScript('$ echo a\nb\n')
  t.match(differenceOf(step!, { stdout: 'a\n', stderr: '', exitCode: 0 }), /stdout is not as written/)
  const [lines] = readScript('$ x\none\n...\n<<[a-f]+>> end\n! warning\n? 3\n')
  t.equal(differenceOf(lines!, { stdout: 'one\n2\n3\nabc end\n', stderr: 'warning\n', exitCode: 3 }), null)
  t.match(differenceOf(lines!, { stdout: 'one\n2\nxyz end\n', stderr: 'warning\n', exitCode: 3 }), /stdout/)
  t.match(differenceOf(lines!, { stdout: 'one\nabc end\n', stderr: '', exitCode: 3 }), /stderr/)
  t.match(differenceOf(lines!, { stdout: 'one\nabc end\n', stderr: 'warning\n', exitCode: 0 }), /exit code/)
})
