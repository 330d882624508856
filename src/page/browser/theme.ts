/** Light or dark: as the system has it until the reader says otherwise, light on paper. */
export type Theme = 'light' | 'dark'

const listeners = new Set<() => void>()
const dark = matchMedia('(prefers-color-scheme: dark)')
let printing = false

export function theme(): Theme {
  if (printing) return 'light'
  const chosen = document.documentElement.dataset['theme']
  if (chosen === 'light' || chosen === 'dark') return chosen
  return dark.matches ? 'dark' : 'light'
}

export function onTheme(listener: () => void): void {
  listeners.add(listener)
}

function changed(): void {
  for (const listener of listeners) listener()
}

export function watchTheme(): void {
  dark.addEventListener('change', changed)
  addEventListener('beforeprint', () => {
    printing = true
    document.documentElement.classList.add('printing')
    changed()
  })
  addEventListener('afterprint', () => {
    printing = false
    document.documentElement.classList.remove('printing')
    changed()
  })
}

export function themeButton(): HTMLButtonElement {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'quiet'
  const label = (): void => {
    button.textContent = theme() === 'dark' ? 'Light theme' : 'Dark theme'
  }
  button.addEventListener('click', () => {
    document.documentElement.dataset['theme'] = theme() === 'dark' ? 'light' : 'dark'
    changed()
  })
  onTheme(label)
  label()
  return button
}

export function isPrinting(): boolean {
  return printing
}

/** A colour of the style sheet, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}
