/** Sums of the deletion report, and lengths and sizes for people. */

import type { DeletionRow } from '../wire'

export interface Sums {
  attempts: number
  pictures: number
  bytes: number
}

export function sums(rows: readonly DeletionRow[]): Sums {
  const sum = { attempts: 0, pictures: 0, bytes: 0 }
  for (const row of rows) {
    sum.attempts += row.attempts
    sum.pictures += row.pictures
    sum.bytes += row.bytes
  }
  return sum
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** 0 B, 980 B, 1.5 KB, 12 MB: three digits at most, in steps of 1024. */
export function size(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits).replace(/\.0$/, '')} ${UNITS[unit] ?? ''}`
}
