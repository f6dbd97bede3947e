/**
 * Instants as an administrator writes them: China's time, wherever the desk stands. China has kept one offset since
 * 1991, so a fixed one is exact for every instant this system knows.
 */

const OFFSET_MS = 8 * 3_600_000
const FIELD = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/

/** 2026-11-22T01:00:00Z -> 2026-11-22T09:00, what a field of date and time holds; '' for none. */
export function toField(instant: string | null | undefined): string {
  if (instant === null || instant === undefined || instant === '') return ''
  return new Date(Date.parse(instant) + OFFSET_MS).toISOString().slice(0, 16)
}

/** The other way; null for what is no instant. */
export function fromField(field: string): string | null {
  if (!FIELD.test(field)) return null
  const ms = Date.parse(`${field}:00Z`) - OFFSET_MS
  return Number.isNaN(ms) ? null : new Date(ms).toISOString().replace('.000Z', 'Z')
}

/** Milliseconds of the beginning of the day in China that `ms` lies in. */
export function dayStart(ms: number): number {
  const day = 86_400_000
  return Math.floor((ms + OFFSET_MS) / day) * day - OFFSET_MS
}

/** Milliseconds of the beginning of the month in China, `months` after the one `ms` lies in. */
export function monthStart(ms: number, months = 0): number {
  const there = new Date(ms + OFFSET_MS)
  return Date.UTC(there.getUTCFullYear(), there.getUTCMonth() + months, 1) - OFFSET_MS
}
