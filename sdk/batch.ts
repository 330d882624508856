/** Hashes and signatures are made on other threads: so many under way keep them busy, and bound what is held. */
const together = 64

/** What `work` makes of each item, in their order. */
export async function inBatches<Item, Made>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Made>,
): Promise<Made[]> {
  const made: Made[] = []
  for (let from = 0; from < items.length; from += together) {
    const some = items.slice(from, from + together)
    made.push(...(await Promise.all(some.map((item, index) => work(item, from + index)))))
  }
  return made
}
