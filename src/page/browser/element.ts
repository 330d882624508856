/** Elements with their attributes and children. Text is only ever text: nothing is parsed as markup. */
export type Child = Node | string | null

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  return fill(document.createElement(name), attributes, children)
}

const svgNamespace = 'http://www.w3.org/2000/svg'

export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Name] {
  return fill(document.createElementNS(svgNamespace, name), attributes, children)
}

function fill<Made extends Element>(made: Made, attributes: Attributes, children: readonly Child[]): Made {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value))
  }
  for (const child of children) if (child !== null) made.append(child)
  return made
}

/** The hatching of what was not observed, in SVG pictures. */
export function hatching(id: string): SVGElement {
  return svg(
    'defs',
    {},
    svg(
      'pattern',
      { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      svg('rect', { width: 6, height: 6, class: 'hatch-ground' }),
      svg('rect', { width: 2, height: 6, class: 'hatch-line' }),
    ),
  )
}
