#!/usr/bin/env node
// Written for Nodes long gone: this file alone must run on them, to say what is needed.
var major = Number(process.versions.node.split('.')[0])
var argv = process.argv.slice(2)

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  // Answered here, before anything of weight is loaded.
  import('node:fs').then(function (fs) {
    var text = fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8')
    process.stdout.write(JSON.parse(text).version + '\n')
  })
} else if (major < 24) {
  process.stderr.write(
    'perf-agg: needs Node 24 or later, this is ' + process.versions.node + ' (NODE_TOO_OLD)\n',
  )
  process.exitCode = 2
} else {
  if (
    argv[0] === 'serve' &&
    process.platform !== 'win32' &&
    process.execArgv.indexOf('--disable-sigusr1') < 0
  ) {
    // A SIGUSR1 must not open a debugger in a process that holds keys, and only a flag of node can see to that:
    // this process becomes one with the flag, under the same id.
    var flags = ['--disable-sigusr1'].concat(process.execArgv)
    process.execve(process.execPath, [process.execPath].concat(flags, process.argv.slice(1)), process.env)
  }
  import('../dist/cli/main.js').then(
    function (cli) {
      return cli.main(argv)
    },
    function (error) {
      if (
        !error ||
        error.code !== 'ERR_MODULE_NOT_FOUND' ||
        String(error.message).indexOf('dist/cli/main.js') < 0
      )
        throw error
      process.stderr.write('perf-agg: not built yet (NOT_BUILT)\n  hint: npm run build\n')
      process.exitCode = 1
    },
  )
}
