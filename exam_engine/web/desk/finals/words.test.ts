import { describe, expect, it } from 'vitest'
import { askedGroups, askedWhole, at, codeBelow, keys, type Tree } from '@shared/testing/words'
import english from '@words/en/results.json'
import chinese from '@words/zh-CN/results.json'
import { DOUBTS, STATES } from './standing'

const code = codeBelow(new URL('./', import.meta.url))

describe('the words of the results at the desk', () => {
  it('are the same in both languages', () => {
    expect(keys(english as Tree)).toEqual(keys(chinese as Tree))
  })

  it('are there for every sentence asked for by its whole name', () => {
    const asked = askedWhole(code, 'results')
    expect(asked.length).toBeGreaterThan(60)
    expect(asked.filter((key) => typeof at(chinese as Tree, key) !== 'string')).toEqual([])
  })

  it('have a group for every name that is put together', () => {
    const asked = askedGroups(code, 'results')
    expect(asked.filter((key) => typeof at(chinese as Tree, key) !== 'object')).toEqual([])
  })

  it('are there for every state, act and column', () => {
    const lists: [string, readonly string[]][] = [
      ['results.state', STATES],
      ['results.doubt', DOUBTS],
      ['results.act', ['decide', 'correct', 'undo', 'keep', 'cancel', 'suspend', 'reassess', 'reassessed', 'decide_recheck']],
      ['results.means', ['decide', 'correct', 'undo', 'keep', 'cancel', 'suspend', 'reassess', 'reassessed']],
      ['results.done', ['decide', 'correct', 'undo', 'keep', 'cancel', 'suspend', 'reassess', 'reassessed', 'decide_recheck']],
      ['results.column', [...code.matchAll(/v-for="column in \[([^\]]*)\]/g)].flatMap((match) => [...(match[1] ?? '').matchAll(/'(\w+)'/g)].map((name) => name[1] ?? ''))],
    ]
    for (const [group, names] of lists) {
      expect(names.length).toBeGreaterThan(3)
      expect(names.filter((name) => typeof at(chinese as Tree, `${group}.${name}`) !== 'string')).toEqual([])
    }
  })
})
