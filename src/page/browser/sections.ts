import type { Track } from '../track.ts'
import {
  calendarSection,
  costsSection,
  coverageSection,
  dayHoursSection,
  distributionSection,
  monthsSection,
} from './count-sections.ts'
import { backfilledSection, drawdownSection, equitySection, rollingSection } from './time-sections.ts'

/** The pictures of a record in their order, each with its sentence and its numbers. */
export function trackSections(track: Track): readonly HTMLElement[] {
  return [
    equitySection(track),
    drawdownSection(track),
    monthsSection(track),
    calendarSection(track),
    rollingSection(track),
    distributionSection(track),
    dayHoursSection(track),
    costsSection(track),
    coverageSection(track),
    ...backfilledSection(track),
  ]
}
