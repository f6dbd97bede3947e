import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import english from '@words/en/result.json'
import chinese from '@words/zh-CN/result.json'

type Tree = { [key: string]: string | Tree }

const web = new URL('../../', import.meta.url)
const code = ['app', 'shared']
  .flatMap((area) => readdirSync(new URL(area, web), { recursive: true, encoding: 'utf8' }).map((path) => `${area}/${path}`))
  .filter((path) => /\.(vue|ts)$/.test(path) && !path.endsWith('.test.ts'))
  .map((path) => readFileSync(new URL(path, web), 'utf8'))
  .join('\n')

function at(tree: Tree, key: string): string | Tree | undefined {
  const names = key.split('.').slice(1)
  return names.reduce<string | Tree | undefined>((found, name) => (typeof found === 'object' ? found[name] : undefined), tree)
}

const keys = (tree: Tree, path = ''): string[] =>
  Object.entries(tree).flatMap(([name, value]) => (typeof value === 'string' ? [path + name] : keys(value, `${path}${name}.`)))

describe('the words of results', () => {
  it('are the same in both languages', () => {
    expect(keys(english as Tree).sort()).toEqual(keys(chinese as Tree).sort())
  })

  it('are there for every sentence asked for by its whole name', () => {
    const asked = [...code.matchAll(/'(result\.[A-Za-z0-9_.]+)'/g)].map((match) => match[1] ?? '')
    expect(asked.length).toBeGreaterThan(40)
    expect(asked.filter((key) => typeof at(chinese as Tree, key) !== 'string')).toEqual([])
  })

  it('have a group for every name that is put together', () => {
    const asked = [...code.matchAll(/`(result\.[A-Za-z0-9_.]+)\.\$\{/g)].map((match) => match[1] ?? '')
    expect(asked.length).toBeGreaterThan(10)
    expect(asked.filter((key) => typeof at(chinese as Tree, key) !== 'object')).toEqual([])
  })

  it('are there for every code of the server that a page shows', () => {
    const lists: [string, readonly string[]][] = [
      ['result.outcome', ['qualified', 'unqualified']],
      ['result.word', ['qualified', 'unqualified', 'waiting', 'absent', 'passed', 'failed', 'exempt', 'barred', 'blocked', 'not_required']],
      ['result.status', ['in_progress', 'submitted', 'released', 'annulled', 'barred']],
      ['result.missing', ['profile', 'evaluation', 'exemption', ...['humanities', 'professional'].flatMap((kind) => [kind, `${kind}_release`, `${kind}_case`, `${kind}_makeup`, `${kind}_absence`, `${kind}_paper`])]],
      ['result.reason', ['work', 'ethics', 'not_taking_part', ...['humanities', 'professional'].flatMap((kind) => [`${kind}_failed`, `${kind}_absent`, `${kind}_barred`, `${kind}_blocked`])]],
      ['result.event', ['propose', 'withdraw', 'exclude', 'decide', 'undo', 'publish', 'keep', 'correct', 'ask', 'uphold', 'change', 'suspend', 'reassess', 'pass_late', 'cancel', 'archive', 'legs_changed']],
      ['result.station', ['exams', 'decided', 'excluded', 'published', 'recheck', 'upheld', 'changed', 'suspended', 'reassess', 'qualified_late', 'cancelled', 'closed']],
      ['result.recheck.state', ['waiting', 'upheld', 'changed']],
      ['result.verify.is', ['valid', 'void', 'unknown']],
      ['result.verify.means', ['valid', 'void', 'unknown']],
    ]
    for (const [group, names] of lists) {
      expect(names.filter((name) => typeof at(chinese as Tree, `${group}.${name}`) !== 'string')).toEqual([])
    }
  })
})
