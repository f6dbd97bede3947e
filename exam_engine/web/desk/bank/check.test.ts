import { expect, it } from 'vitest'
import { complaints, doubts, fieldOf, lines, normal, serverComplaints, softened } from './check'
import type { ItemContent } from './shapes'
import { content } from './testing/bank'

const WRONG: [string, Partial<ItemContent>, string[]][] = [
  ['nothing', {}, []],
  ['no stem', { stem: ' ' }, ['stem_empty']],
  ['a long stem', { stem: '长'.repeat(2_001) }, ['stem_long']],
  ['characters of two halves count once', { stem: '𠮷'.repeat(2_000) }, []],
  ['one option', { options: ['甲'], key: 'a' }, ['option_count']],
  ['an empty option', { options: ['甲', ''], key: 'a' }, ['option_empty']],
  ['a right option twice', { options: ['甲', '甲 '], key: 'b' }, ['option_twice']],
  ['wrong options twice', { options: ['甲', '乙', '乙'], key: 'a' }, []],
  ['no key', { key: '' }, ['key_empty']],
  ['a key beyond the options', { key: 'z' }, ['key_unknown']],
  ['X with one right', { type: 'X', key: 'a' }, ['key_single']],
  ['A1 with two right', { key: 'ab' }, ['key_several']],
  ['no topic', { topic: '' }, ['topic_bad']],
  ['a topic with an empty step', { topic: '专业//内科' }, ['topic_bad']],
  ['a case set without its case', { type: 'A3', set_code: 'S', case: '' }, ['case_missing']],
  ['a matching set without its code', { type: 'B1', set_code: '' }, ['set_missing']],
  ['a single item in a set', { set_code: 'S' }, ['set_not_allowed']],
  ['a picture without words', { pictures: [{ name: 'f'.repeat(64), alt: ' ' }] }, ['picture_alt']],
]

it.each(WRONG)('%s', (_, part, codes) => {
  expect(complaints(content(part)).map((one) => one.code)).toEqual(codes)
})

it('says which option, and doubts wrong ones that are the same', () => {
  expect(complaints(content({ options: ['甲', '', '丙'], key: 'a' }))[0]).toMatchObject({ at: 1, facts: { letter: 'B' } })
  expect(doubts(content({ options: ['甲', '乙', 'Ｂ', 'B'], key: 'a' }))[0]?.facts).toEqual({ one: 'C', other: 'D' })
})

it('overlooks widths and spaces, but not case and superscripts', () => {
  expect(normal('１０ mg／L')).toBe(normal('10mg/L'))
  expect(normal('F波')).not.toBe(normal('f波'))
  expect(normal('10²')).not.toBe(normal('102'))
})

it('takes from the server what only it can see, at its field', () => {
  const problems = [
    { item_id: 1, code: 'stem_empty', text: 'The stem is empty.' },
    { item_id: 0, code: 'set_size', text: 'Too few.' },
    { item_id: 2, code: 'enemies_bad', text: 'Too many.' },
  ]
  expect(serverComplaints(problems, 1).map((one) => [one.code, one.field])).toEqual([['set_size', 'set']])
  expect(serverComplaints(problems, 2).map((one) => one.field)).toEqual(['set', 'enemies'])
  expect(fieldOf('option_ids')).toBe('options')
})

it('says what is only missing softly until somebody tries to hand it in', () => {
  const begun = content({ stem: '', topic: '', key: 'ab' })
  const shown = softened(complaints(begun), begun, false)
  expect(shown.map((one) => [one.code, one.soft ?? false])).toEqual([['stem_empty', true], ['key_several', false], ['topic_bad', true]])
  expect(softened(complaints(begun), begun, true).some((one) => one.soft)).toBe(false)
})

it('names empty options together', () => {
  const found = lines(complaints(content({ options: ['甲', '', '丙', ''], key: 'a' })))
  expect(found.map((one) => [one.code, one.facts['letter']])).toEqual([['option_empty', 'B、D']])
  expect(lines(complaints(content({ options: ['甲', '', '丙', ''], key: 'a' })), 'en')[0]?.facts['letter']).toBe('B, D')
})
