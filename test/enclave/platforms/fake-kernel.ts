import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { systemTsmFiles, type TsmFiles } from '../../../src/enclave/attesters/tsm-files.ts'
import { tsmRoot } from '../../../src/enclave/attesters/tsm-report.ts'

/**
 * A folder that behaves as configfs does under /sys/kernel/config/tsm/report: a new folder has its attributes at
 * once, writes count up `generation`, reading `outblob` makes the report of what was written.
 */
export interface FakeKernelOptions {
  /** Where it stands in place of the real one. */
  readonly folder: string
  readonly provider: string
  /** Makes a report; throws what a system call would. */
  readonly report: (inblob: Uint8Array) => Promise<{ outblob: Uint8Array; auxblob?: Uint8Array }>
  readonly privlevelFloor?: string
  /** Runs when `outblob` has been read: somebody else may write now. */
  readonly meddle?: (folder: string, files: TsmFiles) => Promise<void>
}

export interface FakeKernel {
  readonly files: TsmFiles
  readonly seen: { open: number; openMost: number; made: number; privlevel: string | null }
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code })
}

export function fakeKernel(options: FakeKernelOptions): FakeKernel {
  const { folder, provider, report } = options
  const seen: FakeKernel['seen'] = { open: 0, openMost: 0, made: 0, privlevel: null }
  const real = (path: string): string => path.replace(tsmRoot, folder)
  const files: TsmFiles = {
    async makeFolder(path) {
      const at = real(path)
      await mkdir(at)
      await writeFile(`${at}/generation`, '0\n')
      await writeFile(`${at}/provider`, `${provider}\n`)
      for (const name of ['inblob', 'outblob', 'privlevel']) await writeFile(`${at}/${name}`, '')
      if (options.privlevelFloor !== undefined)
        await writeFile(`${at}/privlevel_floor`, `${options.privlevelFloor}\n`)
      seen.made += 1
      seen.open += 1
      seen.openMost = Math.max(seen.openMost, seen.open)
    },
    async removeFolder(path) {
      await rm(real(path), { recursive: true })
      seen.open -= 1
    },
    async write(path, bytes) {
      const at = real(path)
      await systemTsmFiles.write(at, bytes)
      if (basename(path) === 'privlevel') seen.privlevel = Buffer.from(bytes).toString()
      const generation = Number(await readFile(`${dirname(at)}/generation`, 'utf8'))
      await writeFile(`${dirname(at)}/generation`, `${generation + 1}\n`)
    },
    async read(path, bytesMax) {
      const at = real(path)
      if (basename(path) === 'outblob') {
        const inblob = new Uint8Array(await readFile(`${dirname(at)}/inblob`))
        const { outblob, auxblob } = await report(inblob)
        await writeFile(at, outblob)
        if (auxblob !== undefined) await writeFile(`${dirname(at)}/auxblob`, auxblob)
        await options.meddle?.(dirname(path), files)
      }
      return systemTsmFiles.read(at, bytesMax)
    },
  }
  return { files, seen }
}
