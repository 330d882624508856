/** A sign of life on stderr while something takes its time; silent where no person looks. */
export async function withSpinner<T>(text: string, work: () => Promise<T>): Promise<T> {
  // A terminal that does not know its width (a bare pty) makes ora count lines for ever.
  if (!process.stderr.isTTY || !(process.stderr.columns > 0)) return work()
  const { default: ora } = await import('ora')
  // discardStdin would take the terminal away from a later prompt.
  const spinner = ora({ text, stream: process.stderr, discardStdin: false }).start()
  try {
    return await work()
  } finally {
    spinner.stop()
  }
}
