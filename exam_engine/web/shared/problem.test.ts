import { expect, it } from 'vitest'
import enShared from '@words/en/shared.json'
import zhShared from '@words/zh-CN/shared.json'
import { sentence } from './problem'

const said: [string, Record<string, unknown>][] = []
const words = {
  te: (key: string): boolean => key !== 'codes.strange',
  t: (key: string, named: Record<string, unknown>): string => {
    said.push([key, named])
    return key
  },
}

it.each([
  ['a wait of an hour is said in minutes', { retry_after_s: 3_541 }, ['shared.triesAgain', { minutes: 60 }]],
  ['a wait of seconds is a little', { retry_after_s: 5 }, ['codes.too_many_tries', { retry_after_s: 5 }]],
  ['and so is one of unknown length', {}, ['codes.too_many_tries', {}]],
])('%s', (_, facts, expected) => {
  sentence(words, 'too_many_tries', facts as never)
  expect(said.at(-1)).toEqual(expected)
})

it('a code without a sentence is shown with its name', () => {
  sentence(words, 'strange')
  expect(said.at(-1)).toEqual(['codes.unknown', { code: 'strange' }])
})

it('has the words of the wait in both languages', () => {
  expect([zhShared.triesAgain, enShared.triesAgain].every((text) => text.includes('{minutes}'))).toBe(true)
})
