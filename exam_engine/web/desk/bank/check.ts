/**
 * What is wrong with an item, said while it is written. The twin of question_bank/item.py for what one item says; what the
 * set as a whole lacks, the server says after each save.
 */

import { joined } from '../parts/joined'
import { inSets, isCased, letterOf, OPTIONS_MAX, OPTIONS_MIN } from './content'
import type { ItemContent, ItemProblem } from './shapes'

export const FIELDS = ['case', 'stem', 'pictures', 'options', 'key', 'explanation', 'topic', 'difficulty', 'category', 'level', 'specialties', 'enemies', 'set'] as const
export type Field = (typeof FIELDS)[number]

export interface Complaint {
  code: string
  field: Field
  /** Which option or picture, from 0; -1: the field as a whole. */
  at: number
  facts: Record<string, string | number>
  /** Only not written yet, and nobody has tried to hand it in. */
  soft?: boolean
}

const LIMITS: readonly [Field & ('stem' | 'case' | 'explanation'), number][] = [
  ['stem', 2_000],
  ['case', 4_000],
  ['explanation', 4_000],
]
const OPTION_MAX = 1_000
const TOPIC_MAX = 200
const ALT_MAX = 300
const SPECIALTIES_MAX = 30

function complaint(field: Field, code: string, at = -1, facts: Complaint['facts'] = {}): Complaint {
  return { code, field, at, facts }
}

/** The text without what no reader would call a difference: full-width forms and spaces. The twin of `normal`. */
export function normal(text: string): string {
  const narrow = text.normalize('NFC').replace(/[\uff01-\uff5e]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0xfee0))
  return narrow.replace(/\s+/g, '')
}

const lengthOf = (text: string): number => [...text].length

function texts(content: ItemContent): Complaint[] {
  const long = LIMITS.filter(([field, most]) => lengthOf(content[field]) > most)
  return [
    ...(isCased(content.type) && content.case.trim() === '' ? [complaint('case', 'case_missing')] : []),
    ...(content.stem.trim() === '' ? [complaint('stem', 'stem_empty')] : []),
    ...long.map(([field, most]) => complaint(field, `${field}_long`, -1, { n: lengthOf(content[field]), most })),
  ]
}

function options(content: ItemContent): Complaint[] {
  const n = content.options.length
  const count = n < OPTIONS_MIN || n > OPTIONS_MAX
  const each = content.options.flatMap((text, at) => {
    if (text.trim() === '') return [complaint('options', 'option_empty', at, { letter: letterOf(at).toUpperCase() })]
    if (lengthOf(text) <= OPTION_MAX) return []
    return [complaint('options', 'option_long', at, { letter: letterOf(at).toUpperCase(), most: OPTION_MAX })]
  })
  return [...(count ? [complaint('options', 'option_count', -1, { least: OPTIONS_MIN, most: OPTIONS_MAX, n })] : []), ...each]
}

/** Options that say the same: `matters` when a right one is among them. */
export function twins(content: ItemContent): { one: number; other: number; matters: boolean }[] {
  const first = new Map<string, number>()
  return content.options.flatMap((text, at) => {
    const said = normal(text)
    const one = first.get(said)
    if (text.trim() === '') return []
    if (one === undefined) {
      first.set(said, at)
      return []
    }
    return [{ one, other: at, matters: [one, at].some((index) => content.key.includes(letterOf(index))) }]
  })
}

function key(content: ItemContent): Complaint[] {
  if (content.key === '') return [complaint('key', 'key_empty')]
  if ([...content.key].some((letter) => letterOf(content.options.length - 1) < letter)) return [complaint('key', 'key_unknown')]
  if (content.type === 'X' && content.key.length < 2) return [complaint('key', 'key_single')]
  if (content.type !== 'X' && content.key.length > 1) return [complaint('key', 'key_several')]
  return []
}

function classification(content: ItemContent): Complaint[] {
  const steps = content.topic.split('/')
  const wrong = lengthOf(content.topic) > TOPIC_MAX || steps.some((step) => step === '' || step !== step.trim())
  return [
    ...(wrong ? [complaint('topic', 'topic_bad', -1, { most: TOPIC_MAX })] : []),
    ...(content.specialties.length > SPECIALTIES_MAX ? [complaint('specialties', 'specialties_bad', -1, { most: SPECIALTIES_MAX })] : []),
    ...(inSets(content.type) && content.set_code === '' ? [complaint('set', 'set_missing')] : []),
    ...(!inSets(content.type) && content.set_code !== '' ? [complaint('set', 'set_not_allowed')] : []),
  ]
}

function pictures(content: ItemContent): Complaint[] {
  const unsaid = content.pictures.flatMap((picture, at) => {
    const length = lengthOf(picture.alt.trim())
    return length >= 1 && length <= ALT_MAX ? [] : [complaint('pictures', 'picture_alt', at, { most: ALT_MAX })]
  })
  return unsaid
}

function sameOptions(content: ItemContent, matters: boolean): Complaint[] {
  const found = twins(content).filter((twin) => twin.matters === matters)
  return found.map(({ one, other }) =>
    complaint('options', 'option_twice', other, { one: letterOf(one).toUpperCase(), other: letterOf(other).toUpperCase() }),
  )
}

export function complaints(content: ItemContent): Complaint[] {
  return [
    ...texts(content),
    ...options(content),
    ...sameOptions(content, true),
    ...key(content),
    ...pictures(content),
    ...classification(content),
  ]
}

/** What is just missing: a blank item is not wrong, it is not begun. */
const MISSING: ReadonlySet<string> = new Set(['case_missing', 'stem_empty', 'option_empty', 'key_empty', 'picture_alt'])

/** As they are shown: until somebody tries to hand it in, what is missing is said softly. */
export function softened(found: readonly Complaint[], content: ItemContent, tried: boolean): Complaint[] {
  const unsaid: Record<string, string> = { topic_bad: content.topic, set_stem_twice: content.stem.trim() }
  const missing = (one: Complaint): boolean => MISSING.has(one.code) || unsaid[one.code] === ''
  return tried ? [...found] : found.map((one) => (missing(one) ? { ...one, soft: true } : one))
}

/** One line each: empty options are named together. */
export function lines(found: readonly Complaint[], locale = 'zh-CN'): Complaint[] {
  const empty = found.filter((one) => one.code === 'option_empty')
  const [first] = empty
  if (first === undefined || empty.length === 1) return [...found]
  const letters = joined(empty.map((one) => one.facts['letter']), locale)
  const rest = found.filter((one) => one.code !== 'option_empty' || one === first)
  return rest.map((one) => (one === first ? { ...one, facts: { ...one.facts, letter: letters } } : one))
}

/** What can be used, but should be looked at: two wrong options that say the same. */
export const doubts = (content: ItemContent): Complaint[] => sameOptions(content, false)

/** Said of one item by the server and by this page alike: after a change this page knows better. */
const OURS: ReadonlySet<string> = new Set([
  'stem_empty', 'stem_long', 'case_missing', 'case_long', 'explanation_long', 'option_count', 'option_empty', 'option_long',
  'option_twice', 'key_empty', 'key_unknown', 'key_single', 'key_several', 'topic_bad', 'specialties_bad', 'set_missing',
  'set_not_allowed', 'picture_alt',
])

const FIELD_BY_HEAD: readonly [string, Field][] = [
  ['stem', 'stem'],
  ['case', 'case'],
  ['option', 'options'],
  ['key', 'key'],
  ['explanation', 'explanation'],
  ['topic', 'topic'],
  ['difficulty', 'difficulty'],
  ['category', 'category'],
  ['level', 'level'],
  ['specialt', 'specialties'],
  ['enem', 'enemies'],
  ['picture', 'pictures'],
]

/** The field a code of the server belongs to. */
export function fieldOf(code: string): Field {
  return FIELD_BY_HEAD.find(([head]) => code.startsWith(head))?.[1] ?? 'set'
}

/** What only the server sees: of the item, and of its set as a whole (item 0). */
export function serverComplaints(problems: readonly ItemProblem[], itemId: number): Complaint[] {
  const own = problems.filter((one) => (one.item_id === itemId || one.item_id === 0) && !OURS.has(one.code))
  return own.map((one) => complaint(fieldOf(one.code), one.code, -1, { text: one.text }))
}
