import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import english from '@words/en/stats.json'
import chinese from '@words/zh-CN/stats.json'

const ALARMS = ['wrong_key', 'negative_correlation', 'too_easy', 'too_hard', 'leak_over_time', 'leak_in_group', 'odd_speed']

type Tree = { [key: string]: string | Tree }

const here = new URL('./', import.meta.url)
const code = readdirSync(here, { encoding: 'utf8' })
  .filter((path) => /\.(vue|ts)$/.test(path) && !path.endsWith('.test.ts'))
  .map((path) => readFileSync(new URL(path, here), 'utf8'))
  .join('\n')
const at = (tree: Tree, key: string): string | Tree | undefined =>
  key.split('.').slice(1).reduce<string | Tree | undefined>((found, name) => (typeof found === 'object' ? found[name] : undefined), tree)
const keys = (tree: Tree, path = ''): string[] =>
  Object.entries(tree).flatMap(([name, value]) => (typeof value === 'string' ? [path + name] : keys(value, `${path}${name}.`)))

describe('the words of item statistics', () => {
  it('are the same in both languages', () => {
    expect(keys(english as Tree).sort()).toEqual(keys(chinese as Tree).sort())
  })

  it('are there for every sentence asked for by its whole name', () => {
    const asked = [...code.matchAll(/'(stats\.[A-Za-z0-9_.]+)'/g)].map((match) => match[1] ?? '')
    expect(asked.length).toBeGreaterThan(60)
    expect(asked.filter((key) => typeof at(chinese as Tree, key) !== 'string')).toEqual([])
  })

  it('have a group for every name that is put together', () => {
    const asked = [...code.matchAll(/`(stats\.[A-Za-z0-9_.]+)\.\$\{/g)].map((match) => match[1] ?? '')
    expect(asked.filter((key) => typeof at(chinese as Tree, key) !== 'object')).toEqual([])
  })

  it('are there for every code of the server', () => {
    const lists: [string, readonly string[]][] = [
      ['stats.alarm', ALARMS],
      ['stats.evidence', ALARMS],
      ['stats.ruling', ['void', 'full_credit', 'also', 'key', 'restore']],
      ['stats.rulingMeans', ['void', 'full_credit', 'also', 'key', 'restore']],
      ['stats.state', ['open', 'applying', 'done', 'rejected', 'withdrawn', 'stale']],
      ['stats.within', ['form', 'room_institution', 'nobody']],
      ['stats.calibration.why', ['few_answers', 'all_alike', 'odd_slope', 'odd_level']],
      ['stats.column', [...code.matchAll(/v-for="(?:column|one) in \[([^\]]*)\]" :key="(?:column|one)" scope/g)].flatMap((match) => [...(match[1] ?? '').matchAll(/'(\w+)'/g)].map((name) => name[1] ?? ''))],
    ]
    for (const [group, names] of lists) {
      expect(names.length).toBeGreaterThan(2)
      expect(names.filter((name) => typeof at(chinese as Tree, `${group}.${name}`) !== 'string')).toEqual([])
    }
  })
})
