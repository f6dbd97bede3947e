/** Colours of the lines and bars, on paper and on the projector's dark ground. */

import type { Line } from './figures'

export type Ground = 'light' | 'dark'

export const COLOURS: Record<Ground, Record<Line, string> & { ink: string; grid: string }> = {
  light: {
    entered: '#7b8a99',
    running: '#2f8f5b',
    offline: '#b87400',
    flagged: '#b3261e',
    handed_in: '#31557a',
    ink: '#566765',
    grid: '#dbe4e3',
  },
  dark: {
    entered: '#a9b8c6',
    running: '#4fd28a',
    offline: '#ffc04d',
    flagged: '#ff7d73',
    handed_in: '#7fb2ff',
    ink: '#c9d6d8',
    grid: '#2b3b42',
  },
}
