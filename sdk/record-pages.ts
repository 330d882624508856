import { parseCheckpoint } from './checkpoint.ts'
import { PerfAggError, VerificationError } from './errors.ts'
import { parseNote } from './note.ts'
import { metadataOf } from './record-link.ts'
import type { RecordEdition, RecordPage } from './record.ts'

/** As many statements as a record can hold. */
const pagesMax = 1_000

/**
 * Asks for the pages of a record one after the other, until there is no more: `ask` is given the query of each.
 * @throws {VerificationError} `ANSWER_INVALID` where they have no end
 */
export async function collectRecordPages<Page extends RecordPage | RecordPage<RecordEdition>>(
  ask: (query: string) => Promise<Page>,
): Promise<readonly Page[]> {
  const pages: Page[] = []
  let query = ''
  for (;;) {
    const page = await ask(query)
    pages.push(page)
    if (!page.more) return pages
    const last = page.statements.at(-1)
    if (last === undefined || pages.length === pagesMax) {
      throw new VerificationError('ANSWER_INVALID', 'the record has no end')
    }
    query = `?after=${metadataOf(last).sequence}&size=${sizeOf(pages[0]?.checkpoint ?? null)}`
  }
}

function sizeOf(checkpoint: string | null): number {
  try {
    return parseCheckpoint(parseNote(checkpoint ?? '').text).size
  } catch (error) {
    if (!(error instanceof PerfAggError)) throw error
    throw new VerificationError('ANSWER_INVALID', 'the first page of the record has no checkpoint')
  }
}
