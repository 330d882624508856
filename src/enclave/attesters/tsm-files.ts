import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rmdir } from 'node:fs/promises'

/**
 * The system calls that Linux's configfs-tsm interface takes, apart so that a faked kernel can stand behind them.
 * Each throws what the system call throws.
 */
export interface TsmFiles {
  /** The kernel fills the new folder with its attributes. */
  makeFolder(path: string): Promise<void>
  removeFolder(path: string): Promise<void>
  /** In one write to a file that is there; the kernel takes binary attributes when the file is closed. */
  write(path: string, bytes: Uint8Array): Promise<void>
  /** @throws Error with code EFBIG */
  read(path: string, bytesMax: number): Promise<Uint8Array>
}

export const systemTsmFiles: TsmFiles = {
  async makeFolder(path) {
    await mkdir(path, { mode: 0o700 })
  },
  async removeFolder(path) {
    await rmdir(path)
  },
  async write(path, bytes) {
    const file = await open(path, constants.O_WRONLY)
    try {
      await file.write(bytes)
    } finally {
      await file.close()
    }
  },
  async read(path, bytesMax) {
    const file = await open(path, constants.O_RDONLY)
    try {
      return await readToEnd(file, bytesMax)
    } finally {
      await file.close()
    }
  },
}

/** The size that a kernel's file shows says nothing: read until there is no more. */
async function readToEnd(file: FileHandle, bytesMax: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for (;;) {
    const piece = new Uint8Array(16_384)
    const { bytesRead } = await file.read(piece, 0, piece.length, null)
    if (bytesRead === 0) return new Uint8Array(Buffer.concat(pieces))
    length += bytesRead
    if (length > bytesMax) throw Object.assign(new Error('too much'), { code: 'EFBIG' })
    pieces.push(piece.subarray(0, bytesRead))
  }
}
