import { expect, it } from 'vitest'
import en from '@words/en/desk.json'
import zh from '@words/zh-CN/desk.json'
import { LINES } from '../centre/figures'
import { MEASURES } from '../cases/judging'
import { at, keysIn, sources } from '../testing/words'
import { GROUP_NAMES, PLACES } from './menu'

const desk = new URL('../', import.meta.url)

it('every sentence asked for by its whole name is there', () => {
  const keys = keysIn(sources(desk), /'(desk\.(?:cases|photos|centre|retention)\.[A-Za-z0-9_.]+)'/g)
  expect(keys.length).toBeGreaterThan(90)
  expect(keys.filter((key) => typeof at(zh, key) !== 'string')).toEqual([])
})

it('what the server names has words in both languages', () => {
  const named: [object, readonly string[]][] = [zh, en].flatMap((words): [object, readonly string[]][] => [
    [words.cases.menu_words, PLACES],
    [words.cases.menu_groups, GROUP_NAMES],
    [words.cases.decision.means, MEASURES],
    [words.centre.count, LINES],
    [words.cases.why_not, ['own_case', 'own_decision', 'not_notified', 'reply_pending', 'wrong_role', 'closed']],
    [words.photos.outcome, ['kept', 'pending', 'refused']],
    [words.centre.vision_state, ['none', 'down', 'slow']],
  ])
  for (const [words, names] of named) expect(Object.keys(words)).toEqual(expect.arrayContaining([...names]))
})

it('the 34 provinces have their names', () => {
  const codes = Object.keys(zh.centre.province)
  expect(codes).toHaveLength(34)
  expect(codes.every((code) => /^[1-8][0-9]$/.test(code))).toBe(true)
  expect(new Set(Object.values(zh.centre.province)).size).toBe(34)
  expect(new Set(Object.values(en.centre.province)).size).toBe(34)
})
