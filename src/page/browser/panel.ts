import { element, type Child } from './element.ts'

/** A part of the page: heading, what it shows in a sentence, the picture, and the numbers behind it as a table. */
export interface PanelParts {
  readonly id: string
  readonly title: string
  /** Says in words what the picture shows. */
  readonly summary: string
  readonly picture: Child
  readonly notes?: readonly string[]
  readonly table?: TableParts
}

export interface TableParts {
  readonly caption: string
  readonly head: readonly string[]
  /** The first cell of a row names it. */
  readonly rows: () => readonly (readonly string[])[]
}

export function panel({ id, title, summary, picture, notes = [], table }: PanelParts): HTMLElement {
  return element(
    'section',
    { class: 'panel', id, 'aria-labelledby': `${id}-title` },
    element('h2', { id: `${id}-title` }, title),
    element('p', { class: 'summary' }, summary),
    picture,
    ...notes.map((note) => element('p', { class: 'note' }, note)),
    table === undefined ? null : tableBehind(table),
  )
}

const rowsMax = 2_000

/** Filled when it is opened: thousands of rows nobody looks at cost nothing. */
function tableBehind({ caption, head, rows }: TableParts): HTMLElement {
  const details = element('details', { class: 'behind' }, element('summary', {}, `Numbers: ${caption}`))
  details.addEventListener('toggle', () => {
    if (!details.open || details.querySelector('table') !== null) return
    const all = rows()
    details.append(
      element(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
        dataTable({ caption, head, rows: () => all.slice(-rowsMax) }),
      ),
    )
    if (all.length > rowsMax) {
      const text = `The last ${rowsMax} of ${all.length} rows; the record file holds all.`
      details.append(element('p', { class: 'note' }, text))
    }
  })
  return details
}

export function dataTable({ caption, head, rows }: TableParts): HTMLTableElement {
  return element(
    'table',
    {},
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, ...head.map((title) => element('th', { scope: 'col' }, title)))),
    element(
      'tbody',
      {},
      ...rows().map(([name = '', ...cells]) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, name),
          ...cells.map((cell) => element('td', {}, cell)),
        ),
      ),
    ),
  )
}

/** A picture only where there is something to draw. */
export function when(there: boolean, make: () => Child): Child {
  return there ? make() : null
}
