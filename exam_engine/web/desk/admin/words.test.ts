import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import en from '@words/en/admin.json'
import zh from '@words/zh-CN/admin.json'
import { LEVELS, LISTS, NAMES, NUMBERS, ORDERS, SWITCHES, WINDOWS } from './policy/draft'
import { KINDS, PLACES } from './people/roles'
import { TABS } from './routes'
import { GROUPS, ORDERS as SORTS, STEPS } from './statistics/steps'

const here = new URL('./', import.meta.url)

/** Every .vue and .ts file of these pages, as one text. */
function sources(): string {
  const all = readdirSync(here, { recursive: true, encoding: 'utf8' })
  return all
    .filter((path) => /\.(vue|ts)$/.test(path) && !path.endsWith('.test.ts'))
    .map((path) => readFileSync(new URL(path, here), 'utf8'))
    .join('\n')
}

function at(words: unknown, key: string): unknown {
  return key
    .split('.')
    .slice(1)
    .reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], words)
}

it('every sentence asked for by its whole name is there', () => {
  const asked = [...sources().matchAll(/'(admin\.(?:[a-z_]+\.)*[a-z_]+)'/g)].map((match) => match[1] ?? '')
  const keys = [...new Set(asked)]
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
