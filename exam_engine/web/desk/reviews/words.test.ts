import { expect, it } from 'vitest'
import enForms from '@words/en/reg.json'
import en from '@words/en/review.json'
import zhForms from '@words/zh-CN/reg.json'
import zh from '@words/zh-CN/review.json'
import { at, keysIn, sources } from '../testing/words'
import { CATEGORIES, FLAGS, PROCEDURES, STATES, SUBJECTS } from './filters'
import { UNQUALIFIED_REASONS } from './rating'
import { templatesOf } from './reasons'
import { ACTS } from './standing'

const here = new URL('./', import.meta.url)
const roster = new URL('../roster/', import.meta.url)

it('every sentence asked for by its whole name is there', () => {
  const asked = [here, roster].flatMap((folder) => keysIn(sources(folder), /'(review\.[A-Za-z0-9_.]+)'/g))
  const keys = [...new Set(asked)].filter((key) => !key.endsWith('.'))
  expect(keys.length).toBeGreaterThan(100)
  expect(keys.filter((key) => typeof at(zh, key) !== 'string')).toEqual([])
})

it('what is named by a code has words in both languages', () => {
  for (const words of [zh, en]) {
    expect(Object.keys(words.state)).toEqual(expect.arrayContaining([...STATES]))
    expect(Object.keys(words.act)).toEqual(expect.arrayContaining([...ACTS]))
    expect(Object.keys(words.title)).toEqual(['institution', 'agency', 'province', 'nation'])
    for (const act of ['return', 'refuse'] as const) {
      const named = SUBJECTS.flatMap((subject) => templatesOf(act, subject))
      expect(Object.keys(words.template[act]).sort()).toEqual([...new Set(named)].sort())
    }
  }
})

it('the words of the forms hold what the desks ask of them', () => {
  for (const words of [zhForms, enForms]) {
    expect(Object.keys(words.flag)).toEqual(expect.arrayContaining([...FLAGS]))
    expect(Object.keys(words.procedure)).toEqual(expect.arrayContaining([...PROCEDURES]))
    expect(Object.keys(words.option.category)).toEqual(expect.arrayContaining([...CATEGORIES]))
    expect(Object.keys(words.option.unqualified_reason)).toEqual(UNQUALIFIED_REASONS)
    for (const subject of SUBJECTS) {
      expect(typeof words.subject[subject]).toBe('string')
      expect(Object.keys(words.state[subject])).toEqual(expect.arrayContaining([...STATES]))
    }
  }
})
