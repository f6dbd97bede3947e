import { expect, it } from 'vitest'
import en from '@words/en/admin.json'
import zh from '@words/zh-CN/admin.json'
import { LEVELS, LISTS, NAMES, NUMBERS, ORDERS, SWITCHES, WINDOWS } from './policy/draft'
import { at, keysIn, sources } from '../testing/words'
import { KINDS, PLACES } from './people/roles'
import { TABS } from './routes'
import { GROUPS, ORDERS as SORTS, STEPS } from './statistics/steps'

const here = new URL('./', import.meta.url)

it('every sentence asked for by its whole name is there', () => {
  const keys = keysIn(sources(here), /'(admin\.(?:[a-z_]+\.)*[a-z_]+)'/g)
  expect(keys.length).toBeGreaterThan(150)
  expect(keys.filter((key) => typeof at(zh, key) !== 'string')).toEqual([])
})

it('what has a name in the code has words in both languages', () => {
  const named: [object, readonly string[]][] = [zh, en].flatMap((words): [object, readonly string[]][] => [
    [words.tab, TABS],
    [words.policy.field, NAMES],
    [words.policy.hint, [...WINDOWS, ...NUMBERS, ...LISTS, ...SWITCHES]],
    [words.policy.unit, NUMBERS],
    [words.policy.short, WINDOWS],
    [words.policy.order, ORDERS],
    [words.policy.level, LEVELS],
    [words.kind, KINDS],
    [words.role, Object.keys(PLACES)],
    [words.staff.role_hint, Object.keys(PLACES)],
    [words.step, STEPS],
    [words.statistics.group, Object.keys(GROUPS)],
    [words.statistics.order, SORTS],
  ])
  for (const [words, names] of named) expect(Object.keys(words)).toEqual(expect.arrayContaining([...names]))
})
