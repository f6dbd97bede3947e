import { readFileSync } from 'node:fs'
import { SPECIALTIES } from '@shared/specialties'
import { describe, expect, it } from 'vitest'
import { applies, complaints, progress, sectionOf, signs } from './check'
import { offered } from './specialties'
import type { Field, Form, Value, Values } from './shapes'

const form = (...fields: Field[]): Form => ({ code: 'profile', sections: [{ code: 'basic', fields }] })
const codes = (field: Field, value: Value): string[] => complaints(form(field), { x: value }).map((one) => one.code)
const field = (kind: Field['kind'], over: Partial<Field> = {}): Field => ({ code: 'x', kind, ...over })

describe('what is wrong with a value', () => {
  it.each([
    ['a required one that is missing', field('text', { required: true }), undefined, ['missing']],
    ['no files', field('files', { required: true }), [], ['missing']],
    ['a tick that was asked for', field('tick', { required: true }), false, ['missing']],
    ['a no to a question is an answer', field('yesno', { required: true }), false, []],
    ['an optional one left out', field('date'), '', []],
    ['nothing is asked of what is only shown', field('shown', { required: true }), undefined, []],
    ['too long', field('text', { length_max: 3 }), 'abcd', ['too_long']],
    ['blanks around it do not count', field('text', { length_max: 3 }), ' abc ', []],
    ['a phone', field('text', { pattern: '1[3-9]\\d{9}' }), '13800000000', []],
    ['a longer phone', field('text', { pattern: '1[3-9]\\d{9}' }), '138000000001', ['wrong_format']],
    ['either of two lengths', field('text', { pattern: '\\d{23}[\\dXx]|\\d{26}[\\dXx]' }), `${'1'.repeat(26)}X`, []],
    ['neither of two lengths', field('text', { pattern: '\\d{23}[\\dXx]|\\d{26}[\\dXx]' }), '1'.repeat(25), ['wrong_format']],
    ['no option', field('choice', { choices: ['a', 'b'] }), 'c', ['not_a_choice']],
    ['no day', field('date'), '2023-02-30', ['not_a_date']],
    ['a number below', field('number', { minimum: 1, maximum: 5 }), 0, ['out_of_range']],
    ['a zero is a number', field('number', { required: true, minimum: 0 }), 0, []],
    ['a report one sign short', field('long', { length_min: 300, length_max: 3000 }), '述 '.repeat(299), ['too_short']],
    ['a report just long enough', field('long', { length_min: 300, length_max: 3000 }), '述 \n'.repeat(300), []],
    ['a report one sign too long', field('long', { length_min: 300, length_max: 3000 }), '述'.repeat(3001), ['too_long']],
  ] as [string, Field, Value, string[]][])('%s', (_, what, value, found) => expect(codes(what, value)).toEqual(found))

  it('is said at its place in a row', () => {
    const rows = field('rows', { fields: [{ code: 'date', kind: 'date', required: true }] })
    expect(complaints(form(rows), { x: [{ date: '2024-01-01' }, {}] })).toEqual([{ field: 'x.1.date', code: 'missing' }])
  })

  it('is not said of a field that does not apply', () => {
    const asked = field('text', { required: true, only_if: ['moved', 'yes'] })
    expect(complaints(form(asked), { moved: false })).toEqual([])
    expect(complaints(form(asked), {})).toEqual([])
    expect(complaints(form(asked), { moved: true })).toHaveLength(1)
    expect(applies(field('text', { only_if: ['reason', 'other'] }), { reason: 'other' })).toBe(true)
  })

  it('counts signs, not halves of them, and no blanks', () => expect(signs(' 𠮷 野\n家　')).toBe(3))
})

describe('how far a part is', () => {
  const [basic] = form(
    { code: 'name', kind: 'shown', required: true },
    { code: 'a', kind: 'text', required: true },
    { code: 'b', kind: 'rows', required: true },
    { code: 'c', kind: 'text' },
    { code: 'd', kind: 'text', required: true, only_if: ['a', 'yes'] },
  ).sections
  const far = (values: Values, wrong: { field: string; code: string; soft?: boolean }[]) => progress(basic!, values, wrong)

  it('counts what is asked for, and of that what is right', () => {
    expect(far({}, [{ field: 'a', code: 'missing' }, { field: 'b.0.date', code: 'missing' }])).toEqual({ filled: 0, all: 2 })
    expect(far({ a: 'yes' }, [{ field: 'a', code: 'odd', soft: true }])).toEqual({ filled: 3, all: 3 })
  })
})

it('a complaint belongs to the part its field stands in', () => {
  const two: Form = { code: 'x', sections: [{ code: 'one', fields: [] }, { code: 'two', fields: [field('rows')] }] }
  expect(sectionOf(two, 'x.3.date')).toBe(1)
  expect(sectionOf(two, 'conditions')).toBe(0)
})

describe('specialties', () => {
  it('are those of the server, category by category', () => {
    const source = readFileSync(new URL('../../../registration/dictionaries.py', import.meta.url), 'utf8')
    const body = /SPECIALTIES: Final\[.*?\] = \{(.*?)\n\}/s.exec(source)?.[1] ?? ''
    const lists = [...body.matchAll(/"(\w+)": \((.*?)\)/gs)].map(([, name, codes = '']) => [
      name,
      [...codes.matchAll(/"(\w+)"/g)].map((one) => one[1]),
    ])
    expect(Object.fromEntries(lists)).toEqual(SPECIALTIES)
  })

  it('on offer follow the category', () => {
    const all = Object.values(SPECIALTIES).flat()
    const specialty: Field = { code: 'specialty', kind: 'choice', options: 'specialty', choices: all }
    expect(offered(specialty, { category: 'dental' })).toEqual(['stomatology', 'dental_other'])
    expect(offered(specialty, {})).toEqual(all)
  })
})
