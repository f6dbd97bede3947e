/** What differs between two texts, by Chinese characters, words and numbers; and between two contents, by field. */

import { letterOf } from './content'
import type { ItemContent } from './shapes'

export interface Segment {
  kind: 'same' | 'gone' | 'new'
  text: string
}

/** A number stays whole, with its decimals; so does a word of Latin letters. Chinese goes by character. */
const TOKEN = /\d+(?:[.．]\d+)?|[A-Za-z]+|[^]/gu
const CELLS_MAX = 2_000_000 // beyond that the middle is shown as replaced

export const tokens = (text: string): string[] => text.match(TOKEN) ?? []

/** `before` -> `after` as pieces in reading order; what is gone stands before what came instead. */
export function difference(before: string, after: string): Segment[] {
  const [one, two] = [tokens(before), tokens(after)]
  let head = 0
  while (head < one.length && head < two.length && one[head] === two[head]) head += 1
  let tail = 0
  while (tail < Math.min(one.length, two.length) - head && one[one.length - 1 - tail] === two[two.length - 1 - tail]) tail += 1
  const middle = changed(one.slice(head, one.length - tail), two.slice(head, two.length - tail))
  const whole: Segment[] = [
    { kind: 'same', text: one.slice(0, head).join('') },
    ...middle,
    { kind: 'same', text: one.slice(one.length - tail).join('') },
  ]
  return joined(whole)
}

function changed(one: readonly string[], two: readonly string[]): Segment[] {
  if (one.length === 0 || two.length === 0 || one.length * two.length > CELLS_MAX) {
    return [
      { kind: 'gone', text: one.join('') },
      { kind: 'new', text: two.join('') },
    ]
  }
  return walked(one, two, lengths(one, two))
}

/** The longest common subsequence of every pair of tails, row by row. */
function lengths(one: readonly string[], two: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: one.length + 1 }, () => new Uint16Array(two.length + 1))
  for (let i = one.length - 1; i >= 0; i -= 1) {
    const [row, below] = [table[i]!, table[i + 1]!]
    for (let j = two.length - 1; j >= 0; j -= 1) {
      row[j] = one[i] === two[j] ? below[j + 1]! + 1 : Math.max(below[j]!, row[j + 1]!)
    }
  }
  return table
}

function walked(one: readonly string[], two: readonly string[], table: readonly Uint16Array[]): Segment[] {
  const found: Segment[] = []
  let [i, j] = [0, 0]
  while (i < one.length || j < two.length) {
    if (i < one.length && j < two.length && one[i] === two[j]) {
      found.push({ kind: 'same', text: one[i]! })
      i += 1
      j += 1
    } else if (j >= two.length || (i < one.length && table[i + 1]![j]! >= table[i]![j + 1]!)) {
      found.push({ kind: 'gone', text: one[i]! })
      i += 1
    } else {
      found.push({ kind: 'new', text: two[j]! })
      j += 1
    }
  }
  return found
}

/** Neighbours of one kind as one; between two equal parts first all that is gone, then all that is new. */
function joined(segments: readonly Segment[]): Segment[] {
  const found: Segment[] = []
  let [gone, fresh] = ['', '']
  const flush = (): void => {
    if (gone !== '') found.push({ kind: 'gone', text: gone })
    if (fresh !== '') found.push({ kind: 'new', text: fresh })
    gone = ''
    fresh = ''
  }
  for (const { kind, text } of segments.filter((each) => each.text !== '')) {
    if (kind === 'gone') gone += text
    else if (kind === 'new') fresh += text
    else {
      flush()
      const last = found[found.length - 1]
      if (last?.kind === 'same') last.text += text
      else found.push({ kind: 'same', text })
    }
  }
  flush()
  return found
}

/** One side of a difference: `before` without what is new, `after` without what is gone. */
export function sideOf(segments: readonly Segment[], side: 'before' | 'after'): Segment[] {
  return segments.filter((one) => one.kind !== (side === 'before' ? 'new' : 'gone'))
}

export interface FieldChange {
  field: string
  /** The letter of an option; "" for all other fields. */
  letter: string
  before: string
  after: string
}

const TEXTS = ['type', 'set_code', 'case', 'stem'] as const
const LAST = ['explanation', 'topic', 'category', 'level'] as const

function line(field: string, before: string, after: string, letter = ''): FieldChange[] {
  return before === after ? [] : [{ field, letter, before, after }]
}

const pictureLine = (content: ItemContent): string => content.pictures.map((one) => `${one.alt} (${one.name.slice(0, 8)})`).join('\n')

/** Every field that differs, in reading order; options by letter. */
export function changes(before: ItemContent, after: ItemContent): FieldChange[] {
  const count = Math.max(before.options.length, after.options.length)
  const options = Array.from({ length: count }, (_, at) =>
    line('option', before.options[at] ?? '', after.options[at] ?? '', letterOf(at).toUpperCase()),
  )
  return [
    ...TEXTS.flatMap((field) => line(field, before[field], after[field])),
    ...options.flat(),
    ...line('key', before.key.toUpperCase(), after.key.toUpperCase()),
    ...line('fixed_order', String(before.fixed_order), String(after.fixed_order)),
    ...line('pictures', pictureLine(before), pictureLine(after)),
    ...LAST.flatMap((field) => line(field, before[field], after[field])),
    ...line('difficulty', String(before.difficulty), String(after.difficulty)),
    ...line('specialties', before.specialties.join(', '), after.specialties.join(', ')),
  ]
}
