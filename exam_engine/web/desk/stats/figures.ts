/** How figures of items are written, sorted and judged; the pages only draw what is computed here. */

import type { AlarmView, ItemFigures, RulingShape, ScoreCount } from './shapes'

export type Column = 'code' | 'count' | 'p' | 'rest_correlation' | 'omitted' | 'median' | 'alarms'

/** "—" for what can't be said. */
export function share(value: number | null | undefined): string {
  return value === null || value === undefined ? '—' : `${Math.round(value * 1000) / 10}%`
}

export function decimal(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined ? '—' : value.toFixed(digits)
}

const GRAVE: readonly string[] = ['wrong_key', 'leak_over_time', 'leak_in_group', 'odd_speed']

/** Alarms that may mean that somebody was marked wrongly come before those that only say something of the item. */
export const gravity = (item: Pick<ItemFigures, 'alarms'>): number =>
  item.alarms.reduce((sum, alarm) => sum + (GRAVE.includes(alarm.code) ? 100 : 1), 0)

function valueOf(item: ItemFigures, column: Column): number | string {
  if (column === 'code') return item.code
  if (column === 'alarms') return -gravity(item)
  if (column === 'median') return item.seconds?.median ?? Number.POSITIVE_INFINITY
  return item[column] ?? Number.POSITIVE_INFINITY
}

/** Sorted; what can't be said stands last either way. */
export function sorted(items: readonly ItemFigures[], column: Column, down: boolean): ItemFigures[] {
  const sign = down ? -1 : 1
  return [...items].sort((one, other) => {
    const [a, b] = [valueOf(one, column), valueOf(other, column)]
    if (a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY) return Number(a === Number.POSITIVE_INFINITY) - Number(b === Number.POSITIVE_INFINITY)
    return (a < b ? -1 : a > b ? 1 : one.item_id - other.item_id) * sign
  })
}

/** What `text` is found in: the code and the topic. */
export function narrowed(items: readonly ItemFigures[], text: string, alarmsOnly: boolean): ItemFigures[] {
  const wanted = text.trim().toLowerCase()
  return items.filter((item) => (!alarmsOnly || item.alarms.length > 0) && `${item.code} ${item.topic}`.toLowerCase().includes(wanted))
}

/** Numbers in the evidence of an alarm, as people read them. Instants come in seconds since 1970. */
export function facts(alarm: AlarmView): Record<string, string> {
  return Object.fromEntries(
    Object.entries(alarm.facts).map(([name, value]) => {
      if (name === 'from' && typeof value === 'number') return [name, new Date(value * 1000).toISOString()]
      if (['p', 'p_before', 'p_after', 'expected', 'by_guessing'].includes(name) && typeof value === 'number') return [name, share(value)]
      if (name === 'chance' && typeof value === 'number') return [name, value < 1e-6 ? '< 0.000001' : value.toPrecision(2)]
      if (typeof value === 'number' && !Number.isInteger(value)) return [name, value.toFixed(2)]
      return [name, name === 'option' ? String(value).toUpperCase() : String(value)]
    }),
  )
}

/** Rulings without those of an item, then with this one. */
export function withRuling(rulings: readonly RulingShape[], ruling: RulingShape): RulingShape[] {
  return [...withoutRuling(rulings, ruling), ruling]
}

export function withoutRuling(rulings: readonly RulingShape[], of: Pick<RulingShape, 'item_id' | 'version'>): RulingShape[] {
  return rulings.filter((one) => one.item_id !== of.item_id || one.version !== of.version)
}

/** "ac, b" -> ["ac", "b"]; letters in order, each once. Null when something in it is no option. */
export function keysIn(text: string): string[] | null {
  const parts = text.toLowerCase().split(/[\s,，、;；/]+/).filter(Boolean)
  if (parts.some((part) => !/^[a-z]+$/.test(part))) return null
  return [...new Set(parts.map((part) => [...new Set(part)].sort().join('')))]
}

/** Whether keys were typed, all of them of letters the item has; of an item whose options are not known any letter does. */
export function fitting(keys: readonly string[] | null, options: readonly string[]): boolean {
  const known = new Set(options.join('').toLowerCase())
  return keys !== null && keys.length > 0 && (known.size === 0 || keys.every((key) => [...key].every((letter) => known.has(letter))))
}

/** The least of an axis of discriminations: a whole number of its steps below them, so that no two labels collide. */
export const axisLeast = (least: number, step = 0.3): number => Number((Math.min(-1, Math.floor(least / step + 1e-9)) * step).toFixed(1))

/** Two histograms with the same bins, side by side; only bins somebody is in. */
export function sideBySide(before: readonly ScoreCount[], after: readonly ScoreCount[]): { percent: number; before: number; after: number }[] {
  const all = new Map<number, { percent: number; before: number; after: number }>()
  for (const [name, bins] of [['before', before], ['after', after]] as const) {
    for (const bin of bins) {
      const row = all.get(bin.percent) ?? { percent: bin.percent, before: 0, after: 0 }
      row[name] += bin.count
      all.set(bin.percent, row)
    }
  }
  return [...all.values()].sort((a, b) => a.percent - b.percent)
}

/** All bins of 2 percent, the empty ones too: a chart measures the width of its bars by the nearest two. */
export function everyBin(rows: ReturnType<typeof sideBySide>): ReturnType<typeof sideBySide> {
  const known = new Map(rows.map((row) => [row.percent, row]))
  return Array.from({ length: 50 }, (_, at) => known.get(2 * at) ?? { percent: 2 * at, before: 0, after: 0 })
}
