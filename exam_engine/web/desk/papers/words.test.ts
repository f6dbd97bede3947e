import { describe, expect, it } from 'vitest'
import { askedGroups, askedWhole, at, codeBelow, keys, type Tree } from '@shared/testing/words'
import english from '@words/en/papers.json'
import chinese from '@words/zh-CN/papers.json'

const code = codeBelow(new URL('./', import.meta.url))

describe('the words of blueprints and exams', () => {
  it('are the same in both languages', () => {
    expect(keys(english as Tree)).toEqual(keys(chinese as Tree))
  })

  it('are there for every sentence asked for by its whole name', () => {
    const asked = askedWhole(code, 'papers')
    expect(asked.length).toBeGreaterThan(60)
    expect(asked.filter((key) => typeof at(chinese as Tree, key) !== 'string')).toEqual([])
  })

  it('have a group for every name that is put together', () => {
    const asked = askedGroups(code, 'papers')
    expect(asked.filter((key) => typeof at(chinese as Tree, key) !== 'object')).toEqual([])
  })

  it('are there for every code of the server', () => {
    const lists: [string, readonly string[]][] = [
      ['papers.feasible', ['ok', 'short', 'clash']],
      ['papers.planState', ['making', 'failed', 'draft', 'current', 'replaced']],
      ['papers.sittingState', ['draft', 'announced', 'open', 'closed']],
      ['papers.goal', ['expected_difference', 'overlap', 'overlap_p99', 'information', 'papers_per_s']],
      ['papers.column', [...code.matchAll(/v-for="column in \[([^\]]*)\]/g)].flatMap((match) => [...(match[1] ?? '').matchAll(/'(\w+)'/g)].map((name) => name[1] ?? ''))],
    ]
    for (const [group, names] of lists) {
      expect(names.length).toBeGreaterThan(2)
      expect(names.filter((name) => typeof at(chinese as Tree, `${group}.${name}`) !== 'string')).toEqual([])
    }
  })
})
